"""One incident as something to learn from: sanitized once, before any training tool's format.

A flavour (`flavours`) turns it into the row that its consumers read.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from replay_assets.contracts.export_row import TrainingLanguage
from replay_assets.finetune.language import Language, language_of
from replay_assets.finetune.trainer_marks import break_marks, marks_in
from replay_assets.parsing.reasoning import split_reasoning
from replay_assets.sanitizing import IncidentSanitizer, RuleSet


@dataclass(frozen=True)
class Example:
    """What was known of an incident, and what was decided and done about it. All is sanitized.

    `reasoning` is None if none was recorded or it is known to be wrong, `action` is what was
    executed first, and `succeeded` says that the newest repair is recorded as successful.
    `broken_marks` are the marks of trainers that the texts had.
    """

    incident_id: str
    alertname: str | None
    evidence: str
    reasoning: str | None
    action: str | None
    succeeded: bool
    verification_result: str | None
    collected_at: datetime
    schema_version: str | None
    matched_playbook_id: str | None
    language: Language
    in_original_form: bool
    broken_marks: tuple[str, ...]


def example_of(
    row: Mapping[str, Any],
    *,
    with_reasoning: bool,
    rules: RuleSet | None = None,
    language: TrainingLanguage = "follow",
) -> Example | None:
    """Return an incident's example; None if neither reasoning nor action is recorded.

    Args:
        row: a row of `incident_evidence` whose newest repair succeeded or was not recorded.
        with_reasoning: False if the recorded reasoning is known to be wrong.
        rules: the sanitizing rules.
        language: the language of instruction and headings, or how it is chosen.
    """
    reasoning = reasoning_of(row) if with_reasoning else None
    action = executed_action(row)
    if not reasoning and not action:
        return None
    sanitizer = IncidentSanitizer(rules)
    # Evidence before reasoning, so that ordinals of placeholders begin where a pack's do.
    clean = sanitizer.value(
        {
            "alertname": row["alertname"],
            "input": row["evidence_summary"],
            "sections": [reasoning, action],
            "matched_playbook_id": row["matched_playbook_id"],
        }
    )
    clean = sanitizer.sweep(clean)
    texts = [clean["input"], *(text for text in clean["sections"] if text)]
    evidence, clean_reasoning, clean_action = (
        text and break_marks(text) for text in (clean["input"], *clean["sections"])
    )
    return Example(
        incident_id=row["incident_id"],
        alertname=clean["alertname"],
        evidence=evidence,
        reasoning=clean_reasoning,
        action=clean_action,
        succeeded=bool(row["repair_success"]),
        verification_result=row["verification_result"],
        collected_at=row["collected_at"],
        schema_version=row["schema_version"],
        matched_playbook_id=clean["matched_playbook_id"],
        language=language_of("\n".join(texts), language),
        in_original_form=language == "original",
        broken_marks=tuple(mark for text in texts for mark in marks_in(text)),
    )


def reasoning_of(row: Mapping[str, Any]) -> str | None:
    """Return the coordinator's reasoning, else its decision."""
    decision = json.loads(row["coordinator_output"] or "null")
    if not isinstance(decision, dict):
        return None
    return _said(decision.get("reasoning")) or _said(decision.get("decision"))


def executed_action(row: Mapping[str, Any]) -> str | None:
    """Return the first executed step's action or text, else the playbook's name."""
    steps = json.loads(row["repair_steps"] or "null") or []
    first = steps[0] if steps else None
    if isinstance(first, dict):
        first = first.get("action") or first.get("step")
    return _said(first) or row["repair_playbook"] or None


def _said(value: object) -> str | None:
    """Return a text without blocks of reasoning; None if nothing is left.

    A model that is trained on such a block would write it as a part of its answer.
    """
    text, _ = split_reasoning(value if isinstance(value, str) else None)
    return (text or "").strip() or None
