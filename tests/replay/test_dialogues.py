"""One request, one result, whatever happens: every outcome is reached over a real connection."""

from typing import Any

import pytest

from replay_assets.contracts.result import (
    GRADED_OUTCOMES,
    OUTCOMES,
    ReplayResult,
    result_row,
)
from tests.inference.scripted_server import Script, completion, hang, status
from tests.replay.conftest import Runner, only
from tests.replay.packs import answer, answer_text, original_answer, original_request, request

TUNED = {"prompt_variant": "contract_tuned"}
PRICES = {"prices_usd_per_million": {"input": 1.0, "output": 10.0}}
KEY = "nvapi-" + "FAKE0123456789"

REACHED: dict[str, Any] = {
    "answered": answer_text(),
    "contract_broken": "I would restart it",
    "request_rejected": status(422, "too many tokens"),
    "model_refusal": completion(None, refusal="I must not", finish_reason="stop"),
    "length_stop": completion(answer_text()[:50], finish_reason="length"),
    "infrastructure_failure": status(500, "on purpose"),
    "gate_refused": answer_text(),
}


def reached(outcome: str, server: Script, replay: Runner, **changes: Any) -> ReplayResult:
    """Replay a request that ends in an outcome."""
    server.answers(REACHED[outcome])
    leaky = {"user_prompt": "mail mei@example.com"} if outcome == "gate_refused" else {}
    return only(replay, request(**leaky), **changes)


def test_every_outcome_has_a_way_to_it() -> None:
    """The list below is complete."""
    of_agents = {"iteration_limit"}
    assert {*REACHED, "not_sent", *of_agents} == set(OUTCOMES)


@pytest.mark.parametrize("outcome", REACHED)
def test_a_request_becomes_a_result_with_its_outcome(
    outcome: str, server: Script, replay: Runner
) -> None:
    """Infrastructure failures, refusals and broken answers have different outcomes."""
    result = reached(outcome, server, replay)
    assert result.outcome == outcome
    assert (result.error is None) is (outcome == "answered")
    assert result.fallback_used is (outcome != "answered")
    assert result.trace_complete is (outcome == "answered")
    assert not result.retry_used
    asked = {"gate_refused": 0, "infrastructure_failure": 4}.get(outcome, 1)
    assert len(server.bodies) == asked


@pytest.mark.parametrize("outcome", [one for one in REACHED if one != "answered"])
def test_a_failed_request_becomes_a_result_not_an_exception(
    outcome: str, server: Script, replay: Runner
) -> None:
    """The safe blocked output replaces the answer, and can be read as a row like any other."""
    result = reached(outcome, server, replay)
    safe = result.model_output
    assert (safe["proposed_action"], safe["risk_level"]) == ("NO_ACTION", "high")
    assert safe["requires_human_approval"] is safe["blocked_by_policy"] is True
    assert safe["runner_error"] == (result.error or "")[:200]
    assert result_row(result)["action_id"] is None


@pytest.mark.parametrize(
    ("reply", "outcome"),
    [
        (completion(answer_text(), finish_reason="length"), "answered"),
        (completion(None, finish_reason="length"), "length_stop"),
        (completion(None), "contract_broken"),
        (completion("", finish_reason="content_filter"), "model_refusal"),
        (completion(answer_text(), finish_reason="refusal"), "model_refusal"),
        (hang, "infrastructure_failure"),
    ],
    ids=["whole_at_the_limit", "cut_empty", "empty", "filtered", "refused", "hanging"],
)
def test_edges_between_outcomes(reply: Any, outcome: str, server: Script, replay: Runner) -> None:
    """A complete answer counts, even if it reached the limit."""
    server.answers(reply)
    result = only(replay, limits={"timeout_s": 0.15})
    assert result.outcome == outcome
    assert (outcome in GRADED_OUTCOMES) is (outcome != "infrastructure_failure")


def test_a_temporary_fault_only_adds_a_wait(server: Script, replay: Runner) -> None:
    """The answer is the model's; the event counts the attempts."""
    server.answers(status(503), answer_text())
    result = only(replay)
    assert (result.outcome, result.model_output) == ("answered", answer())
    assert result.trace_events[0].attempts == 2


@pytest.mark.parametrize(
    ("variant", "words"), [(None, "Answer with one"), ("contract_tuned", "Response contract:")]
)
def test_an_original_pack_is_asked_in_the_variant_that_it_names(
    variant: str | None, words: str, server: Script, replay: Runner
) -> None:
    """It is answered in its five fields; the candidate's variant is not used."""
    server.answers(answer_text())
    result = only(replay, original_request(variant=variant), **({} if variant else TUNED))
    assert words in server.bodies[0]["messages"][1]["content"]
    assert (result.candidate_variant_id, result.model_output) == (variant, original_answer())
    assert result.trace_events[0].candidate_variant_id == variant


@pytest.mark.parametrize(
    "text", ["e" * 900, "line one\n\n  line\ttwo\r\n" * 60], ids=["long", "lines"]
)
def test_an_error_is_one_line_of_at_most_300_characters(
    text: str, server: Script, replay: Runner
) -> None:
    """It is written into a record, a table and a report."""
    server.answers(completion(None, refusal=text))
    error = only(replay).error or ""
    assert 100 < len(error) <= 300
    assert error == " ".join(error.split())


@pytest.mark.parametrize(
    "reply",
    [status(400, f"{KEY} of mei@example.com"), completion(None, refusal=f"{KEY} mei@example.com"),
     completion(answer_text(risk_level="mei@example.com")), status(500, KEY)],
    ids=["rejected", "refused", "broken", "infrastructure"],
)  # fmt: skip
def test_no_returned_secret_is_in_a_result(reply: Any, server: Script, replay: Runner) -> None:
    """A server may echo the key, a model an address."""
    server.answers(reply)
    text = only(replay, api_key=KEY).model_dump_json()
    assert "FAKE" not in text
    assert "mei@" not in text


@pytest.mark.parametrize(
    ("changes", "usage", "cost"),
    [({}, (100, 20), None), (PRICES, None, None), (PRICES, (100, 20), 0.0003)],
    ids=["unpriced", "no_usage", "priced"],
)
def test_a_cost_is_known_or_null(
    changes: dict[str, Any], usage: Any, cost: float | None, server: Script, replay: Runner
) -> None:
    """The original always wrote 0."""
    server.answers(completion(answer_text(), usage=usage))
    assert only(replay, **changes).cost_usd == (cost if cost is None else pytest.approx(cost))


def test_time_in_the_queue_is_separate_from_the_call(server: Script, replay: Runner) -> None:
    """The second of two requests waits for the first; its call takes no longer."""
    server.answers(completion(answer_text(), delay_s=0.3), answer_text())
    one, two = replay(request("a"), request("b"), limits={"concurrency": 1}).results
    assert one.queue_ms < 200 < 300 <= two.queue_ms
    assert two.latency_ms is not None
    assert two.latency_ms < 200
