"""The shield against fields that grade an answer, found by their names.

Labels themselves can't be compared here: nothing that builds a prompt can reach them.
"""

import json

from replay_assets.contracts.agent_turn import Touchpoint
from replay_assets.contracts.self_grading import HELD_OUT_FIELDS
from replay_assets.contracts.shields import OnViolation
from replay_assets.replay.agent.shields.shield import PASS, Run, ShieldContext, ShieldResult
from replay_assets.sanitizing import find_label_leaks


class LabelLeakShield:
    """Finds held-out fields as keys in any text, also in JSON within it, not as words."""

    name = "label_leak"
    touchpoints: frozenset[Touchpoint] = frozenset(
        {"user-input", "tool-input", "tool-output", "assistant-output"}
    )

    def __init__(self, on_violation: OnViolation = "end_turn") -> None:
        self.on_violation = on_violation

    def run(self, text: str, touchpoint: Touchpoint, context: ShieldContext) -> Run:
        """Return a violation if the text has a held-out field as a key."""
        yield from ()
        found = find_label_leaks({"text": _parsed(text)}, {}, HELD_OUT_FIELDS)
        if not found:
            return PASS
        names = dict.fromkeys(one.split(" at ", 1)[0] for one in found)
        message = "The text contains a field that is held out from the model."
        return ShieldResult("violation", message, tuple(names))


def _parsed(text: str) -> object:
    """Return a text's JSON value, or the text if it is not JSON."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text
