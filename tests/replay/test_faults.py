"""A run against an endpoint that breaks in every way: one result per request, correct sums."""

from collections import Counter
from pathlib import Path

import pytest

from replay_assets.contracts.result import UNGRADED_OUTCOMES, ReplayResult
from replay_assets.contracts.vocabulary import Vocabulary
from replay_assets.inference.stand_in.faults import Fault, FaultPlan
from replay_assets.replay.runner import ReplayRun, run_pack
from replay_assets.request_packs.builder import build_pack
from tests.inference.conftest import retry_at_once
from tests.inference.scripted_server import candidate, serving_stand_in
from tests.lake.written import encode_jsonl
from tests.request_packs.rows import evidence_row

pytestmark = pytest.mark.integration

MATRIX: tuple[Fault, ...] = ("429", "500", "reset", "truncated", "not_json", "wrong_contract")
PRICES = {"input": 1.0, "output": 10.0}


def replayed(base_url: str, content: bytes, vocabulary: Vocabulary, folder: Path) -> ReplayRun:
    """Replay a pack at concurrency 64."""
    asked = candidate(
        base_url,
        model="rules-baseline",
        limits={"concurrency": 64, "timeout_s": 20},
        prices_usd_per_million=PRICES,
    )
    return run_pack(content, asked, api_key=None, vocabulary=vocabulary, folder=folder)


@pytest.mark.parametrize(
    ("requests", "pause_s"),
    [pytest.param(1000, 0.1, marks=pytest.mark.slow), (100, 1.0)],
    ids=["1000", "100"],
)
def test_faults_change_no_answer_and_all_adds_up(
    requests: int,
    pause_s: float,
    vocabulary: Vocabulary,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """5 % each of six faults, by seed: content equals that of a run without, where one answered."""
    retry_at_once(monkeypatch)
    rows = [
        evidence_row(incident_id=f"inc-{number}", id=f"ev-{number}") for number in range(requests)
    ]
    pack = build_pack(rows, [], day="2026-09-21", vocabulary=vocabulary)
    content = encode_jsonl(one.as_json() for one in pack.requests)
    with serving_stand_in(FaultPlan()) as base_url:
        sound = replayed(base_url, content, vocabulary, tmp_path / "sound")
    assert sound.report.valid
    plan = FaultPlan(
        latency_ms=2, shares=dict.fromkeys(MATRIX, 0.05), seed=11, asked_pause_s=pause_s
    )
    with serving_stand_in(plan) as base_url:
        first = replayed(base_url, content, vocabulary, tmp_path / "faulty")
        assert_adds_up(first, attempts=plan.requests, pause_s=pause_s)
        first_results = first.results
        again = replayed(base_url, content, vocabulary, tmp_path / "faulty")
    expected = {one.incident_id: one.model_output for one in sound.results}
    for found in (first_results, again.results):
        assert [one.incident_id for one in found] == list(expected)
        counts = Counter(one.outcome for one in found)
        assert counts["answered"] >= 0.85 * requests
        assert 0.01 * requests <= counts["contract_broken"] <= 0.1 * requests
        for one in found:
            if one.outcome == "answered":
                assert one.model_output == expected[one.incident_id]
            else:
                assert one.outcome in ("contract_broken", *UNGRADED_OUTCOMES)
    unanswered = [one.incident_id for one in first_results if one.outcome in UNGRADED_OUTCOMES]
    fresh = [one.incident_id for one in again.results if not one.cached]
    assert fresh == unanswered


def assert_adds_up(run: ReplayRun, *, attempts: int, pause_s: float) -> None:
    """Results, events and tries agree on attempts, waits and money."""
    results = run.results
    events = [event for one in results for event in one.trace_events]
    tries = [each for event in events for each in event.tries]
    assert len(tries) == sum(event.attempts for event in events) == attempts
    assert run.report.retries == attempts - len(events)
    for event in events:
        assert event.wait_ms == pytest.approx(sum(each.wait_ms for each in event.tries), abs=0.01)
        for before, after in zip(event.tries, event.tries[1:], strict=False):
            if before.outcome == "rate_limited":
                assert after.wait_ms >= 1000 * pause_s
    for one in results:
        assert_costs_what_its_tries_do(one)
    report = run.report
    assert report.total_cost_usd == pytest.approx(sum(one.cost_usd or 0 for one in results), 1e-4)
    assert report.spent_usd == report.total_cost_usd
    possibly = sum(one.possibly_paid_usd or 0 for one in results)
    assert report.possibly_paid_usd == pytest.approx(possibly, 1e-4)
    assert possibly > 0


def assert_costs_what_its_tries_do(one: ReplayResult) -> None:
    """A result's two sums cover every try, each once."""
    tries = [each for event in one.trace_events for each in event.tries]
    assert all(each.cost_usd is not None for each in tries)
    paid = sum(each.cost_usd or 0 for each in tries if not each.possibly_paid)
    possibly = sum(each.cost_usd or 0 for each in tries if each.possibly_paid)
    assert one.cost_usd == pytest.approx(paid)
    assert one.possibly_paid_usd == pytest.approx(possibly)
