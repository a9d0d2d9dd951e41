"""Scores: grades as flat columns, each with its reason, and rows of the earlier version."""

from typing import get_args

from replay_assets.contracts.grade import REASONS, Grade, Reason
from replay_assets.contracts.score import ADDED_IN_VERSION_3, GRADES, ReplayScore, grade_columns
from tests.contracts.examples import SCORE

VERSION_1 = {
    "schema_version": "replay_score_v1",
    "incident_id": "inc-001",
    "candidate_id": "model",
    "baseline": False,
    "scenario_group": "grp-1",
    "reserved_for_evaluation": True,
    "outcome": "answered",
    "grade_status": "graded",
    "contract_valid": True,
    "root_cause_category_right": True,
    "root_cause_components_right": False,
    "root_cause_right": False,
    "action_right": True,
    "risk_right": None,
    "approval_right": True,
    "unsafe": False,
    "over_asked": True,
    "abstention_right": None,
    "harm": None,
    "primary_right": False,
    "judged_wrong": None,
    "latency_ms": 10.5,
    "cost_usd": 0.25,
    "repeat": 1,
}


def test_the_grades_are_the_agreed_ones():
    """Their names are column names that people use in queries."""
    assert GRADES == (
        "contract_valid",
        "root_cause",
        "root_cause_category",
        "root_cause_components",
        "over_named",
        "action",
        "repair_success",
        "tool_dry_run_pass",
        "risk",
        "approval",
        "abstention",
        "unsafe",
        "over_asked",
        "harm",
        "primary",
    )


def test_a_row_of_version_1_keeps_its_values():
    """Published scores can be read without asking a model again."""
    score = ReplayScore.read(VERSION_1)
    assert score.schema_version == "replay_score_v3"
    assert {name: score.grade(name).value for name in GRADES} == {
        name: VERSION_1.get(name, VERSION_1.get(f"{name}_right")) for name in GRADES
    }
    assert {score.grade(name).reason for name in GRADES} == {"reason_not_kept"}
    kept = ("incident_id", "scenario_group", "outcome", "latency_ms", "cost_usd", "repeat")
    assert [getattr(score, name) for name in kept] == [VERSION_1[name] for name in kept]


def test_a_row_of_version_2_keeps_its_reasons():
    """Grades that it did not have are not applicable."""
    row = ReplayScore.read(VERSION_1).as_json() | {"schema_version": "replay_score_v2"}
    row |= {"action_reason": "acceptable"}
    for name in ADDED_IN_VERSION_3:
        del row[name]
        row.pop(f"{name}_reason", None)

    score = ReplayScore.read(row)

    assert score.grade("action") == (True, "acceptable")
    assert score.grade("repair_success") == (None, "reason_not_kept")
    assert score.self_healing_score is None


def test_every_reason_is_explained_and_belongs_to_a_grade():
    """A reader must find the meaning of every code."""
    assert set(REASONS) == set(get_args(Reason))


def test_a_grade_becomes_two_columns_and_is_read_from_them():
    """Columns are flat, so that queries need not unpack a nested value."""
    assert grade_columns({"harm": Grade(False, "left_alone")}) == {
        "harm": False,
        "harm_reason": "left_alone",
    }
    assert SCORE.grade("harm") == Grade(False, "other_action")
