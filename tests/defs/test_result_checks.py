"""The check of how many requests of a day were answered, by the policy in use."""

from pathlib import Path

import dagster as dg
import pytest

from replay_assets.contracts.gate_policy import load_policy
from replay_assets.contracts.result import OUTCOMES
from replay_assets.defs.checks import ANSWERED, check_answered
from replay_assets.evaluation.gate import review
from replay_assets.lake import Publication, Store, assets
from tests.source.rows import DAY


@pytest.mark.parametrize(
    ("minimum", "failed", "passes"),
    [(0.98, 2, True), (0.98, 3, False), (0.9, 10, True), (0.9, 11, False), (1.0, 1, False)],
)
def test_the_minimum_of_answered_requests_is_that_of_the_verdict(
    tmp_path: Path, minimum: float, failed: int, passes: bool
) -> None:
    """A policy that accepts one failure in ten must not warn of three in a hundred."""
    policy = load_policy().model_copy(update={"minimum_answered": minimum})
    outcomes = {**dict.fromkeys(OUTCOMES, 0), "answered": 100 - failed, "not_sent": failed}
    results = Store(str(tmp_path)).publish(
        assets.REPLAY_RESULTS.at(DAY.day, "model"),
        Publication(facts={"outcomes": outcomes, "requests": 100}),
    )
    found = check_answered(results, policy)
    assert (found.check_name, found.passed) == (ANSWERED, passes)
    assert found.severity == dg.AssetCheckSeverity.WARN
    assert found.metadata["minimum_answered"].value == minimum
    rows = [
        {"incident_id": f"incident-{number}", "outcome": outcome, "primary": True}
        for number, outcome in enumerate(
            name for name, size in outcomes.items() for _ in range(size)
        )
    ]
    (first, *_) = review(rows, [], {}, policy=policy)["reasons"]
    assert ("requests were answered" in first) is not passes
