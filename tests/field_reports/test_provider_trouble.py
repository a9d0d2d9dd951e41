"""What providers answer instead of an answer: it must not be graded as the model's."""

import json
import re
from collections.abc import Mapping
from typing import Any

import pytest
from starlette.responses import Response

from replay_assets.contracts.vocabulary import Vocabulary
from replay_assets.errors import BatchStoppedError
from replay_assets.inference.transport.wire import Reply
from tests.field_reports.reports import needs_reports, report_input
from tests.inference.chat.endpoint_replies import Ended, ended
from tests.inference.conftest import no_waits
from tests.inference.scripted_server import Body, Script, completion
from tests.replay.conftest import Runner, replay, server
from tests.replay.packs import answer_text, request

__all__ = ["no_waits", "replay", "server"]

pytestmark = needs_reports


def body_of(reply: Mapping[str, Any]) -> str:
    """Return the body of a report's reply."""
    body = reply["body"]
    return body if isinstance(body, str) else json.dumps(body)


def ended_with(report_id: str, vocabulary: Vocabulary) -> Ended:
    """Ask one request of an endpoint that always gives the reply of a report."""
    reported = report_input(report_id)
    changes = {name: reported[name] for name in ("stream", "prompt_variant") if name in reported}
    body = body_of(reported).encode()
    reply = Reply(reported["status"], reported["headers"], body, None)
    return ended(reply, vocabulary, **changes)


@pytest.mark.usefixtures("no_waits")
@pytest.mark.parametrize("report_id", ["c01", "c03", "c04", "c06a", "c06b", "c06d"])
def test_a_failure_inside_a_200_is_tried_again_and_not_graded(
    report_id: str, vocabulary: Vocabulary
) -> None:
    """An error object, an error chunk, an end without a beginning, a finish reason of trouble."""
    found = ended_with(report_id, vocabulary)
    assert (found.outcome, found.asked) == ("infrastructure_failure", 4)


@pytest.mark.parametrize(
    ("report_id", "outcome"),
    [
        ("c05", "answered"),
        ("c09", "answered"),
        ("c07b", "model_refusal"),
        ("c08a", "length_stop"),
        ("c08c", "length_stop"),
        ("c08d", "length_stop"),
    ],
)
def test_an_ending_is_read_in_the_words_of_each_provider(
    report_id: str, outcome: str, vocabulary: Vocabulary
) -> None:
    """No repair is asked for after a refusal or a limit."""
    found = ended_with(report_id, vocabulary)
    assert (found.outcome, found.asked) == (outcome, 1)


@pytest.mark.parametrize(
    ("report_id", "way_out"),
    [
        ("c10", "Insufficient Balance.*Top up"),
        ("c11", "You will regain access.*Top up the account of .*or raise its limit"),
        ("c12", "Model Not Exist.*Check .*model 'vendor/model'"),
        ("c13", "max_tokens.*leave it out: under `sampling`, null sends nothing"),
    ],
)
def test_a_rejection_of_account_or_configuration_ends_the_run(
    report_id: str, way_out: str, vocabulary: Vocabulary
) -> None:
    """With the reason and the way out; nothing is graded."""
    found = ended_with(report_id, vocabulary)
    assert (found.outcome, found.asked) == ("end", 1)
    assert re.search(way_out, found.error)


@pytest.mark.parametrize("report_id", ["c10", "c11", "c12", "c13"])
def test_a_run_that_was_rejected_keeps_nothing_as_final(
    report_id: str, server: Script, replay: Runner, tmp_path: Any
) -> None:
    """After a payment, or a change, the same run asks all requests."""
    reported = report_input(report_id)

    async def reject(_: Body) -> Response:
        return Response(body_of(reported), reported["status"], reported["headers"])

    pack = [request(f"inc-{number}") for number in range(3)]
    server.answers(reject)
    with pytest.raises(BatchStoppedError, match="3 of 3 requests have no result"):
        replay(*pack, folder=tmp_path)
    server.answers(answer_text())
    assert replay(*pack, folder=tmp_path).report.outcomes["answered"] == 3


@pytest.mark.parametrize(
    ("report_id", "outcome", "asked_again"),
    [("c16", "request_rejected", 1), ("c17", "model_refusal", 0)],
)
def test_a_403_for_one_request_is_not_a_rejection_of_the_key(
    report_id: str, outcome: str, asked_again: int, server: Script, replay: Runner, tmp_path: Any
) -> None:
    """The others are answered; a second run asks only what a firewall rejected."""
    ((_, reported),) = report_input(report_id).items()

    async def reject_one(body: Body) -> Response:
        if "inc-2" in body["messages"][1]["content"]:
            return Response(body_of(reported), reported["status"], reported["headers"])
        return await completion(answer_text())(body)

    pack = [request(f"inc-{number}") for number in range(1, 4)]
    server.answers(reject_one)
    for asked in (3, asked_again):
        server.bodies.clear()
        results = replay(*pack, folder=tmp_path).results
        assert [one.outcome for one in results] == ["answered", outcome, "answered"]
        assert len(server.bodies) == asked
