"""How often the report of a week reads a file, on the path of its Dagster asset."""

import io
import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from replay_assets.candidates import Candidate, Catalogue
from replay_assets.contracts.calendar import days_of_week
from replay_assets.contracts.gate_policy import load_policy
from replay_assets.contracts.training_manifest import TRAINING_VERSION, TrainingManifest
from replay_assets.evaluation.grading import scores_publication
from replay_assets.evaluation.report import report_of_week
from replay_assets.lake import Lineage, assets
from replay_assets.lake.lineage import EARLIER_DAYS
from tests.evaluation.records import score
from tests.evaluation.report.test_report import MODEL, OTHER, RULES, VOCABULARY, WEEK, Roots, empty

WEEKS = ("2026-09-14", WEEK)
TRAINED = TrainingManifest(
    schema_version=TRAINING_VERSION,
    export_id="export",
    incident_ids=("inc-1",),
    scenario_groups=(),
    clusters={},
)


@pytest.fixture
def roots(tmp_path: Path) -> Roots:
    """Two weeks, so that a review reads more days than the report shows."""
    (tmp_path / "trained.json").write_text(json.dumps(TRAINED.as_json()), "utf-8")
    roots = empty(tmp_path)
    for day in (day for week in WEEKS for day in days_of_week(week)):
        roots.publish_day(day, incident=f"inc-{day}")
        address = assets.INCUMBENT_SCORES.at(day)
        inputs = roots.scored([day]).lineage.inputs(address)
        graded = scores_publication([score(f"inc-{day}")], address, inputs=inputs)
        roots.lake.publish(address, graded)
    return roots


def make_report(roots: Roots, trained_on: Path) -> dict[str, str]:
    """Make the report as the asset does, and return the inputs of its manifest."""
    policy = load_policy()
    model = MODEL.model_copy(update={"trained_on": (str(trained_on),)})
    blind = MODEL.model_copy(update={"id": "blind", "prompt_variant": "no_evidence"})
    route = Candidate.model_validate({"id": "route", "route": ["model", "other"]})
    catalogue = Catalogue((model, OTHER, blind, route))
    lineage = Lineage(
        lake=roots.lake,
        evidence=roots.evidence,
        labels=roots.labels,
        vocabulary=VOCABULARY,
        candidates={one.id: one.digest() for one in catalogue},
        policy=policy,
        language="en",
    )
    report = report_of_week(
        WEEK,
        lake=roots.lake,
        evidence=roots.evidence,
        lineage=lineage,
        catalogue=catalogue,
        policy=policy,
        vocabulary=VOCABULARY,
        rules=RULES,
        not_ready={},
    )
    counted = {one.candidate_id: set(one.days.values()) for one in report.candidates}
    assert counted == {"incumbent": {"counted"}, "model": {"counted"}}
    inputs = lineage.inputs(assets.EVALUATION_REPORT.at(WEEK))
    # They need the plans that this report has just made.
    assert EARLIER_DAYS in inputs
    return inputs


def test_the_report_of_a_week_opens_each_file_once(
    roots: Roots, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Manifests, packs, scores, labels and plans, for figures, verdicts, answers and inputs."""
    opened: Counter[str] = Counter()
    open_file = io.open

    def counted(file: Any, mode: str = "r", *arguments: Any, **options: Any) -> Any:
        opened[str(file)] += "r" in mode
        return open_file(file, mode, *arguments, **options)

    monkeypatch.setattr(io, "open", counted)
    first = make_report(roots, tmp_path / "trained.json")
    # The first report also publishes the plans, and a store looks for what it will replace.
    plans = {f"{tmp_path}/lake/files/reviews/{one}/manifest.json": 2 for one in ("model", "other")}
    assert {path: times for path, times in opened.items() if times > 1} == plans
    opened.clear()
    assert make_report(roots, tmp_path / "trained.json") == first
    assert {path: times for path, times in opened.items() if times > 1} == {}
    names = Counter(Path(path).name for path in opened)
    assert names["replay_scores.parquet"] == names["incumbent_scores.parquet"] == 2 * 7
    assert names["request_pack.jsonl"] == 2 * 7
    assert names["manifest.json"] > 2 * 7
    assert (names["trained.json"], names["incident_evidence.parquet"]) == (1, 7)
