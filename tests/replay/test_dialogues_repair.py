"""The one repair call of the contract-tuned variant."""

from typing import Any

import pytest

from replay_assets.contracts.result import (
    result_row,
)
from replay_assets.inference.throttling.backoff import TRIES
from replay_assets.replay.prompts import EXCERPT_CHARACTERS
from tests.inference.scripted_server import Script, completion, status
from tests.replay.conftest import Runner, only
from tests.replay.packs import answer, answer_text

TUNED = {"prompt_variant": "contract_tuned"}
PRICES = {"prices_usd_per_million": {"input": 1.0, "output": 10.0}}


def test_the_tuned_variant_repairs_once_and_keeps_both_calls(
    server: Script, replay: Runner
) -> None:
    """The original lost what the first call had cost."""
    server.answers(
        completion("no JSON", usage=(100, 10)), completion(answer_text(), usage=(300, 20))
    )
    result = only(replay, **TUNED, **PRICES)
    assert (result.outcome, result.model_output) == ("answered", answer())
    assert (result.retry_used, result.first_error) == (True, "model_output_not_object")
    assert [event.usage.total_tokens for event in result.trace_events] == [110, 320]
    assert [event.retry_used for event in result.trace_events] == [False, True]
    assert [event.first_error for event in result.trace_events] == [None, result.first_error]
    assert result.cost_usd == pytest.approx((400 * 1 + 30 * 10) / 1e6)
    row = result_row(result)
    assert (row["prompt_tokens"], row["completion_tokens"]) == (400, 30)
    latencies = [event.latency_ms or 0 for event in result.trace_events]
    assert result.latency_ms == pytest.approx(sum(latencies), abs=1e-3)


def test_the_repair_call_carries_error_and_excerpt(server: Script, replay: Runner) -> None:
    """The whole first conversation, the start of the wrong answer, what was wrong with it."""
    server.answers("x" * 3000, answer_text())
    only(replay, **TUNED)
    first, second = (body["messages"] for body in server.bodies)
    assert second[:2] == first
    assert second[2]["content"] == "x" * EXCERPT_CHARACTERS == "x" * 1200
    assert "model_output_not_object" in second[3]["content"]


def test_a_second_broken_answer_ends_it(server: Script, replay: Runner) -> None:
    """One repair, not more: the last error counts, the first is kept."""
    server.answers("no JSON", answer_text(risk_level="severe"), answer_text())
    result = only(replay, **TUNED)
    assert len(server.bodies) == 2
    assert (result.outcome, result.error) == ("contract_broken", "invalid_risk_level:severe")
    assert (result.first_error, result.retry_used) == ("model_output_not_object", True)


def test_a_repair_that_gets_no_answer_was_a_retry_all_the_same(
    server: Script, replay: Runner
) -> None:
    """The call was made; the first call's usage stays."""
    server.answers(completion("no JSON", usage=(100, 10)), status(500))
    result = only(replay, **TUNED)
    assert (result.outcome, result.retry_used) == ("infrastructure_failure", True)
    assert [event.usage.total_tokens for event in result.trace_events] == [110, None]
    assert result.trace_events[1].attempts == TRIES


def test_base_is_never_repaired(server: Script, replay: Runner) -> None:
    """The variant without it stays comparable with the original's."""
    server.answers("no JSON", answer_text())
    result = only(replay)
    assert (len(server.bodies), result.outcome) == (1, "contract_broken")
    assert not result.retry_used


@pytest.mark.parametrize(
    "first", [status(422), completion(None, refusal="no"), completion("{", finish_reason="length")],
    ids=["rejected", "refused", "cut"],
)  # fmt: skip
def test_only_a_broken_contract_is_repaired(first: Any, server: Script, replay: Runner) -> None:
    """Asking a model again that declined, or was cut, gives the same again."""
    server.answers(first, answer_text())
    result = only(replay, **TUNED)
    assert (len(server.bodies), result.retry_used, result.first_error) == (1, False, None)
