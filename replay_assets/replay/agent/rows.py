"""The table of steps: one row per step of a turn."""

from collections.abc import Iterator
from typing import Any

from replay_assets.contracts.agent_event import AgentStepRow
from replay_assets.contracts.agent_turn import InferenceDetails, ShieldDetails, ToolDetails
from replay_assets.replay.agent.dialogues import Investigation


def step_rows(found: Investigation) -> Iterator[dict[str, Any]]:
    """Yield the rows of an investigation."""
    for number, step in enumerate(found.turn.steps, start=1):
        row = dict.fromkeys(AgentStepRow.model_fields)
        row |= {
            "incident_id": found.turn.incident_id,
            "candidate_id": found.result.candidate_id,
            "repeat": found.result.repeat,
            "turn_id": found.turn.turn_id,
            "step_id": step.step_id,
            "number": number,
            "step_type": step.step_type,
            "ms": step.details.ms,
            "started_at": step.started_at,
            **_columns_of(step.details),
        }
        yield row


def _columns_of(details: InferenceDetails | ShieldDetails | ToolDetails) -> dict[str, Any]:
    if isinstance(details, InferenceDetails):
        return {
            "outcome": details.ending,
            "calls": len(details.calls),
            "prompt_tokens": details.usage.prompt_tokens,
            "completion_tokens": details.usage.completion_tokens,
            "cost_usd": details.cost_usd,
        }
    if isinstance(details, ShieldDetails):
        return {
            "name": details.name,
            "touchpoint": details.touchpoint,
            "outcome": details.verdict,
            "findings": details.findings,
        }
    return {
        "name": details.name,
        "outcome": details.kind,
        "is_miss": details.is_miss,
        "is_mutating": details.is_mutating,
        "approval_requested": details.approval_requested,
    }
