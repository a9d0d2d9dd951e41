"""Fair queue: one task per pass of the event loop, in order; cancelled tasks block no other."""

import asyncio
from itertools import count

from replay_assets.inference.batch.fair_queue import FairQueue


def test_one_task_continues_per_pass_in_the_order_of_arrival() -> None:
    """Callbacks that became ready in between run before the next task."""

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


def test_a_cancelled_task_is_skipped() -> None:
    """A run that ends early must not block, nor the next one on the same loop."""

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
