"""How many more incidents a review needs, if what was seen so far goes on."""

from math import ceil, log
from typing import Any

from scipy.special import ndtri

from replay_assets.contracts.gate_policy import GatePolicy
from replay_assets.evaluation.gate.requirements import HARM_LEVEL
from replay_assets.statistics.detectable import POWER


def still_needed(figures: dict[str, Any], policy: GatePolicy) -> int | None:
    """Return about how many more incidents would show that the margin is kept, and no harm.

    None if there is no pair yet, or if the candidate seems to be worse than the margin allows.

    Args:
        figures: the figures of all incidents so far (`gate.review`).
        policy: the policy, with the review's share of alpha.
    """
    pairs, difference = figures["pairs"], figures["difference"]
    if not pairs or difference is None or difference <= -policy.margins["primary"]:
        return None
    differing = max((figures["wins"] + figures["losses"]) / pairs, 1 / pairs)
    reach = float(ndtri(1 - policy.alpha) + ndtri(POWER))
    distance = difference + policy.margins["primary"]
    for_margin = reach**2 * differing * figures["design_effect"] / distance**2
    strictest = min(policy.caps.values(), default=1.0)
    # With no event in n incidents, the exact upper bound is 1 - level^(1/n).
    for_caps = log(HARM_LEVEL) / log(1 - strictest) if strictest < 1 else 0.0
    wanted = max(for_margin, for_caps, policy.minimum_pairs)
    return max(0, ceil(wanted - pairs)) or None
