"""A candidate compared with something else on the same incidents."""

from typing import Literal

from replay_assets.contracts.record import Part

Against = Literal["incumbent", "last_promoted", "baseline", "no_evidence"]


class PairedComparison(Part):
    """The difference of the primary grade, the candidate's minus the other's, in fractions of 1.

    Figures are None if no incident has a grade on both sides.

    Attributes:
        against: what the candidate is compared with.
        name: its candidate id.
        pairs: incidents that both sides have a grade for.
        groups: their scenario groups.
        difference: the mean difference.
        low: lower end of its 95 % interval.
        high: upper end.
        gate_low: the gate's lower bound, at the level of the look.
        gate_high: the gate's upper bound.
        wins: incidents that only the candidate handled right; repeats count as fractions.
        losses: incidents that only the other handled right.
        mid_p: McNemar's two-sided mid-p value, without regard to groups.
        icc: correlation within scenario groups.
        design_effect: by what factor groups raise the variance.
        effective_pairs: independent pairs that would say as much.
        detectable: the true difference that would be shown with a probability of 80 %.
        p_better: one-sided p-value of "the candidate is better".
        p_adjusted: the same with Holm's correction over all comparisons of the candidate.
        if_failed_wrong: the difference if every answer that failed had been wrong; None if every
            request was answered.
        if_failed_right: the difference if all of them had been right.
    """

    against: Against
    name: str
    pairs: int
    groups: int
    difference: float | None
    low: float | None
    high: float | None
    gate_low: float | None
    gate_high: float | None
    wins: float | None
    losses: float | None
    mid_p: float | None
    icc: float | None
    design_effect: float | None
    effective_pairs: float | None
    detectable: float | None
    p_better: float | None
    p_adjusted: float | None
    if_failed_wrong: float | None
    if_failed_right: float | None
