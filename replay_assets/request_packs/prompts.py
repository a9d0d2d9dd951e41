"""The prompts of a request: instructions with the full vocabulary, then one incident's evidence.

The vocabulary is only in the instructions. Changing a word of a prompt changes every answer, so
`PROMPT_VERSION` must change with it.
"""

from replay_assets.contracts.answer import (
    ANSWER_FIELDS,
    MAX_COMPONENTS,
    MAX_STATEMENT_CHARACTERS,
    RISK_LEVELS,
)
from replay_assets.contracts.self_grading import SELF_GRADING_FIELDS
from replay_assets.contracts.vocabulary import Vocabulary

PROMPT_VERSION = "2"

INSTRUCTIONS = """\
You are the incident responder of a production platform. You read the evidence that was collected \
for one incident and propose what to do. Nothing you propose is executed: a person decides.

Answer in the language of the evidence. Name the parts at fault as the evidence names them. Where \
nothing is wrong, say so and change nothing. Where the evidence does not carry a conclusion, say \
so and ask for approval.

A placeholder such as <IP_PRIV_1> stands for a value that was masked before you saw it: same name \
and number, same value. That is no fault of the system. Where the part at fault is masked, name it \
by its placeholder. What stands between ‹ and › was in the evidence like that and masks nothing.

Root-cause categories (answer with the id):
{categories}

Actions (answer with the id; "changes" means that it changes a running system):
{actions}

Approval: {approval_en} {approval_zh}"""


def system_prompt(vocabulary: Vocabulary) -> str:
    """Return the instructions, which are the same for every incident of a pack."""
    categories = [
        f"- {category.id}: {category.en} / {category.zh}"
        for category in vocabulary.root_cause_categories
    ]
    actions = [
        f"- {action.id} (risk {action.risk}, changes{'' if action.mutates else ' nothing'}): "
        f"{action.en} / {action.zh}"
        for action in vocabulary.actions
    ]
    return INSTRUCTIONS.format(
        categories="\n".join(categories),
        actions="\n".join(actions),
        approval_en=vocabulary.approval_rule.en,
        approval_zh=vocabulary.approval_rule.zh,
    )


def user_prompt(
    *, alertname: str | None, severity: str | None, labels: dict[str, object], evidence: str
) -> str:
    """Return one incident's evidence as text; all arguments must already be sanitized."""
    lines = [f"Alert: {alertname or 'not recorded'}", f"Severity: {severity or 'not recorded'}"]
    if labels:
        lines.append("Labels:")
        lines += [f"  {name}: {value}" for name, value in sorted(labels.items())]
    return "\n".join([*lines, "", "Evidence:", evidence])


def response_contract() -> dict[str, object]:
    """Return what an answer must contain, and the fields that it must not contain."""
    return {
        "required": list(ANSWER_FIELDS),
        "fields": {
            "proposed_action": "one sentence: what should be done",
            "action_plan": "list of steps, each a string",
            "risk_level": f"one of {', '.join(RISK_LEVELS)}: the risk of the proposed action",
            "requires_human_approval": "true or false",
            "blocked_by_policy": "true or false: does a policy forbid the action",
            "root_cause": {
                "components": f"list of 1 to {MAX_COMPONENTS} names of the parts at fault",
                "category": "one id of the root-cause categories",
                "statement": f"the cause, at most {MAX_STATEMENT_CHARACTERS} characters",
            },
            "action_id": "one id of the actions: the first thing to do",
        },
        "forbidden": list(SELF_GRADING_FIELDS),
    }
