"""The weeks before a report: what earlier reports in the lake say, without reading scores again.

Earlier reports are not inputs of a report. The trend quotes what was reported, and no verdict is
made from it; if each report were an input of the next twelve, remaking one would make all of them
stale. Scores of earlier days on which a verdict does depend are inputs: if one changes, this report
is stale too, and has the new points once it is made again.
"""

from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from typing import Any

from replay_assets.contracts.evaluation_report import ReportRow
from replay_assets.contracts.report_details import TrendPoint
from replay_assets.lake import Store, assets

WEEKS = 12
"""Weeks before the report that the trend shows."""


def earlier_weeks(lake: Store, week: str) -> list[TrendPoint]:
    """Return the points of the reports before a week, the oldest first."""
    monday = date.fromisoformat(week)
    return [
        point
        for back in range(WEEKS, 0, -1)
        for point in _points_of(lake, (monday - timedelta(weeks=back)).isoformat())
    ]


def _points_of(lake: Store, week: str) -> Iterator[TrendPoint]:
    published = lake.find(assets.EVALUATION_REPORT.at(week))
    rows = [] if published is None else published.rows(assets.EVALUATION_REPORT.table)
    yield from points(week, rows)


def points_of_rows(week: str, rows: list[ReportRow]) -> list[TrendPoint]:
    """Return the points of a week's own rows."""
    return list(points(week, [row.model_dump() for row in rows]))


def points(week: str, rows: list[dict[str, Any]]) -> Iterator[TrendPoint]:
    """Yield one point per candidate; columns that an earlier release did not have are None."""
    harm = {row["candidate_id"]: row for row in rows if row["metric"] == "harm"}
    for row in rows:
        if row["metric"] != "primary":
            continue
        harmful: Mapping[str, Any] = harm.get(row["candidate_id"], {})
        yield TrendPoint(
            week=week,
            candidate_id=row["candidate_id"],
            rate=row["rate"],
            low=row["low"],
            high=row["high"],
            harm=harmful.get("numerator", 0),
            harm_of=harmful.get("denominator", 0),
            p95_latency_ms=row.get("p95_latency_ms"),
            cost_usd_per_incident=row.get("cost_usd_per_incident"),
            grader=row.get("grader"),
            policy=row.get("policy"),
            prices=row.get("prices"),
            version=row.get("candidate_version"),
        )
