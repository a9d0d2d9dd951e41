"""The two baselines: a constant answer, and fixed rules over the evidence.

The score of a constant answer shows how much a metric is worth. Both use only ids that the
instructions offer, so they also work with a team's own vocabulary.
"""

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from replay_assets.inference.baselines.rules import diagnose

ACTION = re.compile(
    r"^- (?P<id>.+?) \(risk [a-z]+, changes(?P<nothing> nothing)?\): .*$", re.MULTILINE
)
CATEGORY = re.compile(r"^- (.+?): ", re.MULTILINE)
"""The two lists in a pack's instructions, as the pack's prompt writes them."""


@dataclass(frozen=True)
class Conversation:
    """What a baseline reads of a chat: the instructions and the question."""

    instructions: str
    question: str

    def action(self, wanted: Sequence[str]) -> str:
        """Return the first wanted action that is offered; else the first that changes nothing."""
        offered = {match["id"]: match["nothing"] for match in ACTION.finditer(self.instructions)}
        harmless = [one for one, nothing in offered.items() if nothing]
        return next((one for one in (*wanted, *harmless, *offered) if one in offered), wanted[0])

    def category(self, wanted: str) -> str:
        """Return a category if it is offered, else the first offered one."""
        offered = CATEGORY.findall(ACTION.sub("", self.instructions))
        return wanted if wanted in offered or not offered else offered[0]


def constant_answer(chat: Conversation) -> dict[str, object]:
    """Return the same safe answer to any question."""
    return {
        "proposed_action": "Change nothing and tell the owning team.",
        "action_plan": ["Keep watching the alert", "Hand over to the owning team"],
        "risk_level": "low",
        "requires_human_approval": True,
        "blocked_by_policy": False,
        "root_cause": {
            "components": ["unknown"],
            "category": chat.category("misconfiguration"),
            "statement": "No cause was looked for: this is a constant answer.",
        },
        "action_id": chat.action(("observe_only", "notify_owner")),
    }


def rules_answer(chat: Conversation) -> dict[str, object]:
    """Return what the fixed rules conclude from the evidence."""
    found = diagnose(chat.question)
    action = chat.action(found.actions)
    return {
        "proposed_action": f"{action.replace('_', ' ')}: {found.component}",
        "action_plan": [
            f"Confirm the sign: {found.sign}",
            f"{action.replace('_', ' ')} on {found.component}",
            "Watch the alert until it clears",
        ],
        "risk_level": found.risk,
        "requires_human_approval": found.asks,
        "blocked_by_policy": False,
        "root_cause": {
            "components": [found.component],
            "category": chat.category(found.category),
            # The answer contract allows no longer statement.
            "statement": f"{found.component}: {found.sign}"[:400],
        },
        "action_id": action,
    }


BASELINES: dict[str, Callable[[Conversation], dict[str, object]]] = {
    "rules-baseline": rules_answer,
    "constant-baseline": constant_answer,
}


def answer_text(model: str, chat: Conversation) -> str:
    """Return a baseline's answer as the JSON text of a chat completion."""
    return json.dumps(BASELINES[model](chat), ensure_ascii=False)
