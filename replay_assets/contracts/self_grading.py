"""Names of fields that grade a record: a request or an answer must not contain one of them.

In a request such a field would reveal the outcome; in an answer the model would grade itself.
"""

SELF_GRADING_FIELDS = (
    "evaluation_labels",
    "verification_result",
    "execution_success",
    "execution_error",
    "self_healing_score",
    "rca_correct",
    "tool_dry_run_pass",
    "repair_success",
    "false_repair",
)
"""The original's self-grading fields, in its order."""

HELD_OUT_FIELDS = (
    *SELF_GRADING_FIELDS,
    "expected_root_cause",
    "root_cause_category",
    "root_cause_component",
    "required_keywords",
    "acceptable_actions",
    "acceptable_tools",
    "repair_expected",
    "repair_succeeded",
    "evidence_sufficiency",
    "scenario_group",
    "label_origin",
)
"""All fields that our packs hide from the model: the fields above and those of a label."""
