"""The JSON Schemas that are published with the contracts, by file name."""

import json
from importlib.resources import files

from replay_assets.contracts.agent_event import AgentEvent
from replay_assets.contracts.agent_turn import AgentTurn
from replay_assets.contracts.evaluation_report import EvaluationReport
from replay_assets.contracts.export_row import EXPORT_ROWS
from replay_assets.contracts.feedback import (
    FeedbackReward,
    FeedbackTriple,
    Judgement,
    LabelledTriple,
)
from replay_assets.contracts.gate_policy import GatePolicy
from replay_assets.contracts.judge_report import JudgeCard, JudgeReport
from replay_assets.contracts.label import IncidentLabel
from replay_assets.contracts.manifest import PartitionManifest
from replay_assets.contracts.promotion import Promotion
from replay_assets.contracts.record import Part
from replay_assets.contracts.recorded_call import RecordedCall
from replay_assets.contracts.request import ReplayRequest
from replay_assets.contracts.result import ReplayResult
from replay_assets.contracts.review import ReviewPlan
from replay_assets.contracts.run_report import RunReport
from replay_assets.contracts.score import ReplayScore
from replay_assets.contracts.tool_calling_report import ToolCallingReport
from replay_assets.contracts.tool_case import ToolCallingResult, ToolCase
from replay_assets.contracts.training_manifest import TrainingManifest

CONTRACTS: dict[str, type[Part]] = {
    "replay_request": ReplayRequest,
    "recorded_call": RecordedCall,
    "replay_result": ReplayResult,
    "run_report": RunReport,
    "incident_label": IncidentLabel,
    "replay_score": ReplayScore,
    "evaluation_report": EvaluationReport,
    "gate_policy": GatePolicy,
    "review_plan": ReviewPlan,
    "promotion": Promotion,
    "training_manifest": TrainingManifest,
    **EXPORT_ROWS,
    "partition_manifest": PartitionManifest,
    "feedback_triple": FeedbackTriple,
    "labelled_triple": LabelledTriple,
    "judgement": Judgement,
    "feedback_reward": FeedbackReward,
    "judge_card": JudgeCard,
    "judge_report": JudgeReport,
    "agent_event": AgentEvent,
    "agent_turn": AgentTurn,
    "tool_case": ToolCase,
    "tool_calling_result": ToolCallingResult,
    "tool_calling_report": ToolCallingReport,
}


def schema_text(name: str) -> str:
    """Return a contract's JSON Schema as published: sorted, indented, with a final newline."""
    model = CONTRACTS[name]
    schema = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        # As written: a field with a default is always there.
        **model.model_json_schema(mode="serialization"),
    }
    if version := getattr(model, "VERSION", None):
        schema["properties"]["schema_version"] = {"const": version}
    return json.dumps(schema, indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def published_schema(name: str) -> str:
    """Return the text of a published schema file."""
    return (files("replay_assets.contracts") / "schemas" / f"{name}.json").read_text("utf-8")
