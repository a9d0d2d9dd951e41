"""Who takes turns: one a pass of the event loop, in order, and nobody waits for one who left."""

import asyncio
from itertools import count

from replay_assets.inference.batch.fair_queue import FairQueue


def test_one_goes_on_in_a_pass_in_the_order_of_coming() -> None:
    """Whatever became ready in between goes before the next."""

    async def run() -> list[tuple[int, int]]:
        queue, passes, went = FairQueue(), count(), []
        now = 0

        async def watch() -> None:
            nonlocal now
            for now in passes:  # noqa: B007 - read by the others
                await asyncio.sleep(0)

        async def work(number: int) -> None:
            for _ in range(2):
                await queue.take_turn()
                went.append((now, number))

        watching = asyncio.create_task(watch())
        async with asyncio.TaskGroup() as workers:
            for number in range(3):
                workers.create_task(work(number))
        watching.cancel()
        return went

    went = asyncio.run(run())
    assert [number for _, number in went] == [0, 1, 2, 0, 1, 2]
    assert len({moment for moment, _ in went}) == len(went)


def test_who_was_cancelled_is_passed_over() -> None:
    """A run that ends early must not stand still, nor the next on the same loop."""

    async def run() -> list[str]:
        queue, went = FairQueue(), []

        async def work(name: str) -> None:
            await queue.take_turn()
            went.append(name)

        first, second = asyncio.create_task(work("first")), asyncio.create_task(work("second"))
        await asyncio.sleep(0)
        first.cancel()
        await asyncio.wait([first, second])
        await work("third")
        return went

    assert asyncio.run(asyncio.wait_for(run(), 5)) == ["second", "third"]
