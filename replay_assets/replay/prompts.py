"""The conversation that a request becomes, in each prompt variant, and the one repair call."""

import json
from collections.abc import Sequence
from typing import Any

from replay_assets.contracts.question import base_question, required_fields
from replay_assets.contracts.request import CONTRACT_TUNED, NO_EVIDENCE, ReplayRequest
from replay_assets.contracts.vocabulary import Vocabulary
from replay_assets.inference import Message
from replay_assets.sanitizing import mask_strict

PROMPT_VERSION = "1"
"""Part of the key of a cached answer: after a change of these texts, all is asked again."""
# Enough to see what was wrong, and as many as in the original runner.
EXCERPT_CHARACTERS = 1200


# Without real ids: one would be an answer for free, and a bias for every model.
EXAMPLE: dict[str, Any] = {
    "proposed_action": "Restart the deployment web after raising its memory limit",
    "action_plan": ["Raise the limit", "Restart the deployment", "Watch the alert for 30 minutes"],
    "risk_level": "medium",
    "requires_human_approval": True,
    "blocked_by_policy": False,
    "root_cause": {
        "components": ["web"],
        "category": "<an id of the categories>",
        "statement": "web is killed whenever its cache outgrows the memory limit.",
    },
    "action_id": "<an id of the actions>",
}


def conversation(
    request: ReplayRequest, variant: str | None, vocabulary: Vocabulary
) -> list[Message]:
    """Return the messages of the first call."""
    if variant == CONTRACT_TUNED:
        question = _tuned(request, vocabulary)
    elif variant == NO_EVIDENCE:
        question = base_question(request, _without_evidence(request))
    else:
        question = base_question(request, request.user_prompt)
    return [
        {"role": "system", "content": request.system_prompt},
        {"role": "user", "content": question},
    ]


def repair_conversation(
    messages: Sequence[Message], *, error: str, invalid_answer: str
) -> list[Message]:
    """Return the messages of the one call that asks to repair an answer."""
    # A secret that the model made up would be blocked by the gate, and the repair with it.
    excerpt = mask_strict(invalid_answer)[:EXCERPT_CHARACTERS]
    demand = (
        f"Your answer broke the response contract: {error}\n"
        "Answer again with one JSON object that keeps it, and nothing else."
    )
    return [
        *messages,
        {"role": "assistant", "content": excerpt},
        {"role": "user", "content": demand},
    ]


def _without_evidence(request: ReplayRequest) -> str:
    """Return only the alert's name, as if no evidence had been collected."""
    context = request.incident_context
    return (
        f"Alert: {context.get('alertname') or 'not recorded'}\n"
        f"Severity: {context.get('severity') or 'not recorded'}\n\n"
        "Evidence: left out on purpose."
    )


def _tuned(request: ReplayRequest, vocabulary: Vocabulary) -> str:
    contract = {k: v for k, v in request.response_contract.items() if k != "forbidden"}
    example = {name: EXAMPLE[name] for name in required_fields(request) if name in EXAMPLE}
    return "\n".join(
        [
            "Response contract:",
            json.dumps(contract, ensure_ascii=False, indent=2),
            "",
            "A valid answer looks like this:",
            json.dumps(example, ensure_ascii=False),
            "",
            f"Approval policy: {' '.join(vocabulary.approval_rule.en.split())}",
            "Answer with one JSON object and nothing else.",
            "",
            request.user_prompt,
        ]
    )
