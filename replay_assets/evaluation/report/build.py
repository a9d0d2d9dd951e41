"""The weekly report: one set of figures, written as JSON, Parquet, HTML and Markdown."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from replay_assets.contracts.arrow import arrow_schema
from replay_assets.contracts.calendar import days_of_week
from replay_assets.contracts.evaluation_report import ReportRow
from replay_assets.contracts.score import INCUMBENT
from replay_assets.evaluation.grading import GRADERS
from replay_assets.evaluation.report.render import render
from replay_assets.evaluation.report.summary import METRICS, Summary, constant_wins, summarize
from replay_assets.evaluation.report.verdict import Verdict, decide
from replay_assets.evaluation.scored_days import ScoredWeek
from replay_assets.lake import assets
from replay_assets.lake.formats import encode_json, table_of
from replay_assets.lake.store import Publication

CODE_VERSION = "2"
REPORT_VERSION = "evaluation_report_v2"


@dataclass(frozen=True)
class WeekReport:
    """A week's figures. `summaries` holds the incumbent first, then candidates, then baselines."""

    week: str
    summaries: dict[str, Summary]
    verdicts: dict[str, Verdict]
    days: dict[str, dict[str, str]]
    incidents: list[dict[str, Any]]
    constant_wins: dict[str, bool]
    not_replayed: list[str]
    inputs: dict[str, str]

    def publication(self) -> Publication:
        """Return the report as a partition."""
        document = self.document()
        return Publication(
            tables={
                assets.EVALUATION_REPORT.table: table_of(self._rows(), arrow_schema(ReportRow))
            },
            files={
                assets.REPORT_FILE: encode_json(document),
                assets.REPORT_HTML_FILE: render("report.html.j2", document).encode(),
                assets.REPORT_MARKDOWN_FILE: render("report.md.j2", document).encode(),
            },
            inputs=self.inputs,
            facts={
                "verdicts": {name: verdict.decision for name, verdict in self.verdicts.items()},
                "incidents": len(self.incidents),
            },
            code_version=CODE_VERSION,
        )

    def document(self) -> dict[str, Any]:
        """Return everything that the report says, as JSON."""
        return {
            "schema_version": REPORT_VERSION,
            "week": self.week,
            "last_day": days_of_week(self.week)[-1],
            "candidates": [
                {
                    **asdict(summary),
                    "verdict": asdict(self.verdicts[name]) if name in self.verdicts else None,
                    "days": self.days[name],
                }
                for name, summary in self.summaries.items()
            ],
            "metrics": [
                {**asdict(metric), "constant_wins": self.constant_wins[metric.name]}
                for metric in METRICS
            ],
            "not_replayed": self.not_replayed,
            "incidents": self.incidents,
        }

    def _rows(self) -> list[dict[str, Any]]:
        return [
            {
                "candidate_id": name,
                "baseline": summary.baseline,
                "verdict": self.verdicts[name].decision if name in self.verdicts else None,
                "metric": metric.name,
                "better": metric.better,
                "constant_wins": self.constant_wins[metric.name],
                **asdict(summary.metrics[metric.name]),
            }
            for name, summary in self.summaries.items()
            for metric in METRICS
        ]


def build_report(
    week: str,
    incumbent: ScoredWeek,
    candidates: Sequence[ScoredWeek],
    titles: Mapping[str, tuple[str, str]],
    *,
    inputs: Mapping[str, str],
) -> WeekReport:
    """Return the report of a week from the scores of every candidate that has a day in it.

    Args:
        week: the Monday that names the week.
        incumbent: what production did.
        candidates: every candidate of the catalogue.
        titles: the day and the alert name of each incident.
        inputs: the digests of the partitions that the scores were read from.
    """
    present = [one for one in candidates if any(state != "missing" for state in one.days.values())]
    ordered = sorted(present, key=lambda one: one.baseline)
    weeks = {one.candidate_id: one for one in (incumbent, *ordered)}
    summaries = {
        name: summarize(name, one.scores, baseline=one.baseline) for name, one in weeks.items()
    }
    constant = {name for name, one in weeks.items() if one.constant}
    comparable = on_common_incidents(weeks)
    return WeekReport(
        week=week,
        summaries=summaries,
        verdicts={
            name: decide(
                summaries[name],
                one.scores,
                incumbent.scores,
                uncounted_days=one.uncounted_days,
            )
            for name, one in weeks.items()
            if name != INCUMBENT
        },
        days={name: dict(one.days) for name, one in weeks.items()},
        incidents=_incidents(weeks, titles),
        constant_wins={
            metric.name: constant_wins(comparable, metric, constant) for metric in METRICS
        },
        not_replayed=[one.candidate_id for one in candidates if one not in present],
        inputs=dict(inputs),
    )


def on_common_incidents(weeks: Mapping[str, ScoredWeek]) -> dict[str, Summary]:
    """Return figures over the incidents that every replayed candidate has a score of.

    Rates over different days can't tell whether a constant answer does as well.
    """
    replayed = [one for one in weeks.values() if one.scores]
    ids = [{score.incident_id for score in one.scores} for one in replayed]
    common = set.intersection(*ids) if ids else set()
    return {
        one.candidate_id: summarize(
            one.candidate_id,
            [score for score in one.scores if score.incident_id in common],
            baseline=one.baseline,
        )
        for one in replayed
    }


def _incidents(
    weeks: Mapping[str, ScoredWeek], titles: Mapping[str, tuple[str, str]]
) -> list[dict[str, Any]]:
    """Return one entry an incident: what each candidate's answer was worth, no label text."""
    graded = {
        (name, score.incident_id): {
            "outcome": score.outcome,
            "grade_status": score.grade_status,
            **{grader.name: score.grade(grader.name).value for grader in GRADERS if grader.mark},
        }
        for name, one in weeks.items()
        for score in one.scores
    }
    return [
        {
            "incident_id": incident,
            "day": day,
            "alertname": alertname,
            "grades": {name: graded.get((name, incident)) for name in weeks},
        }
        for incident, (day, alertname) in titles.items()
    ]
