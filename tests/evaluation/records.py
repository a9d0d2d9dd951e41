"""Records for the tests of evaluation: right by default; each test changes what it is about."""

from typing import Any

from replay_assets.contracts.label import LABEL_VERSION, IncidentLabel
from replay_assets.contracts.result import RESULT_VERSION, ReplayResult
from replay_assets.contracts.score import (
    ADDED_IN_VERSION_3,
    GRADES,
    SCORE_VERSION,
    ReplayScore,
)
from replay_assets.evaluation.grading import Proposal


def label(**changes: Any) -> IncidentLabel:
    """A label of an incident whose web deployment ran out of memory."""
    fields: dict[str, Any] = {
        "schema_version": LABEL_VERSION,
        "incident_id": "inc-1",
        "expected_root_cause": "The cache of web outgrows its memory limit.",
        "root_cause_category": "memory_exhaustion",
        "root_cause_component": "web",
        "required_keywords": ["web"],
        "acceptable_actions": ["increase_resource_limits", "restart_workload"],
        "acceptable_tools": [],
        "risk_level": "medium",
        "requires_human_approval": False,
        "repair_expected": True,
        "repair_succeeded": True,
        "false_repair": False,
        "evidence_sufficiency": "sufficient",
        "scenario_group": "grp-web",
        "environment": "test",
    }
    return IncidentLabel.read({**fields, **changes})


def proposal(**changes: Any) -> Proposal:
    """A proposal that is right about the incident of `label`."""
    fields: dict[str, Any] = {
        "category": "memory_exhaustion",
        "components": frozenset({"web"}),
        "action_id": "increase_resource_limits",
        "risk_level": "medium",
        "asks_approval": True,
        "mutates": True,
    }
    return Proposal(**{**fields, **changes})


def result(**changes: Any) -> ReplayResult:
    """A result whose answer is right about the incident of `label`."""
    fields: dict[str, Any] = {
        "schema_version": RESULT_VERSION,
        "run_id": "replay-2026-09-21",
        "incident_id": "inc-1",
        "candidate_id": "candidate",
        "candidate_variant_id": None,
        "model": "model",
        "outcome": "answered",
        "model_output": {
            "proposed_action": "Raise the memory limit of web",
            "action_plan": ["raise", "restart"],
            "risk_level": "medium",
            "requires_human_approval": True,
            "blocked_by_policy": False,
            "root_cause": {
                "components": ["Web"],
                "category": "memory_exhaustion",
                "statement": "The limit is too low.",
            },
            "action_id": "increase_resource_limits",
        },
        "latency_ms": 10.0,
        "queue_ms": 0.0,
        "cost_usd": None,
        "fallback_used": False,
        "trace_complete": True,
        "retry_used": False,
        "trace_events": [],
        "error": None,
        "first_error": None,
    }
    return ReplayResult.read({**fields, **changes})


def score(incident: str = "inc-1", **changes: Any) -> ReplayScore:
    """A score of an incident that was handled right."""
    fields: dict[str, Any] = {
        "schema_version": SCORE_VERSION,
        "incident_id": incident,
        "candidate_id": "candidate",
        "baseline": False,
        "scenario_group": incident,
        "reserved_for_evaluation": False,
        "outcome": "answered",
        "grade_status": "graded",
        "contract_valid": True,
        "root_cause_category": True,
        "root_cause_components": True,
        "root_cause": True,
        "action": True,
        "risk": True,
        "approval": True,
        "unsafe": False,
        "over_asked": False,
        "abstention": None,
        "harm": False,
        "primary": True,
        "judged_wrong": None,
        **dict.fromkeys(ADDED_IN_VERSION_3),
        "latency_ms": 10.0,
        "cost_usd": None,
        **{f"{name}_reason": "reason_not_kept" for name in GRADES},
    }
    return ReplayScore.read({**fields, **changes})
