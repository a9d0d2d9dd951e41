"""The Alpaca row of an example, in the original's form.

Instruction and section titles are in Traditional Chinese, as in all earlier exports.
"""

from replay_assets.contracts.export_row import AlpacaMetadata, AlpacaRow
from replay_assets.finetune.example import Example

INSTRUCTION = (
    "你是值班的維運工程師。請依據以下 AIOps 證據摘要，分析警報的根本原因，"
    "提出具體的修復步驟，並說明理由。"
)
DECISION, ACTION, RESULT = "AI 決策", "執行動作", "執行結果"
SUCCEEDED = "成功"


def alpaca_row(example: Example) -> AlpacaRow:
    """Return the row of an example: one section for each part that it has."""
    sections = [
        (DECISION, example.reasoning),
        (ACTION, example.action),
        (RESULT, SUCCEEDED if example.succeeded else None),
    ]
    return AlpacaRow(
        instruction=INSTRUCTION,
        input=example.evidence,
        output="\n\n".join(f"【{title}】\n{text}" for title, text in sections if text),
        metadata=AlpacaMetadata(
            incident_id=example.incident_id,
            alertname=example.alertname,
            verification_result=example.verification_result,
            collected_at=example.collected_at,
            schema_version=example.schema_version,
            matched_playbook_id=example.matched_playbook_id,
        ),
    )
