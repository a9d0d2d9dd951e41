"""The field names by which a record would grade itself: never in a request, never in an answer."""

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
"""Everything that our own packs keep from the model: the fields above and those of a label."""
