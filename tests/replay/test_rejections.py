"""Rejected requests: which are about one request, and which end the run."""

import re
from pathlib import Path
from typing import Any

import pytest

from replay_assets.errors import BatchStoppedError
from replay_assets.inference.batch.rejections import MOST_IN_A_ROW
from tests.inference.scripted_server import Body, Reply, Script, completion, status
from tests.replay.conftest import Runner
from tests.replay.packs import answer_text, request

FIREWALL = status(403, "<html><title>Blocked</title></html>")
FLAGGED = status(403, '{"error": {"message": "Your input was flagged", "code": 403}}')
TOO_LONG = status(400, '{"error": {"message": "Maximum context length is 10 tokens"}}')
ODD = status(400, '{"error": {"message": "nope"}}')
ANSWER = completion(answer_text())
ONE = {"limits": {"concurrency": 1}}


def pack(size: int) -> list[dict[str, Any]]:
    """Return requests that are numbered from 0."""
    return [request(f"inc-{number}") for number in range(size)]


def asked(server: Script) -> list[int]:
    """Return the numbers of the requests that the endpoint received, and forget them."""
    numbers = [_number(body) for body in server.bodies]
    server.bodies.clear()
    return sorted(numbers)


def only_for(server: Script, numbers: range | set[int], reply: Reply, other: Reply) -> None:
    """Answer some requests in another way than the others."""

    async def answer(body: Body) -> Any:
        return await (reply if _number(body) in numbers else other)(body)

    server.answers(answer)


def _number(body: Body) -> int:
    (number,) = re.findall(r"Evidence of inc-(\d+)", body["messages"][1]["content"])
    return int(number)


@pytest.mark.parametrize("numbers", [{0}, {1}, {2}, {0, 1}], ids=str)
def test_a_rejection_of_one_request_fails_this_request_and_is_asked_again(
    numbers: set[int], server: Script, replay: Runner, tmp_path: Path
) -> None:
    """A firewall may dislike one incident; the next run asks it again, and ends as well."""
    only_for(server, numbers, FIREWALL, ANSWER)
    outcomes = ["request_rejected" if one in numbers else "answered" for one in range(3)]
    for expected in ([0, 1, 2], sorted(numbers)):
        run = replay(*pack(3), folder=tmp_path, **ONE)
        assert [one.outcome for one in run.results] == outcomes
        assert asked(server) == expected
    server.answers(ANSWER)
    run = replay(*pack(3), folder=tmp_path, **ONE)
    assert [one.outcome for one in run.results] == ["answered"] * 3


def test_moderation_is_the_refusal_of_the_model(
    server: Script, replay: Runner, tmp_path: Path
) -> None:
    """It is an answer to this request, so no run asks it again."""
    only_for(server, {1}, FLAGGED, ANSWER)
    for expected in ([0, 1, 2], []):
        run = replay(*pack(3), folder=tmp_path, prompt_variant="contract_tuned", **ONE)
        assert [one.outcome for one in run.results] == ["answered", "model_refusal", "answered"]
        assert asked(server) == expected


@pytest.mark.parametrize("size", [1, 3, 80])
def test_a_key_that_is_rejected_everywhere_ends_the_run(
    size: int, server: Script, replay: Runner, tmp_path: Path
) -> None:
    """Nothing is published or kept, and a large pack is not sent to the end."""
    server.answers(FIREWALL)
    with pytest.raises(
        BatchStoppedError, match=f"key may not.*403.*{size} of {size} requests have no"
    ):
        replay(*pack(size), folder=tmp_path, limits={"concurrency": 4})
    # 16 workers may have been waiting for one of the four slots.
    assert len(asked(server)) <= min(size, MOST_IN_A_ROW + 16)
    server.answers(ANSWER)
    run = replay(*pack(size), folder=tmp_path, limits={"concurrency": 4})
    assert (run.report.valid, len(asked(server))) == (True, size)


def test_a_key_that_is_rejected_from_some_point_on_ends_the_run(
    server: Script, replay: Runner
) -> None:
    """Its rights may be withdrawn while a run is in progress."""
    server.answers(*[ANSWER] * 5, FIREWALL)
    with pytest.raises(BatchStoppedError, match="75 of 80 requests have no result"):
        replay(*pack(80), **ONE)
    assert len(server.bodies) <= 5 + MOST_IN_A_ROW + 4  # four workers for one slot


def test_quick_rejections_wait_for_slow_answers(server: Script, replay: Runner) -> None:
    """A firewall answers immediately and a model takes its time."""
    slow = completion(answer_text(), delay_s=0.3)
    only_for(server, range(1, 30), FIREWALL, slow)
    run = replay(*pack(32), limits={"concurrency": 4})
    assert run.report.outcomes["request_rejected"] == 29
    assert run.report.outcomes["answered"] == 3


@pytest.mark.parametrize(
    ("size", "reply", "ends"),
    [(1, ODD, False), (2, ODD, True), (3, TOO_LONG, False)],
    ids=["one", "all", "each_too_long"],
)
def test_rejections_without_a_known_reason_end_the_run_if_nothing_else_is_returned(
    size: int, reply: Reply, ends: bool, server: Script, replay: Runner
) -> None:
    """A fault of the configuration in unknown words must not be graded as the model's."""
    server.answers(reply)
    if ends:
        with pytest.raises(BatchStoppedError, match="one request after the other"):
            replay(*pack(size), **ONE)
    else:
        assert replay(*pack(size), **ONE).report.outcomes["request_rejected"] == size


def test_an_account_without_money_ends_the_run_and_goes_on_later(
    server: Script, replay: Runner, tmp_path: Path
) -> None:
    """What was answered before is kept."""
    broke = status(429, '{"error": {"message": "Out of credits", "code": "insufficient_quota"}}')
    server.answers(ANSWER, broke)
    with pytest.raises(BatchStoppedError, match=r"429.*Top up.*2 of 3 requests have no result"):
        replay(*pack(3), folder=tmp_path, **ONE)
    server.answers(ANSWER)
    assert set(asked(server)) >= {0, 1}
    run = replay(*pack(3), folder=tmp_path, **ONE)
    assert (run.report.valid, asked(server)) == (True, [1, 2])
