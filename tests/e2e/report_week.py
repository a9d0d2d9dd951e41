"""A week of the real incidents with two more candidates, whose answers are made from labels.

The walk makes evidence, packs, labels and the baselines' scores. The candidates here need no
server: one is right in two of three incidents, the other is asked without evidence.
"""

from pathlib import Path
from typing import Any

from replay_assets.candidates import Candidate, Catalogue
from replay_assets.contracts.calendar import days_of_week
from replay_assets.contracts.evaluation_report import EvaluationReport
from replay_assets.contracts.gate_policy import load_policy
from replay_assets.contracts.label import IncidentLabel
from replay_assets.contracts.result import ReplayResult
from replay_assets.contracts.vocabulary import load_vocabulary
from replay_assets.evaluation.grading import score_results, scores_publication
from replay_assets.evaluation.masked_labels import masked_labels_of
from replay_assets.evaluation.report import report_of_week
from replay_assets.lake import Lineage, Publication, Store, assets
from replay_assets.lake.formats import record_line
from replay_assets.sanitizing import rules_digest, rules_of

URL = "http://127.0.0.1:9/v1"
PRICES: Any = [{"input": 0.1, "output": 0.4}]
BASELINES = [
    Candidate(id=f"{name}-baseline", model=f"{name}-baseline", base_url="embedded://baselines/v1")
    for name in ("rules", "constant")
]
MODEL = Candidate(id="model-a", model="a", base_url=URL, prices_usd_per_million=PRICES)
BLIND = Candidate(id="model-a-blind", model="a", base_url=URL, prompt_variant="no_evidence")
VOCABULARY = load_vocabulary()
RULES = rules_of(None)


def report_of(data: Path, week: str) -> EvaluationReport:
    """Answer a week for both candidates, and return the week's report."""
    lake, evidence, labels = (Store(str(data / name)) for name in ("lake", "evidence", "labels"))
    catalogue = Catalogue([*BASELINES, MODEL, BLIND])

    def lineage() -> Lineage:
        return Lineage(
            lake=lake,
            evidence=evidence,
            labels=labels,
            vocabulary=VOCABULARY,
            rules=rules_digest(RULES),
            candidates={one.id: one.digest() for one in catalogue},
        )

    for day in days_of_week(week):
        for candidate in (MODEL, BLIND):
            publish_answers(lake, lineage, candidate, day)
    return report_of_week(
        week,
        lake=lake,
        evidence=evidence,
        lineage=lineage(),
        catalogue=catalogue,
        policy=load_policy(),
        vocabulary=VOCABULARY,
        rules=RULES,
        not_ready={},
    )


def publish_answers(lake: Store, lineage: Any, candidate: Candidate, day: str) -> None:
    """Publish the results and scores of a day, made from those of a baseline."""
    now: Lineage = lineage()
    source = now.find(assets.REPLAY_RESULTS.at(day, "rules-baseline"))
    if source is None:
        return
    truth = masked_labels_of(now, day)
    results = [
        answered(ReplayResult.read(row), candidate, truth.get(row["incident_id"]), number)
        for number, row in enumerate(source.records(assets.RESULTS_FILE))
    ]
    address = assets.REPLAY_RESULTS.at(day, candidate.id)
    content = {assets.RESULTS_FILE: b"".join(record_line(one) for one in results)}
    lake.publish(address, Publication(files=content, inputs=now.inputs(address)))
    repairs = now.get(assets.INCIDENT_EVIDENCE.at(day)).rows(assets.RECORDED_REPAIRS)
    scores = score_results(results, truth, repairs, vocabulary=VOCABULARY, baseline=False)
    scored = assets.REPLAY_SCORES.at(day, candidate.id)
    lake.publish(scored, scores_publication(scores, scored, inputs=lineage().inputs(scored)))


def answered(
    result: ReplayResult, candidate: Candidate, label: IncidentLabel | None, number: int
) -> ReplayResult:
    """Return a result of a candidate: right in two of three incidents if it sees evidence."""
    output: dict[str, Any] = dict(result.model_output)
    if label is not None and candidate is MODEL and number % 3:
        output |= {
            "root_cause": {
                "category": label.root_cause_category,
                "components": sorted(label.components(VOCABULARY) or ()),
                "statement": "As the evidence shows.",
            },
            "action_id": next(iter(label.acceptable_actions or ()), None),
        }
    changes = {
        "candidate_id": candidate.id,
        "model": candidate.model,
        "model_output": output,
        "cost_usd": 0.0004 + 0.0001 * (number % 3) if candidate is MODEL else None,
        "latency_ms": 800.0 + 37 * number,
    }
    return result.model_copy(update=changes)
