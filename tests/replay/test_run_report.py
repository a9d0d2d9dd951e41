"""The report of a run: counts, latency, cost, variant."""

from typing import Any

import numpy as np
import pytest

from replay_assets.contracts.result import OUTCOMES
from tests.inference.scripted_server import Script, completion, status
from tests.replay.conftest import Runner
from tests.replay.packs import answer_text, request

PRICES = {"prices_usd_per_million": {"input": 1.0, "output": 10.0}}
TUNED = "contract_tuned"


def test_the_report_adds_up(server: Script, replay: Runner) -> None:
    """Counts by outcome, by failure and by retry, as the original names them."""
    # Repairs queue behind the first calls, which all wait for the one slot.
    server.answers(
        answer_text(), "no JSON", "no JSON", status(422), answer_text(), answer_text(), "no JSON"
    )
    run = replay(
        *(request(one) for one in "abcde"), prompt_variant=TUNED, limits={"concurrency": 1}
    )
    report = run.report
    assert [result.outcome for result in run.results] == [
        "answered", "answered", "contract_broken", "request_rejected", "answered",
    ]  # fmt: skip
    assert list(report.outcomes) == list(OUTCOMES)
    assert sum(report.outcomes.values()) == report.results == report.requests == 5
    assert report.failures == ["external_error:c", "external_error:d"]
    assert report.external_error_records == report.fallback_used_records == 2
    assert report.trace_incomplete_records == report.retry_used_records == 2
    assert not report.valid
    assert (report.candidate_id, report.candidate_variant_id) == ("model-under-test", TUNED)


def test_latency_figures_are_the_mean_and_the_linear_95th_percentile(
    server: Script, replay: Runner
) -> None:
    """Over results that have a latency, to 4 decimals; the original rounded an index."""
    delays = [0.0, 0.02, 0.04, 0.1]
    server.answers(*(completion(answer_text(), delay_s=delay) for delay in delays), status(422))
    run = replay(*(request(one) for one in "abcde"), limits={"concurrency": 1})
    known = [one.latency_ms for one in run.results if one.latency_ms is not None]
    assert len(known) == 4
    assert run.report.avg_latency_ms == pytest.approx(np.mean(known), abs=1e-4)
    assert run.report.p95_latency_ms == pytest.approx(
        np.percentile(known, 95, method="linear"), abs=1e-4
    )
    assert run.report.p95_latency_ms is not None
    assert sorted(known)[-2] < run.report.p95_latency_ms < max(known)
    assert all(round(latency, 4) == latency for latency in known)


@pytest.mark.parametrize(
    ("changes", "usages", "cost"),
    [
        (PRICES, [(1, 1), (2, 1)], 0.000023),
        ({"prices_usd_per_million": {"input": 0.1, "output": 0.1}}, [(3, 1), (3, 1)], 0.000001),
        (PRICES, [(1, 1), None], None),
        (PRICES, [(1, 1), (2, 0)], None),
        ({}, [(1, 1), (2, 1)], None),
    ],
    ids=["sum", "six_decimals", "one_unknown", "text_without_tokens", "unpriced"],
)
def test_the_total_cost_has_six_decimals_or_is_none(
    changes: dict[str, Any],
    usages: list[Any],
    cost: float | None,
    server: Script,
    replay: Runner,
) -> None:
    """Without a price the cost is unknown, not 0; a part of a sum would be too low."""
    server.answers(*(completion(answer_text(), usage=usage) for usage in usages))
    report = replay(
        *(request(str(one)) for one in usages), limits={"concurrency": 1}, **changes
    ).report
    assert report.total_cost_usd == cost
