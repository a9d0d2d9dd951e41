"""Triples, replies and judges for the tests of feedback."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from replay_assets.contracts.feedback import FeedbackTriple, LabelledTriple
from replay_assets.feedback.labels import shipped_labels
from replay_assets.feedback.model_judge import ModelJudge
from replay_assets.inference import RunStores, SendingGate
from tests.inference.scripted_server import Script, candidate

FOLLOW_UPS = Path(__file__).parent / "follow_ups.jsonl"
LABELS = shipped_labels()


def follow_ups() -> list[LabelledTriple]:
    """Return the follow-ups that were labelled by hand before the rules were written."""
    lines = FOLLOW_UPS.read_text(encoding="utf-8").splitlines()
    return [LabelledTriple.model_validate_json(line) for line in lines]


def triple(name: str = "a", said: str = "thanks, fixed", **changes: Any) -> FeedbackTriple:
    """Return a triple."""
    return FeedbackTriple(
        **{"id": name, "query_t": "Why?", "answer_t": "The pool.", "query_t1": said, **changes}
    )


def label(name: str, confidence: object = 0.9, rationale: str = "It says so.") -> str:
    """Return an answer of a judge."""
    return json.dumps({"label": name, "confidence": confidence, "rationale": rationale})


def judge_at(
    server: Script, *, stores: RunStores | None = None, secrets: Sequence[str] = (), **changes: Any
) -> ModelJudge:
    """Return a judge at a scripted endpoint."""
    limits = {"concurrency": 8, "timeout_s": 5, "retry_budget_s": 0.05}
    entry = candidate(server.base_url, **{"role": "judge", "limits": limits, **changes})
    stores = stores or RunStores.in_memory()
    return ModelJudge(entry, LABELS, None, stores, SendingGate(secrets=secrets))
