"""A report of a busy week: 500 incidents, six candidates, twelve weeks before it."""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from replay_assets.candidates import Candidate
from replay_assets.candidates.controls import control_of
from replay_assets.contracts.calendar import days_of_week
from replay_assets.contracts.evaluation_report import EvaluationReport
from replay_assets.contracts.gate_policy import load_policy
from replay_assets.contracts.report_details import ReportedAnswer, ReportedTruth, TrendPoint
from replay_assets.contracts.score import INCUMBENT, ReplayScore
from replay_assets.contracts.vocabulary import load_vocabulary
from replay_assets.evaluation.gate.paired import Other
from replay_assets.evaluation.report import Surroundings, build_report
from replay_assets.evaluation.report.details import AnswerDetails
from replay_assets.evaluation.reviews import Sides, plan_review, standing_of
from replay_assets.evaluation.scored_days import CandidateScores, Title
from tests.evaluation.records import score

WEEK = "2026-09-28"
DAYS = days_of_week(WEEK)
INCIDENTS = 500
URL = "http://127.0.0.1:9/v1"
PRICES: Any = [{"input": 0.1, "output": 0.4}]
MODELS = [
    Candidate(id=name, model=name, base_url=URL, prices_usd_per_million=prices, no_evidence=blind)
    for name, prices, blind in (
        ("nemotron-mini-tuned", PRICES, True),
        ("nemotron-70b", PRICES, False),
        ("incident-sft-2026-10", None, False),
    )
]
CONTROL = control_of(MODELS[0])
RIGHT_OF_TEN = {
    "nemotron-mini-tuned": 7, "nemotron-70b": 6, "incident-sft-2026-10": 8, CONTROL.id: 1,
    "rules-baseline": 3, "constant-baseline": 1, INCUMBENT: 6,
}  # fmt: skip
CATALOGUE = [
    *MODELS[:1],
    CONTROL,
    *MODELS[1:],
    *(
        Candidate(id=f"{name}-baseline", model=f"{name}-baseline", base_url="embedded://b/v1")
        for name in ("rules", "constant")
    ),
]
EVIDENCE = (
    "Alert: PodMemoryWorkingSetHigh (warning)\n$ kubectl -n shop top pod\n"
    "checkout-api-<POD_1>   812m   1019Mi\n容器的記憶體用量持續上升，在 <TIME_1> 被終止。\n" * 40
)
VOCABULARY = load_vocabulary()


def long_report() -> EvaluationReport:
    """Return the report, with every part that the page has."""
    titles = {
        f"inc-{n:04}": Title(
            DAYS[n % 7],
            ("PodMemoryWorkingSetHigh", "CheckoutLatencyP95AboveObjective", "憑證即將到期")[n % 3],
            ("critical", "warning", "info")[n % 3],
            f"service-{n % 40}",
            EVIDENCE[:4000] if n % 3 else "記憶體用量持續上升。" + EVIDENCE[:3000],
            len(EVIDENCE),
        )
        for n in range(INCIDENTS)
    }
    sides = {name: _scores(name, list(titles)) for name in RIGHT_OF_TEN}
    around = Surroundings(
        catalogue=CATALOGUE,
        standings={one.id: _standing(one, sides) for one in MODELS},
        details=AnswerDetails(
            {(name, incident): _answer(name) for name in sides for incident in titles},
            {incident: _truth(n) for n, incident in enumerate(titles)},
        ),
        earlier=list(_earlier()),
        not_ready={"local": "it is not scheduled; name it to replay it"},
        unmet_labels={"root_cause_category (blue)": list(titles)[:3]},
        last_promoted="nemotron-70b",
    )
    candidates = [sides[one.id] for one in CATALOGUE]
    return build_report(WEEK, sides[INCUMBENT], candidates, titles, around)


def _scores(name: str, incidents: list[str]) -> CandidateScores:
    found = [
        ReplayScore.model_construct(
            **{
                **score().model_dump(),
                "incident_id": incident,
                "candidate_id": name,
                "scenario_group": f"scenario-{n % 120}",
                "primary": (n * 7 + len(name)) % 10 < RIGHT_OF_TEN[name],
                "harm": name == "nemotron-70b" and n % 90 == 0,
                "unsafe": False,
                "latency_ms": 400.0 + 17 * (n % 50) * len(name) / 10,
                "cost_usd": 0.0004 * len(name) if name.startswith("nemotron") else None,
            }
        )
        for n, incident in enumerate(incidents)
        if name != CONTROL.id or n % 16 == 0
    ]
    baseline, constant = name.endswith("baseline"), name.startswith("constant")
    return CandidateScores(name, baseline, constant, found, dict.fromkeys(DAYS, "counted"))


def _standing(one: Candidate, scored: dict[str, CandidateScores]) -> Any:
    rows: dict[str, Sequence[Mapping[str, Any]]] = {
        name: [one.model_dump() for one in side.repeats] for name, side in scored.items()
    }
    baselines = {name: found for name, found in rows.items() if name.endswith("baseline")}
    others = [Other("no_evidence", CONTROL.id, rows[CONTROL.id])] if one.no_evidence else []
    sides = Sides(rows[one.id], rows[INCUMBENT], baselines, others=tuple(others))
    plan = plan_review(one, load_policy(), week=WEEK, days=DAYS, under_review=len(MODELS))
    return standing_of(plan, WEEK, lambda last: sides)


def _answer(name: str) -> ReportedAnswer:
    if name == INCUMBENT:
        return ReportedAnswer(outcome="recorded", category="database", action="fix_database")
    return ReportedAnswer(
        outcome="answered",
        category="memory_exhaustion",
        components=("checkout-api", "<POD_1>"),
        statement="checkout-api is killed whenever its cache outgrows the memory limit.",
        action="increase_resource_limits",
        proposed_action="Raise the memory limit of checkout-api and restart it",
        plan=("Raise the limit", "Restart the deployment", "Watch the alert for 30 minutes"),
        risk_level="medium",
        asks_approval=True,
    )


def _truth(number: int) -> ReportedTruth:
    return ReportedTruth(
        category="memory_exhaustion",
        components=("checkout-api",),
        actions=("increase_resource_limits", "restart_workload"),
        risk_level="medium",
        needs_approval=False,
        repair_expected=True,
        evidence_sufficiency=("sufficient", "partial", "insufficient")[number % 3],
    )


def _earlier() -> Any:
    monday = date.fromisoformat(WEEK)
    for back in range(12, 0, -1):
        for name, right in RIGHT_OF_TEN.items():
            rate = min(1.0, right / 10 + 0.02 * (back % 3))
            yield TrendPoint(
                week=(monday - timedelta(weeks=back)).isoformat(), candidate_id=name, rate=rate,
                low=max(0.0, rate - 0.05), high=min(1.0, rate + 0.05), harm=back % 2, harm_of=400,
                p95_latency_ms=900.0, cost_usd_per_incident=0.0005,
                grader="4" if back > 4 else "5", policy="p" if back > 2 else "q",
                prices="input 0.1, output 0.4", version=name,
            )  # fmt: skip
