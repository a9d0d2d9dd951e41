"""One incident as training material: sanitized once, before any trainer's format.

`evidence_rows` makes its rows.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from replay_assets.contracts.evidence import decision_of
from replay_assets.contracts.export_row import TrainingLanguage
from replay_assets.finetune.language import Language, language_of
from replay_assets.finetune.rows import Message
from replay_assets.finetune.texts import TextRules
from replay_assets.finetune.tool_sessions import recorded_session, session_messages
from replay_assets.parsing.reasoning import split_reasoning
from replay_assets.sanitizing import IncidentSanitizer, RuleSet


@dataclass(frozen=True)
class Example:
    """What was known of an incident, and what was decided and done about it. All is sanitized.

    `reasoning` is None if none was recorded or it is known to be wrong, `action` is what was
    executed first, and `succeeded` says that the newest repair is recorded as successful.
    `repair` has all steps of the newest repair, `failed_repairs` those of repairs that failed
    before, and `session` is the recorded session if it called tools.
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
    repair: str | None = None
    failed_repairs: tuple[str, ...] = ()
    session: tuple[Message, ...] = ()


def example_of(
    row: Mapping[str, Any],
    *,
    with_reasoning: bool,
    rules: RuleSet | None = None,
    language: TrainingLanguage = "follow",
    texts: TextRules | None = None,
    repairs: Sequence[Mapping[str, Any]] = (),
    messages: Sequence[Mapping[str, Any]] = (),
) -> Example | None:
    """Return an incident's example; None if neither reasoning nor action is recorded.

    Args:
        row: a row of `incident_evidence` whose newest repair succeeded or was not recorded.
        with_reasoning: False if the recorded reasoning is known to be wrong.
        rules: the sanitizing rules.
        language: the language of instruction and headings, or how it is chosen.
        texts: what texts go through, and where marks are counted.
        repairs: all repairs of the incident.
        messages: its recorded session.
    """
    texts = texts or TextRules()
    reasoning = reasoning_of(row) if with_reasoning else None
    action = executed_action(row)
    if not reasoning and not action:
        return None
    # Evidence before reasoning, so that ordinals of placeholders begin where a pack's do.
    raw = {
        "alertname": row["alertname"],
        "input": row["evidence_summary"],
        "sections": [reasoning, action],
        "matched_playbook_id": row["matched_playbook_id"],
        # After what every row has, so that its placeholders do not depend on these.
        "repair": executed_steps(row["repair_steps"], row["repair_playbook"]),
        "failed_repairs": _failed_repairs(repairs),
        "session": recorded_session(messages),
    }
    sanitizer = IncidentSanitizer(rules)
    clean = sanitizer.sweep(sanitizer.value(raw))
    said = [clean["input"], *(text for text in clean["sections"] if text)]
    evidence, clean_reasoning, clean_action = (
        text and texts.text(text) for text in (clean["input"], *clean["sections"])
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
        language=language_of("\n".join(said), language),
        in_original_form=language == "original",
        repair=clean["repair"] and texts.text(clean["repair"]),
        failed_repairs=tuple(texts.text(text) for text in clean["failed_repairs"]),
        session=session_messages(clean["session"], texts),
    )


def reasoning_of(row: Mapping[str, Any]) -> str | None:
    """Return the coordinator's reasoning, else its decision."""
    decision = decision_of(row)
    return _said(decision.get("reasoning")) or _said(decision.get("decision"))


def executed_action(row: Mapping[str, Any]) -> str | None:
    """Return the first executed step's action or text, else the playbook's name."""
    steps = json.loads(row["repair_steps"] or "null") or []
    first = _step(steps[0]) if steps else None
    return _said(first) or row["repair_playbook"] or None


def executed_steps(recorded: str | None, playbook: str | None) -> str | None:
    """Return what a repair did, one line for each step, else the playbook's name."""
    steps = (_said(_step(one)) for one in json.loads(recorded or "null") or ())
    return "\n".join(filter(None, steps)) or playbook or None


def _failed_repairs(repairs: Sequence[Mapping[str, Any]]) -> list[str]:
    steps = (
        executed_steps(one["executed_steps"], one["playbook_name"])
        for one in repairs
        if one["success"] is False
    )
    return [text for text in steps if text]


def _step(step: object) -> object:
    return step.get("action") or step.get("step") if isinstance(step, dict) else step


def _said(value: object) -> str | None:
    """Return a text without blocks of reasoning; None if nothing is left.

    A model that is trained on such a block would write it as a part of its answer.
    """
    text, _ = split_reasoning(value if isinstance(value, str) else None)
    return (text or "").strip() or None
