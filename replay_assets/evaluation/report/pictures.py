"""Pictures of the report as SVG in the page: quality against cost or latency, and the trend."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from math import log10

from markupsafe import Markup

from replay_assets.contracts.report_details import TrendPoint

WIDTH, HEIGHT = 560, 300
LEFT, RIGHT, TOP, BOTTOM = 44, 190, 16, 40
"""Margins; names of points are written in the right one."""
UNKNOWN_BAND = 70
"""The part at the left for what has no known cost: it must be seen, but not as 0."""
SHAPES = ("circle", "square", "diamond", "triangle", "cross", "ring")
"""Each candidate has its shape and colour, because some readers can't tell colours apart."""
LONGEST_NAME = 23
"""Characters of a name that fit into the right margin."""


@dataclass(frozen=True)
class Point:
    """A candidate in a picture: its primary rate with bounds, and its cost or latency."""

    name: str
    rate: float
    low: float
    high: float
    figure: float | None
    baseline: bool


def pareto(
    points: Sequence[Point], *, title: str, axis: str, unknown: str, order: Sequence[str] = ()
) -> Markup:
    """Return a picture of the primary rate over a figure of which less is better.

    A line joins the candidates that no other one beats in both.

    Args:
        points: the candidates.
        title: what the picture shows, for readers who don't see it.
        axis: the name of the figure.
        unknown: the word for candidates whose figure is not known.
        order: all candidates; in pictures with the same order, each has the same mark.
    """
    known = sorted({one.figure for one in points if one.figure is not None})
    scale = _Scale(known[0], known[-1]) if known else _Scale(0, 1)
    parts = [*_frame(), _text(LEFT + UNKNOWN_BAND + 6, HEIGHT - 8, axis, "soft")]
    if any(one.figure is None for one in points):
        parts.append(_text(LEFT + 2, HEIGHT - 22, unknown, "soft"))
    parts += [
        _text(scale.x(value), HEIGHT - 24, f"{value:,.4g}", "soft middle")
        for value in dict.fromkeys(known[:1] + known[-1:])
    ]
    best = _frontier(points)
    if len(best) > 1:
        way = " ".join(f"{scale.x(one.figure or 0):.1f},{_y(one.rate):.1f}" for one in best)
        parts.append(f'<polyline class="frontier" points="{way}"/>')
    taken: list[float] = []
    numbers = _numbers(order, [one.name for one in points])
    for one in points:
        number = numbers[one.name]
        x = LEFT + UNKNOWN_BAND / 2 if one.figure is None else scale.x(one.figure)
        parts += [_interval(x, one.low, one.high, number), _mark(x, _y(one.rate), number)]
        parts += _label(x, _y(one.rate), one.name, number, taken)
    return _svg(title, parts)


def trend_picture(
    points: Sequence[TrendPoint],
    *,
    title: str,
    changes: Mapping[str, str],
    order: Sequence[str] = (),
) -> Markup:
    """Return a picture of the primary rate of each candidate over weeks, with its bounds.

    Args:
        points: the candidates in the weeks.
        title: what the picture shows.
        changes: what else changed in a week, such as the grader; drawn as a line.
        order: as for `pareto`.
    """
    weeks = sorted({one.week for one in points})
    names = list(dict.fromkeys(one.candidate_id for one in points))
    space = WIDTH - LEFT - RIGHT - 30
    parts = list(_frame())
    for week in dict.fromkeys(weeks[:1] + weeks[-1:]):
        x = _x_of(weeks, week, space)
        parts.append(_text(x, HEIGHT - 22, week, "soft middle"))
    for week, words in changes.items():
        x = _x_of(weeks, week, space) - 12
        parts.append(
            f'<line class="frontier" x1="{x:.1f}" y1="{TOP}" x2="{x:.1f}" y2="{HEIGHT - BOTTOM}"/>'
        )
        parts.append(_text(x + 3, TOP + 8, words, "soft"))
    taken: list[float] = []
    numbers = _numbers(order, names)
    for place, name in enumerate(names):
        number, shift = numbers[name], 5 * (place - (len(names) - 1) / 2)
        own = [
            (_x_of(weeks, one.week, space) + shift, one)
            for one in points
            if one.candidate_id == name and one.rate is not None
        ]
        way = " ".join(f"{x:.1f},{_y(one.rate or 0):.1f}" for x, one in own)
        parts.append(f'<polyline class="line c{number % len(SHAPES)}" points="{way}"/>')
        for x, one in own:
            parts += [_interval(x, one.low or 0, one.high or 0, number)]
            parts += [_mark(x, _y(one.rate or 0), number)]
        if own:
            parts += _label(WIDTH - RIGHT - 6, _y(own[-1][1].rate or 0), name, number, taken)
    return _svg(title, parts)


