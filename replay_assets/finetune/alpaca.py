"""One incident as an Alpaca row: in the original's form, sanitized, without wrong reasoning.

Instruction and section titles are in Traditional Chinese, as in all earlier exports.
"""

import json
from collections.abc import Mapping
from typing import Any

from replay_assets.contracts.export_row import AlpacaMetadata, AlpacaRow
from replay_assets.sanitizing import IncidentSanitizer, RuleSet

INSTRUCTION = (
    "你是值班的維運工程師。請依據以下 AIOps 證據摘要，分析警報的根本原因，"
    "提出具體的修復步驟，並說明理由。"
)
DECISION, ACTION, RESULT = "AI 決策", "執行動作", "執行結果"
SUCCEEDED = "成功"


def alpaca_row(
    row: Mapping[str, Any], *, with_reasoning: bool, rules: RuleSet | None = None
) -> AlpacaRow | None:
    """Return an incident's training row; None if its output would be empty.

    Args:
        row: a row of `incident_evidence` whose newest repair succeeded or was not recorded.
        with_reasoning: False if the recorded reasoning is known to be wrong.
        rules: the sanitizing rules.
    """
    sections = [
        (DECISION, reasoning_of(row) if with_reasoning else None),
        (ACTION, executed_action(row)),
    ]
    found = [(title, text) for title, text in sections if text]
    if not found:
        return None
    if row["repair_success"]:
        found.append((RESULT, SUCCEEDED))
    sanitizer = IncidentSanitizer(rules)
    clean = sanitizer.value(
        {
            "alertname": row["alertname"],
            "input": row["evidence_summary"],
            "sections": [text for _, text in found],
            "matched_playbook_id": row["matched_playbook_id"],
        }
    )
    clean = sanitizer.sweep(clean)
    titles = [title for title, _ in found]
    return AlpacaRow(
        instruction=INSTRUCTION,
        input=clean["input"],
        output="\n\n".join(
            f"【{title}】\n{text}" for title, text in zip(titles, clean["sections"], strict=True)
        ),
        metadata=AlpacaMetadata(
            incident_id=row["incident_id"],
            alertname=clean["alertname"],
            verification_result=row["verification_result"],
            collected_at=row["collected_at"].isoformat(),
            schema_version=row["schema_version"],
            matched_playbook_id=clean["matched_playbook_id"],
        ),
    )


def reasoning_of(row: Mapping[str, Any]) -> str | None:
    """Return the coordinator's reasoning, else its decision."""
    decision = json.loads(row["coordinator_output"] or "null")
    if not isinstance(decision, dict):
        return None
    for key in ("reasoning", "decision"):
        if isinstance(decision.get(key), str) and decision[key].strip():
            return str(decision[key]).strip()
    return None


def executed_action(row: Mapping[str, Any]) -> str | None:
    """Return the first executed step's action or text, else the playbook's name."""
    steps = json.loads(row["repair_steps"] or "null") or []
    first = steps[0] if steps else None
    if isinstance(first, dict):
        first = first.get("action") or first.get("step")
    if isinstance(first, str) and first.strip():
        return first.strip()
    return row["repair_playbook"] or None
