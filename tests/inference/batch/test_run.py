"""A batch of dialogues against a real endpoint: asked once, continued, and published in order."""

import asyncio
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.responses import Response

from replay_assets import inference
from replay_assets.errors import BatchStoppedError
from replay_assets.inference import (
    Batch,
    BatchProgress,
    Dialogue,
    DialogueChangedError,
    Question,
    RunStores,
    run_batch,
)
from replay_assets.inference.throttling.backoff import TRIES
from tests.inference.batch.chains import STEPS, chain
from tests.inference.conftest import retry_at_once
from tests.inference.scripted_server import Body, Script, candidate, completion, status

ROOT = Path(__file__).parents[3]
TOPICS = [f"topic-{number}" for number in range(20)]
WHOLE = [[f"{topic}:{step}" for step in range(STEPS)] for topic in TOPICS]

Run = Callable[..., list[list[str]]]


@pytest.fixture(params=["local", "memory"])
def stores(request: pytest.FixtureRequest, tmp_path: Path) -> RunStores:
    """Stores of each kind."""
    if request.param == "memory":
        return RunStores.in_memory()
    return RunStores.local(tmp_path, shared=tmp_path)


@pytest.fixture
def run(server: Script, stores: RunStores, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run dialogues, one per topic, and return their records."""
    retry_at_once(monkeypatch)
    server.answers(count_up)

    def run_them(
        topics: Iterable[str] = TOPICS,
        *,
        dialogue: Callable[[str], Dialogue[list[str]]] = chain,
        publish: Callable[[Iterator[list[str]]], list[list[str]]] = list,
        progress: Callable[[BatchProgress], None] | None = None,
        **changes: Any,
    ) -> list[list[str]]:
        batch = Batch(
            work="chains",
            subject={"topics": list(topics)},
            prompt_version="1",
            dialogues=lambda: map(dialogue, topics),
            size=len(list(topics)),
        )
        return run_batch(
            batch,
            publish,
            candidate=candidate(server.base_url, **changes),
            api_key=None,
            stores=stores,
            progress=progress,
        )

    return run_them


async def count_up(body: Body) -> Response:
    """Answer with the topic and the number of answers before."""
    messages = body["messages"]
    return await completion(f"{messages[0]['content']}:{len(messages) // 2}")(body)


def test_a_dialogue_of_three_calls_gives_its_record(server: Script, run: Run) -> None:
    """Records come in the order of the dialogues; each counts once, with its last call."""

    async def answer_after_a_moment(body: Body) -> Response:
        await asyncio.sleep(0.01)
        return await count_up(body)

    server.answers(answer_after_a_moment)
    seen: list[BatchProgress] = []
    assert run(progress=seen.append) == WHOLE
    assert len(server.bodies) == STEPS * len(TOPICS)
    assert server.most_at_once > 1
    assert (seen[-1].done, seen[-1].failed, seen[-1].reused) == (len(TOPICS), 0, 0)


def test_a_rerun_remembers_the_response_format_that_was_rejected(server: Script, run: Run) -> None:
    """From the answers that are kept: it sends no request that it can expect to be rejected."""

    async def without_a_format(body: Body) -> Response:
        if "response_format" in body:
            return await status(422, "response_format")(body)
        return await count_up(body)

    server.answers(without_a_format)
    assert run(TOPICS[:2], limits={"concurrency": 1}) == WHOLE[:2]
    asked = len(server.bodies)
    assert asked == 1 + 2 * STEPS
    assert run(TOPICS[:4], limits={"concurrency": 1}) == WHOLE[:4]
    assert not any("response_format" in body for body in server.bodies[asked:])


def test_an_interrupted_batch_continues_and_asks_nothing_again(server: Script, run: Run) -> None:
    """The endpoint rejects the key in the middle of a dialogue."""

    async def reject_in_the_middle(body: Body) -> Response:
        messages = body["messages"]
        if messages[0]["content"] == "topic-2" and len(messages) == 3:
            return await status(401)(body)
        return await count_up(body)

    server.answers(reject_in_the_middle)
    with pytest.raises(BatchStoppedError, match="of 20 requests have no result"):
        run(limits={"concurrency": 2})
    assert 0 < len(server.bodies) < STEPS * len(TOPICS)
    server.answers(count_up)
    assert run() == WHOLE
    # Only the request that was rejected is sent twice.
    assert len(server.bodies) == STEPS * len(TOPICS) + 1


def test_a_finished_batch_is_published_again_from_its_calls(server: Script, run: Run) -> None:
    """Nothing is sent."""
    assert run() == WHOLE
    server.bodies.clear()
    seen: list[BatchProgress] = []
    assert run(progress=seen.append) == WHOLE
    assert server.bodies == []
    assert (seen[-1].done, seen[-1].reused) == (len(TOPICS), len(TOPICS))


def test_a_failed_publication_leaves_the_run_to_be_continued(server: Script, run: Run) -> None:
    """The next run publishes the kept calls without asking."""

    def fail(records: Iterator[list[str]]) -> list[list[str]]:
        raise OSError(f"no space for {next(records)}")

    with pytest.raises(OSError, match="no space for"):
        run(publish=fail)
    server.bodies.clear()
    assert run() == WHOLE
    assert server.bodies == []


def test_dialogues_that_ask_the_same_get_an_answer_each(server: Script, run: Run) -> None:
    """They are distinguished by their order."""
    server.answers(*(f"answer {number}" for number in range(2 * STEPS)))
    records = run(["same", "same"], limits={"concurrency": 1})
    assert len({text for record in records for text in record}) == 2 * STEPS
    assert run(["same", "same"]) == records


@pytest.mark.parametrize("fails", [False, True], ids=["answered", "failed"])
def test_dialogues_that_come_to_the_same_question_share_its_call(
    fails: bool, server: Script, run: Run
) -> None:
    """They ask it at the same time, and continue with the call that their records are made from."""
    numbers = iter(range(99))

    async def number_it(body: Body) -> Response:
        await asyncio.sleep(0.01)
        text = body["messages"][0]["content"]
        if text != "shared":
            return await completion(text)(body)
        return await (status(500) if fails else completion(f"answer {next(numbers)}"))(body)

    def meet(topic: str) -> Dialogue[list[str]]:
        said = []
        for text in (topic, "shared", "shared"):
            call = yield Question([{"role": "user", "content": text}])
            said.append((call.completion and call.completion.content) or call.outcome)
        call = yield Question([{"role": "user", "content": f"{topic} after {said}"}])
        call = yield Question([{"role": "user", "content": "shared"}])
        return [*said, call.outcome]

    server.answers(number_it)
    seen: list[BatchProgress] = []
    records = run(dialogue=meet, progress=seen.append)
    last = "infrastructure_failure" if fails else "answered"
    shared = last if fails else "answer 0"
    assert records == [[topic, shared, shared, last] for topic in TOPICS]
    assert len(server.bodies) == 2 * len(TOPICS) + (TRIES if fails else 1)
    assert (seen[-1].done, seen[-1].failed) == (len(TOPICS), len(TOPICS) if fails else 0)


def test_after_the_end_a_question_that_will_not_be_sent_is_not_waited_for(
    server: Script, run: Run
) -> None:
    """`second` was about to ask it; `first` comes to it after the end."""
    delays_s = {"first": 0.6, "second": 0.0, "third": 0.3}

    def meet(topic: str) -> Dialogue[list[str]]:
        yield Question([{"role": "user", "content": topic}])
        yield Question([{"role": "user", "content": "shared"}])
        return [topic]

    async def reject_the_third(body: Body) -> Response:
        text = body["messages"][0]["content"]
        await asyncio.sleep(delays_s[text])
        return await (status(401) if text == "third" else completion(text))(body)

    server.answers(reject_the_third)
    started = time.monotonic()
    with pytest.raises(BatchStoppedError, match="3 of 3 requests have no result"):
        run(list(delays_s), dialogue=meet, limits={"concurrency": 2})
    assert time.monotonic() - started < 3
    assert len(server.bodies) == 3


@pytest.mark.parametrize("place", ["dialogue", "report"])
def test_after_an_error_what_was_sent_is_kept(place: str, server: Script, run: Run) -> None:
    """Requests in flight are billed, read or not."""
    faults = {place: ZeroDivisionError("a mistake in the stage")}

    def break_once(name: str) -> None:
        if name in faults:
            raise faults.pop(name)

    def ask(topic: str) -> Dialogue[list[str]]:
        yield Question([{"role": "user", "content": topic}])
        if topic == "topic-3":
            break_once("dialogue")
        return [topic]

    async def answer_the_fourth_first(body: Body) -> Response:
        await asyncio.sleep(0 if body["messages"][0]["content"] == "topic-3" else 0.2)
        return await count_up(body)

    server.answers(answer_the_fourth_first)
    with pytest.raises(ZeroDivisionError, match="a mistake"):
        run(dialogue=ask, progress=lambda _: break_once("report"), limits={"concurrency": 8})
    assert 8 <= len(server.bodies) < len(TOPICS)
    server.answers(count_up)
    assert run(dialogue=ask) == [[topic] for topic in TOPICS]
    assert len(server.bodies) == len(TOPICS)


def test_a_dialogue_that_asks_nothing_has_a_record(server: Script, run: Run) -> None:
    """It is done, and costs nothing."""

    def chain_or_nothing(topic: str) -> Dialogue[list[str]]:
        return (yield from chain(topic)) if topic else []

    seen: list[BatchProgress] = []
    records = run(["", "a", ""], dialogue=chain_or_nothing, progress=seen.append)
    assert records == [[], ["a:0", "a:1", "a:2"], []]
    assert len(server.bodies) == STEPS
    assert (seen[-1].done, seen[-1].reused) == (3, 2)


def test_a_call_that_fails_goes_to_its_dialogue(server: Script, run: Run) -> None:
    """It decides what a failure means; the next run asks again."""
    server.answers(status(422, "too long"))
    assert run(["a"]) == [["request_rejected"] * STEPS]
    server.answers(status(500))
    assert run(["b"]) == [["infrastructure_failure"] * STEPS]
    server.answers(count_up)
    assert run(["b"]) == [["b:0", "b:1", "b:2"]]


@pytest.mark.parametrize("is_last", [True, False], ids=["after_its_last", "another_question"])
def test_a_dialogue_that_asks_differently_the_second_time_is_an_error(
    is_last: bool, run: Run
) -> None:
    """Its record would be made from calls that are not its own."""
    walks = iter(range(99))

    def fickle(_: str) -> Dialogue[list[str]]:
        yield Question([{"role": "user", "content": "begin"}], is_last=is_last)
        yield Question([{"role": "user", "content": f"walk {next(walks)}"}])
        return []

    with pytest.raises(DialogueChangedError, match="Nothing was published"):
        run(["a"], dialogue=fickle)


def test_dialogues_that_start_differently_the_second_time_are_an_error(run: Run) -> None:
    """A record made from another dialogue's answer would be published without an error."""
    walks = iter(range(99))

    def fickle(topic: str) -> Dialogue[list[str]]:
        call = yield Question([{"role": "user", "content": f"{topic}, walk {next(walks) // 2}"}])
        return [call.outcome]

    with pytest.raises(DialogueChangedError, match="Nothing was published"):
        run(["a", "b"], dialogue=fickle)


def test_dialogues_that_are_returned_only_once_are_an_error(server: Script) -> None:
    """A file without records would be published, and the run would be finished."""
    once, published = map(chain, TOPICS), list[Any]()
    server.answers(count_up)
    with pytest.raises(DialogueChangedError, match="returned 0 of 20 dialogues"):
        run_batch(
            Batch("chains", {}, prompt_version="1", dialogues=lambda: once, size=len(TOPICS)),
            published.extend,
            candidate=candidate(server.base_url),
            api_key=None,
            stores=RunStores.in_memory(),
        )
    assert not published


def test_a_stage_needs_no_other_stage_to_ask(server: Script, tmp_path: Path) -> None:
    """Neither the replay nor Dagster is loaded, and an interrupted run continues there too."""
    server.answers("first", "second", status(401))
    asked = [sys.executable, "-m", "tests.inference.batch.chains", server.base_url, str(tmp_path)]
    refused = subprocess.run(asked, cwd=ROOT, capture_output=True, text=True, check=False)
    assert "BatchStoppedError" in refused.stderr
    assert refused.stdout == ""
    server.answers(*["third"] * 9)
    server.bodies.clear()
    done = subprocess.run(asked, cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == ["['first', 'second', 'third']", "modules: []"]
    assert len(server.bodies) == 1


def test_the_public_names_cost_nothing_until_they_are_used() -> None:
    """An HTTP client takes a third of a second to import."""
    code = (
        "import sys; from replay_assets.inference import Question, Call; "
        "print(sorted({'aiohttp', 'httpx', 'dagster'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, check=True)
    assert done.stdout.strip() == b"[]"


def test_every_public_name_is_there() -> None:
    """Names are loaded when they are first used, so a wrong one would be found late."""
    assert all(hasattr(inference, name) for name in inference.__all__)
    with pytest.raises(AttributeError, match="no attribute 'Answer'"):
        _ = inference.Answer  # type: ignore[attr-defined]
