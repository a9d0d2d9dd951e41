"""Requests and answers in the smallest form that the contracts allow, to be changed by a test."""

import json
from typing import Any

from replay_assets.contracts.answer import ANSWER_FIELDS, ORIGINAL_FIELDS
from replay_assets.contracts.request import REQUEST_VERSION

Request = dict[str, Any]


def request(incident_id: str = "inc-1", **changes: Any) -> Request:
    """Return one request of our pack format."""
    return {
        "schema_version": REQUEST_VERSION,
        "run_id": "replay-2026-09-21",
        "incident_id": incident_id,
        "system_prompt": "You answer.",
        "user_prompt": f"Evidence of {incident_id}",
        "incident_context": {"alertname": "A"},
        "source_metadata": {"evidence_id": "ev-1"},
        "response_contract": {"required": list(ANSWER_FIELDS), "forbidden": ["rca_correct"]},
        "metadata": {"request_only": True, "not_replacement_evidence": True},
        **changes,
    }


def original_request(
    incident_id: str = "inc-1", *, variant: str | None = None, **changes: Any
) -> Request:
    """Return one request of the original format: it names its candidate, and maybe its variant."""
    metadata = {"request_only": True, "not_replacement_evidence": True}
    return request(
        incident_id,
        candidate_id="nemotron",
        response_contract={"forbidden": ["rca_correct"]},
        metadata={**metadata, "candidate_variant_id": variant},
        **changes,
    )


def pack_bytes(*requests: Request) -> bytes:
    """Return a pack of requests."""
    return "".join(json.dumps(one) + "\n" for one in requests).encode()


def answer(**changes: Any) -> dict[str, Any]:
    """Return an answer that keeps the contract."""
    return {
        "proposed_action": "Restart orders-api",
        "action_plan": ["Restart", "Watch"],
        "risk_level": "low",
        "requires_human_approval": True,
        "blocked_by_policy": False,
        "root_cause": {
            "components": ["orders-api"],
            "category": "memory_exhaustion",
            "statement": "It leaks.",
        },
        "action_id": "restart_workload",
        **changes,
    }


def answer_text(**changes: Any) -> str:
    """Return such an answer as JSON."""
    return json.dumps(answer(**changes), ensure_ascii=False)


def original_answer() -> dict[str, Any]:
    """Return an answer with the original's five fields alone."""
    return {name: value for name, value in answer().items() if name in ORIGINAL_FIELDS}
