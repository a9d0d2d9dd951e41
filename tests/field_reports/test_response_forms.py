"""Forms of responses, of usage and of refusals that providers send, read as they are meant."""

import asyncio
import json
import time
from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from starlette.responses import Response

from replay_assets.contracts.answer import ANSWER_FIELDS
from replay_assets.contracts.vocabulary import load_vocabulary
from replay_assets.inference.call.completion import Completion
from replay_assets.inference.chat import pending
from replay_assets.inference.chat.client import ChatClient
from replay_assets.inference.throttling import InProcessLimits
from replay_assets.replay.answers import parse_answer
from tests.field_reports.reports import needs_reports, report_input
from tests.inference.conftest import retry_at_once
from tests.inference.scripted_server import (
    MESSAGES,
    Body,
    Reply,
    Script,
    ScriptedServer,
    candidate,
    completion,
)

pytestmark = [needs_reports, pytest.mark.integration]

SCHEMA = {"type": "object", "properties": {"action_id": {"type": "string"}}}
PRICES = {"input": 1, "output": 10, "cached": 0.02}


@pytest.fixture
def server(shared_server: ScriptedServer, monkeypatch: pytest.MonkeyPatch) -> Script:
    """Return a new script, which is retried without waiting."""
    retry_at_once(monkeypatch)
    return shared_server.new_script()


def reply_of(described: Mapping[str, Any]) -> Reply:
    """Return the reply that a report describes."""
    body = described["body"]
    content = body if isinstance(body, str) else json.dumps(body)

    async def reply(_: Body) -> Response:
        return Response(content, described["status"], headers=described["headers"])

    return reply


def ask(server: Script, times: int = 1, **changes: Any) -> Sequence[Completion]:
    """Ask a number of questions one after the other."""

    async def run() -> Sequence[Completion]:
        one = candidate(server.base_url, **changes)
        async with ChatClient(one, api_key=None, limits=InProcessLimits()) as client:
            return [await client.complete(MESSAGES, schema=SCHEMA) for _ in range(times)]

    return asyncio.run(run())


def action_of(content: str | None) -> Any:
    """Return the action that an answer proposes."""
    answer = parse_answer(content, required=ANSWER_FIELDS, vocabulary=load_vocabulary())
    return answer["action_id"]


@pytest.mark.parametrize("report", ["c26", "c27", "c29", "c31", "c32"])
def test_a_form_of_a_response_is_an_answer(report: str, server: Script) -> None:
    """By the rules of event streams and of the endpoints' own documentation."""
    described = report_input(report)
    server.answers(reply_of(described))
    (answer,) = ask(server, stream=described.get("stream", False))
    assert action_of(answer.content) == "restart_workload"
    assert len(server.bodies) == 1
    assert answer.reasoning == ("Hmm" if report == "c32" else None)


@pytest.mark.parametrize(
    ("report", "dollars"),
    [("c20", 0.0103), ("c22", 0.0003), ("c23", 0.000318), ("c25", 0.0003)],
    ids=["c20", "c22", "c23", "c25"],
)
def test_usage_costs_what_the_provider_charges(report: str, dollars: float, server: Script) -> None:
    """Reasoning next to completion tokens, counts of 0 at the end, cached tokens elsewhere."""
    described = report_input(report)
    server.answers(reply_of(described))
    stream = described.get("stream", False)
    (answer,) = ask(server, stream=stream, prices_usd_per_million=PRICES)
    assert answer.cost_usd == pytest.approx(dollars)


@pytest.mark.parametrize("report", ["c34a", "c34c", "c34d", "c34e"])
def test_a_status_that_passes_is_tried_again(report: str, server: Script) -> None:
    """As the clients of the providers do."""
    server.answers(*map(reply_of, report_input(report)))
    (answer,) = ask(server)
    assert action_of(answer.content) == "restart_workload"


def test_a_model_that_loads_is_waited_for(server: Script) -> None:
    """For longer than the four attempts of a failure take: ten replies without our pauses."""
    described = report_input("c35")
    server.answers(*[reply_of(described["for 12 s"])] * 10, reply_of(described["then"]))
    (answer,) = ask(server)
    assert action_of(answer.content) == "restart_workload"


def test_an_accepted_request_is_polled_and_not_sent_again(
    server: Script, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At the address that NVIDIA documents."""
    monkeypatch.setattr(pending, "FIRST_POLL_S", 0.0)
    accepted = reply_of(report_input("c36"))
    server.answers(accepted)
    server.results = [accepted, accepted, completion("late")]
    (answer,) = ask(server)
    assert (answer.content, len(answer.attempts)) == ("late", 1)
    assert (server.polled, len(server.bodies)) == (["/v1/status/abc"] * 3, 1)


@pytest.mark.parametrize("report", ["c37a", "c37b"])
def test_an_epoch_is_a_moment(report: str, server: Script) -> None:
    """The reset is waited for, not 57 years."""
    refused, answered = report_input(report)
    reset = next(name for name in refused["headers"] if "reset" in name)
    epoch = f"{time.time() + 0.2:.3f}"
    refused = {**refused, "headers": {**refused["headers"], reset: epoch}}
    server.answers(reply_of(refused), reply_of(answered))
    (answer,) = ask(server)
    assert action_of(answer.content) == "restart_workload"
    assert time.time() >= float(epoch)


@pytest.mark.parametrize("report", ["c18a", "c18b", "c18c", "c18e", "c19a"])
def test_a_rejected_form_is_asked_with_less(report: str, server: Script) -> None:
    """Once: the second request uses the weaker form from the start."""
    rejected = reply_of(report_input(report)["while the body has response_format"])

    async def reply(body: Body) -> Response:
        return await (rejected if "response_format" in body else completion("{}"))(body)

    server.answers(reply)
    answers = ask(server, 2)
    assert [(one.content, one.response_mode) for one in answers] == [("{}", "none")] * 2
    assert len(server.bodies) == 4


@pytest.mark.parametrize("report", ["c41a", "c41c", "c41d", "c42", "c44"])
def test_the_answer_in_a_text_is_read(report: str) -> None:
    """Reasoning with a draft, a list of one object, a blank after an id."""
    assert action_of(report_input(report)) == "restart_workload"