def _numbers(order: Sequence[str], names: Sequence[str]) -> dict[str, int]:
    """Return the number by which each candidate has its colour and shape."""
    return {name: number for number, name in enumerate(dict.fromkeys([*order, *names]))}


@dataclass(frozen=True)
class _Scale:
    """Positions of figures; logarithmic if they differ by more than a factor of 20."""

    least: float
    most: float

    def x(self, value: float) -> float:
        left, right = LEFT + UNKNOWN_BAND + 20, WIDTH - RIGHT - 20
        if self.most <= self.least:
            return (left + right) / 2
        if self.least > 0 and self.most / self.least > 20:
            share = log10(value / self.least) / log10(self.most / self.least)
        else:
            share = (value - self.least) / (self.most - self.least)
        return left + share * (right - left)


def _frontier(points: Iterable[Point]) -> list[Point]:
    """Return the points that no other one beats in rate and figure, by figure."""
    best: list[Point] = []
    priced = [one for one in points if one.figure is not None]
    for one in sorted(priced, key=lambda point: (point.figure or 0, -point.rate)):
        if not best or one.rate > best[-1].rate:
            best.append(one)
    return best


def _x_of(weeks: Sequence[str], week: str, space: float) -> float:
    return LEFT + 30 + (space * weeks.index(week) / (len(weeks) - 1) if len(weeks) > 1 else 0)


def _y(rate: float) -> float:
    return TOP + (1 - rate) * (HEIGHT - TOP - BOTTOM)


def _frame() -> Iterable[str]:
    for share in (0.0, 0.25, 0.5, 0.75, 1.0):
        y = _y(share)
        yield f'<line class="grid" x1="{LEFT}" y1="{y:.1f}" x2="{WIDTH - RIGHT}" y2="{y:.1f}"/>'
        yield _text(LEFT - 6, y + 4, f"{share:.0%}", "soft end")


def _interval(x: float, low: float, high: float, number: int) -> str:
    colour = number % len(SHAPES)
    return (
        f'<line class="whisker c{colour}" x1="{x:.1f}" y1="{_y(low):.1f}" '
        f'x2="{x:.1f}" y2="{_y(high):.1f}"/>'
    )


def _mark(x: float, y: float, number: int) -> str:
    # After six candidates, colours come again with other shapes.
    colour, shape = number % len(SHAPES), SHAPES[(number + number // len(SHAPES)) % len(SHAPES)]
    ends = {
        "square": "-5,-5 5,-5 5,5 -5,5",
        "diamond": "0,-7 7,0 0,7 -7,0",
        "triangle": "0,-6 6,5 -6,5",
        "cross": "-6,-2 -2,-2 -2,-6 2,-6 2,-2 6,-2 6,2 2,2 2,6 -2,6 -2,2 -6,2",
    }
    at = f'class="mark c{colour}{" ring" if shape == "ring" else ""}"'
    if shape not in ends:
        return f'<circle {at} cx="{x:.1f}" cy="{y:.1f}" r="5"/>'
    return f'<polygon {at} transform="translate({x:.1f} {y:.1f})" points="{ends[shape]}"/>'


def _label(x: float, y: float, name: str, number: int, taken: list[float]) -> list[str]:
    """Return a name in the right margin with a thin line to its point; names never overlap."""
    # The nearest free line; one below the frame would be read as a name of its axis.
    lines = (y + 4 + sign * 15 * step for step in range(20) for sign in (1, -1))
    free = (line for line in lines if all(abs(line - other) >= 15 for other in taken))
    at = next((line for line in free if TOP <= line <= HEIGHT - BOTTOM + 6), y + 4)
    taken.append(at)
    left = WIDTH - RIGHT + 10
    half = LONGEST_NAME // 2
    # Its end too: the names of a candidate and its control differ there.
    short = name if len(name) <= LONGEST_NAME else f"{name[:half]}…{name[-half:]}"
    return [
        f'<line class="leader" x1="{x + 7:.1f}" y1="{y:.1f}" x2="{left - 2}" y2="{at - 4:.1f}"/>',
        _mark(left + 6, at - 4, number),
        _text(left + 16, at, short, "name"),
    ]


def _text(x: float, y: float, words: str, kind: str) -> str:
    return f'<text class="{kind}" x="{x:.1f}" y="{y:.1f}">{escape(words)}</text>'


def _svg(title: str, parts: Iterable[str]) -> Markup:
    head = f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{escape(title)}">'
    # Every text in it is escaped.
    return Markup(head + "".join(parts) + "</svg>")  # noqa: S704
