"""PROMOTE, HOLD or INCONCLUSIVE: one look of a review, from the scores of all its incidents."""

from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from typing import Any, Literal, TypedDict

from replay_assets.contracts.evaluation_report import Decision
from replay_assets.contracts.gate_policy import GatePolicy, load_policy
from replay_assets.errors import ContractError
from replay_assets.evaluation.gate.comparison import Comparison, compare
from replay_assets.evaluation.gate.paired import COMPARED, comparison_figures, rounded
from replay_assets.evaluation.gate.requirements import (
    Shortfall,
    better_than_baselines,
    ceilings_kept,
    enough,
    floors_reached,
    harm_bounds,
    no_harm,
    not_worse,
    percent,
    wins,
)
from replay_assets.evaluation.gate.sides import Row, Side
from replay_assets.statistics.spending import fractions_of, nominal_levels

Look = Literal["historic"] | int


class Review(TypedDict):
    """A decision, its reasons with the most important first, and the figures behind it.

    Figures are fractions of 1; those of a comparison are None without a pair, and all are None if
    too few requests were answered.
    """

    decision: Decision
    reasons: list[str]
    figures: dict[str, Any]


def review(
    candidate: Iterable[Row],
    incumbent: Iterable[Row],
    baselines: Mapping[str, Iterable[Row]],
    *,
    policy: Mapping[str, Any] | GatePolicy | None = None,
    look: Look = "historic",
) -> Review:
    """Decide whether a candidate may replace what runs today.

    Args:
        candidate: rows of `replay_scores`, all of the review so far; repeats are separate rows.
        incumbent: the rows of what production did in the same incidents.
        baselines: the rows of each baseline, by its id.
        policy: what a candidate must show, as in the policy file; the shipped one if None.
        look: "historic" for a single look over the past, or the number of a forward look, from 1.
            A forward look spends the policy's alpha up to it; with several candidates under review,
            pass a policy with their share of it.

    Raises:
        ContractError: the policy is not valid, or a side has not the form above.
        ValueError: the policy has no look of that number.
    """
    if not isinstance(baselines, Mapping):
        raise ContractError(
            "baselines: pass the rows of each by its id, such as {'constant': [...]}"
        )
    rules = _policy(policy)
    level = level_of(rules, look)
    ours, theirs = Side.of(candidate), Side.of(incumbent)
    yardsticks = {name: Side.of(rows) for name, rows in baselines.items()}
    if doubt := _unanswered(ours, rules):
        return Review(decision="INCONCLUSIVE", reasons=[doubt], figures=_no_figures(ours, rules))
    compared = compare(ours, theirs, "primary")
    shortfalls = list(_shortfalls(ours, theirs, yardsticks, rules, level))
    figures = _figures(ours, compared, yardsticks, rules, level)
    held = [one.says for one in shortfalls if one.kind == "hold"]
    still_open = [one.says for one in shortfalls if one.kind == "open"]
    if held:
        return Review(decision="HOLD", reasons=held + still_open, figures=figures)
    gains = [one.says for one in wins(ours, theirs, yardsticks, rules, level)]
    if rules.compared_with == "baselines":
        gains = ["better than every baseline"]
    if still_open or not gains:
        lacking = [] if gains else ["no win over the incumbent is shown"]
        return Review(
            decision="INCONCLUSIVE", reasons=still_open + lacking + gains, figures=figures
        )
    return Review(decision="PROMOTE", reasons=gains, figures=figures)


def level_of(policy: GatePolicy, look: Look) -> float:
    """Return the one-sided level of a look.

    Raises:
        ValueError: the policy has no look of that number.
    """
    if look == "historic":
        return policy.alpha
    if isinstance(look, bool) or not isinstance(look, int) or not 1 <= look <= len(policy.looks):
        raise ValueError(
            f"look {look!r}: the policy has the looks 1 to {len(policy.looks)}, or use 'historic'"
        )
    return nominal_levels(policy.alpha, fractions_of(policy.looks))[look - 1]


@cache
def _shipped_policy() -> GatePolicy:
    return load_policy()


def _policy(policy: Mapping[str, Any] | GatePolicy | None) -> GatePolicy:
    if policy is None:
        return _shipped_policy()
    if isinstance(policy, GatePolicy):
        return policy
    if not isinstance(policy, Mapping):
        raise ContractError(f"the policy is {policy!r:.40}; pass a mapping as in policy.yaml")
    return GatePolicy.read(policy)


def _unanswered(candidate: Side, policy: GatePolicy) -> str | None:
    if not candidate.rows:
        return "the candidate has no scores"
    if candidate.answered_share < policy.minimum_answered:
        return (
            f"{percent(candidate.answered_share)} of {len(candidate.rows)} requests were answered; "
            f"the policy needs {percent(policy.minimum_answered)}, so no score is shown"
        )
    return None if candidate.graded else "no incident of the candidate has a usable label"


def _shortfalls(
    ours: Side, theirs: Side, yardsticks: Mapping[str, Side], policy: GatePolicy, level: float
) -> Iterator[Shortfall]:
    yield from no_harm(ours, policy)
    yield from floors_reached(ours, policy)
    yield from ceilings_kept(ours, policy)
    if policy.compared_with == "baselines":
        yield from better_than_baselines(ours, yardsticks, level)
        return
    yield from enough(compare(ours, theirs, "primary"), policy)
    yield from not_worse(ours, theirs, policy, level)


def _figures(
    ours: Side,
    compared: Comparison,
    yardsticks: Mapping[str, Side],
    policy: GatePolicy,
    level: float,
) -> dict[str, Any]:
    caps = {}
    for metric, cap in policy.caps.items():
        events, incidents, low, high = harm_bounds(ours, metric)
        bounds = rounded({"low": low, "high": high, "cap": cap})
        caps[metric] = {"events": events, "incidents": incidents, **bounds}
    return {
        "margin": policy.margins["primary"],
        "level": level,
        **comparison_figures(compared, level),
        "answered": ours.answered_share,
        "outcomes": ours.outcomes,
        "caps": caps,
        "baselines": {
            name: comparison_figures(compare(ours, side, "primary"), level)
            for name, side in yardsticks.items()
        },
    }


def _no_figures(ours: Side, policy: GatePolicy) -> dict[str, Any]:
    return {
        "margin": policy.margins["primary"],
        "level": None,
        **dict.fromkeys(COMPARED),
        "answered": ours.answered_share,
        "outcomes": ours.outcomes,
        "caps": {},
        "baselines": {},
    }
