"""The paired table: a candidate next to everything that it is compared with, on the same incidents.

The gate decides by its policy; this table also shows the comparisons that a reader asks for: with
the last promoted candidate, and with the same model without evidence.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from replay_assets.contracts.comparison import Against, PairedComparison
from replay_assets.evaluation.gate.comparison import LEAST_ICC, Comparison, compare
from replay_assets.evaluation.gate.sides import Row, Side
from replay_assets.statistics.holm import holm

METRIC = "primary"


class Other(NamedTuple):
    """What a candidate is compared with, and its rows in the same incidents."""

    against: Against
    name: str
    rows: Sequence[Row]


def paired_table(
    candidate: Iterable[Row], others: Iterable[Other], level: float
) -> tuple[PairedComparison, ...]:
    """Return one comparison on the primary grade per other side, in the order given.

    Args:
        candidate: the candidate's rows.
        others: what it is compared with; those without a common incident are listed too.
        level: the one-sided level of the gate's bounds.
    """
    ours = Side.of(candidate)
    sides = [(one, Side.of(one.rows)) for one in others]
    compared = [compare(ours, side, METRIC) for _, side in sides]
    p_better = {str(n): one.p_better() for n, one in enumerate(compared) if one.pairs}
    adjusted = holm(p_better)
    return tuple(
        PairedComparison(
            against=one.against,
            name=one.name,
            **comparison_figures(found, level),
            **rounded({"p_better": p_better.get(str(n)), "p_adjusted": adjusted.get(str(n))}),
            **_ends(ours, side),
        )
        for n, ((one, side), found) in enumerate(zip(sides, compared, strict=True))
    )


def comparison_figures(compared: Comparison, level: float) -> dict[str, Any]:
    """Return the figures of a comparison; all except the counts are None without a pair."""
    if not compared.pairs:
        return dict.fromkeys(COMPARED) | {"pairs": 0, "groups": 0}
    mean = compared.mean
    low, high = compared.shown_bounds()
    gate_low, gate_high = compared.bounds(level)
    figures = {
        "difference": mean.mean,
        "low": low,
        "high": high,
        "gate_low": gate_low,
        "gate_high": gate_high,
        "wins": compared.wins,
        "losses": compared.losses,
        "mid_p": compared.mid_p(),
        "icc": mean.icc,
        "design_effect": mean.design_effect(LEAST_ICC),
        "effective_pairs": compared.effective_pairs,
        "detectable": compared.detectable(level),
    }
    return {"pairs": compared.pairs, "groups": mean.groups, **rounded(figures)}


COMPARED = (
    "pairs", "groups", "difference", "low", "high", "gate_low", "gate_high",
    "wins", "losses", "mid_p", "icc", "design_effect", "effective_pairs", "detectable",
)  # fmt: skip


def rounded(figures: Mapping[str, float | None]) -> dict[str, float | None]:
    """Return figures with six digits: the last bits differ between machines."""
    return {name: None if one is None else float(f"{one:.6g}") for name, one in figures.items()}


def _ends(ours: Side, other: Side) -> dict[str, float | None]:
    """Return the difference if all answers that failed had been wrong, and if right."""
    if not ours.failed:
        return {"if_failed_wrong": None, "if_failed_right": None}
    wrong, right = (compare(ours, other, METRIC, failed_as=end) for end in (0.0, 1.0))
    return rounded(
        {
            "if_failed_wrong": wrong.mean.mean if wrong.pairs else None,
            "if_failed_right": right.mean.mean if right.pairs else None,
        }
    )
