"""The Alpaca row of an example: one section for each part that the example has."""

from typing import NamedTuple

from replay_assets.contracts.export_row import (
    AlpacaMetadata,
    AlpacaRow,
    OriginalAlpacaRow,
    OriginalMetadata,
)
from replay_assets.finetune.example import Example
from replay_assets.finetune.language import Language
from replay_assets.finetune.texts import utc_text


class Wording(NamedTuple):
    """The texts of a row that are not the incident's."""

    instruction: str
    decision: str
    action: str
    result: str
    succeeded: str


WORDINGS: dict[Language, Wording] = {
    # As in all exports of the original.
    "zh": Wording(
        instruction="你是值班的維運工程師。請依據以下 AIOps 證據摘要，分析警報的根本原因，"
        "提出具體的修復步驟，並說明理由。",
        decision="【AI 決策】",
        action="【執行動作】",
        result="【執行結果】",
        succeeded="成功",
    ),
    "en": Wording(
        instruction="You are the operations engineer on call. From the following summary of AIOps "
        "evidence, find the root cause of the alert, propose concrete repair steps, and give your "
        "reasons.",
        decision="[AI decision]",
        action="[Executed action]",
        result="[Result]",
        succeeded="success",
    ),
}


def alpaca_row(example: Example) -> AlpacaRow | OriginalAlpacaRow:
    """Return the row of an example."""
    instruction, output = texts_of(example)
    row = {"instruction": instruction, "input": example.evidence, "output": output}
    if example.in_original_form:
        return OriginalAlpacaRow(metadata=_original_metadata(example), **row)
    return AlpacaRow(metadata=_metadata(example), **row)


def texts_of(example: Example) -> tuple[str, str]:
    """Return the instruction and the output of an example."""
    wording = WORDINGS[example.language]
    sections = [
        (wording.decision, example.reasoning),
        (wording.action, example.action),
        (wording.result, wording.succeeded if example.succeeded else None),
    ]
    output = "\n\n".join(f"{title}\n{text}" for title, text in sections if text)
    return wording.instruction, output


def _metadata(example: Example) -> AlpacaMetadata:
    return AlpacaMetadata(
        incident_id=example.incident_id,
        alertname=example.alertname or "",
        verification_result=example.verification_result or "",
        collected_at=utc_text(example.collected_at),
        schema_version=example.schema_version or "",
        matched_playbook_id=example.matched_playbook_id or "",
        language=example.language,
        has_reasoning=example.reasoning is not None,
    )


def _original_metadata(example: Example) -> OriginalMetadata:
    return OriginalMetadata(
        incident_id=example.incident_id,
        alertname=example.alertname,
        verification_result=example.verification_result,
        collected_at=example.collected_at.isoformat(),
        schema_version=example.schema_version,
        matched_playbook_id=example.matched_playbook_id,
    )
