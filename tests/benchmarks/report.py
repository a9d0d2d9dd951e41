"""How long a report of many incidents takes: `python -m tests.benchmarks.report [pairs]`.

The aim is ten seconds for 100,000 pairs, with every interval, comparison and slice.
"""

import sys
from time import process_time

from replay_assets.candidates import Candidate
from replay_assets.contracts.gate_policy import load_policy
from replay_assets.contracts.report_details import ReportedTruth
from replay_assets.contracts.score import ReplayScore
from replay_assets.evaluation.report import Surroundings, build_report
from replay_assets.evaluation.report.details import AnswerDetails
from replay_assets.evaluation.reviews import Sides, plan_review, standing_of
from replay_assets.evaluation.scored_days import CandidateScores, Title
from tests.evaluation.records import score

PAIRS = 100_000
AIM_S = 10.0
WEEK = "2026-09-21"
MODEL = Candidate(id="model", model="m", base_url="http://127.0.0.1:9/v1")
TRUTH = ReportedTruth(
    category="memory_exhaustion", components=("web",), actions=("restart_workload",),
    risk_level="low", needs_approval=False, repair_expected=True, evidence_sufficiency="partial",
)  # fmt: skip


def scores_of(name: str, pairs: int, *, right_of_ten: int) -> CandidateScores:
    """Return graded answers in groups of five incidents."""
    template = score().model_dump()
    found = [
        ReplayScore.model_construct(
            **{
                **template,
                "incident_id": f"incident-{n}",
                "scenario_group": f"group-{n // 5}",
                "primary": n * 7 % 10 < right_of_ten,
            }
        )
        for n in range(pairs)
    ]
    return CandidateScores(name, False, False, found, {WEEK: "counted"})


def measured(pairs: int = PAIRS) -> float:
    """Return the seconds of CPU that the figures of a report take."""
    candidate = scores_of("model", pairs, right_of_ten=7)
    incumbent = scores_of("incumbent", pairs, right_of_ten=6)
    titles = {
        f"incident-{n}": Title(
            WEEK, "Alert", f"severity-{n % 4}", f"service-{n % 200}", "Disk full"
        )
        for n in range(pairs)
    }
    details = AnswerDetails({}, dict.fromkeys(titles, TRUTH))
    plan = plan_review(MODEL, load_policy(), week=WEEK, days=[WEEK], under_review=1)
    begun = process_time()
    rows = [[one.model_dump() for one in side.repeats] for side in (candidate, incumbent)]
    sides = Sides(rows[0], rows[1], {})
    review = standing_of(plan, WEEK, lambda last: sides)
    around = Surroundings(standings={"model": review}, catalogue=[MODEL], details=details)
    report = build_report(WEEK, incumbent, [candidate], titles, around)
    seconds = process_time() - begun
    assert report.candidates[1].paired[0].pairs == pairs
    assert len(report.slices) > pairs // 5
    return seconds


def main() -> None:
    """Print the seconds; end with 1 if they exceed the aim."""
    pairs = int(sys.argv[1]) if len(sys.argv) > 1 else PAIRS
    seconds = measured(pairs)
    print(f"{pairs:,} pairs: {seconds:.1f} s (aim: {AIM_S:.0f} s for {PAIRS:,})")
    sys.exit(seconds > AIM_S)


if __name__ == "__main__":
    main()
