"""What a candidate must answer, and the codes of what it can get wrong."""

ORIGINAL_FIELDS = (
    "proposed_action",
    "action_plan",
    "risk_level",
    "requires_human_approval",
    "blocked_by_policy",
)
"""The five answer fields of the original system. Without a root cause, there is only free text to
grade."""

DIAGNOSIS_FIELDS = ("root_cause", "action_id")
"""The fields that our packs add, so that rules can grade an answer."""

ANSWER_FIELDS = (*ORIGINAL_FIELDS, *DIAGNOSIS_FIELDS)

RISK_LEVELS = ("low", "medium", "high", "critical")
"""From the lowest to the highest: grading compares their positions."""

MAX_COMPONENTS = 3
MAX_STATEMENT_CHARACTERS = 400
"""Both limits are in the prompt of every request: another value makes other packs."""

CONTENT_MISSING = "chat_completion_content_missing"
NOT_AN_OBJECT = "model_output_not_object"
SELF_GRADING = "model_output_contains_self_grading_field"
MISSING_FIELDS = "model_output_missing_fields"
INVALID_RISK = "invalid_risk_level"
PLAN_NOT_LIST = "action_plan_not_list"
INVALID_BOOLEAN = "invalid_boolean"
INVALID_TEXT = "invalid_text"
INVALID_ROOT_CAUSE = "invalid_root_cause"
UNKNOWN_CATEGORY = "unknown_root_cause_category"
UNKNOWN_ACTION = "unknown_action_id"
AMBIGUOUS = "model_output_ambiguous"
