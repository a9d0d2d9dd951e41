"""The tables of the report's page: weeks, flips and slices; and the points of its pictures."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from typing import NamedTuple

from replay_assets.contracts.evaluation_report import EvaluationReport
from replay_assets.contracts.report_details import Flip, Rate, Slice, TrendPoint
from replay_assets.evaluation.report.pictures import Point
from replay_assets.evaluation.report.slices import ENOUGH

MARKS = ("grader", "policy", "prices", "version")
MOST_SLICES = 30
"""Slices of a dimension that the page shows; report.json has all."""


class Week(NamedTuple):
    """A candidate's point of the trend, and the names of what changed since the week before."""

    point: TrendPoint
    changes: tuple[str, ...]


def trend_by_candidate(points: Sequence[TrendPoint]) -> dict[str, list[Week]]:
    """Return the weeks of each candidate, with marks where something else than answers changed."""
    names = dict.fromkeys(one.candidate_id for one in points)
    return {name: list(_weeks([p for p in points if p.candidate_id == name])) for name in names}


def _weeks(points: Sequence[TrendPoint]) -> Iterator[Week]:
    before: TrendPoint | None = None
    for one in points:
        changes = (
            ()
            if before is None
            else tuple(name for name in MARKS if getattr(one, name) != getattr(before, name))
        )
        yield Week(one, changes)
        before = one


def changes_by_week(trend: Mapping[str, Sequence[Week]]) -> dict[str, list[str]]:
    """Return what changed for all candidates or some in each week, except the candidates."""
    found: dict[str, set[str]] = {}
    for weeks in trend.values():
        for one in weeks:
            if shared := set(one.changes) - {"version"}:
                found.setdefault(one.point.week, set()).update(shared)
    return {week: [name for name in MARKS if name in found[week]] for week in sorted(found)}


class FlipTable(NamedTuple):
    """The flips of a candidate against another side, every regression first."""

    candidate: str
    against: str
    flips: list[Flip]

    @property
    def regressions(self) -> int:
        """How many incidents only the other side handled right."""
        return sum(one.kind == "regression" for one in self.flips)

    @property
    def improvements(self) -> int:
        """How many incidents only the candidate handled right."""
        return len(self.flips) - self.regressions


def flip_tables(report: EvaluationReport) -> list[FlipTable]:
    """Return one table per candidate and other side."""
    sides = groupby(report.flips, key=lambda one: (one.candidate_id, one.against))
    return [FlipTable(name, against, list(found)) for (name, against), found in sides]


class SliceTable(NamedTuple):
    """The slices of one dimension that are shown, and how many are not."""

    dimension: str
    slices: list[Slice]
    left_out: int


def slice_tables(report: EvaluationReport) -> list[SliceTable]:
    """Return one table per dimension that has more than one value."""
    tables = []
    for dimension, found in groupby(report.slices, key=lambda one: one.dimension):
        every = list(found)
        if len(every) > 1:
            shown = every[:MOST_SLICES]
            tables.append(SliceTable(dimension, shown, len(every) - len(shown)))
    return tables


def slice_state(rate: Rate, whole: Rate) -> str:
    """Return the word for a slice: it differs only if its interval excludes the rate of all."""
    if rate.low is None or rate.high is None or whole.rate is None:
        return "slice_none"
    if rate.denominator < ENOUGH:
        return "slice_few"
    if rate.high < whole.rate:
        return "slice_lower"
    return "slice_higher" if rate.low > whole.rate else "slice_same"


def quality_points(report: EvaluationReport, figure: str) -> list[Point]:
    """Return the candidates of a picture; those without a rate have no place in it."""
    found = []
    for one in report.candidates:
        primary = one.metrics["primary"]
        if primary.rate is None or primary.low is None or primary.high is None:
            continue
        found.append(
            Point(
                one.candidate_id,
                primary.rate,
                primary.low,
                primary.high,
                getattr(one, figure),
                one.baseline,
            )
        )
    return found
