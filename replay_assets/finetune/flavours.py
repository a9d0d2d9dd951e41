"""The training formats of an export, each written to a separate file.

A new flavour is one entry here, the function that turns an example into its row, and the record of
that row in `contracts`.
"""

from collections.abc import Callable
from dataclasses import dataclass

from replay_assets.contracts.export_row import ALPACA_FORMAT, TrainingRow
from replay_assets.contracts.record import Part
from replay_assets.finetune.alpaca import alpaca_row, texts_of
from replay_assets.finetune.example import Example


@dataclass(frozen=True)
class Flavour:
    """One training format: `format` names it and its version in the manifest."""

    name: str
    format: str
    row_of: Callable[[Example], Part]

    @property
    def file_name(self) -> str:
        """The name of the training file in the export's partition."""
        return f"sft.{self.name}.train.jsonl"


ALPACA = Flavour("alpaca", ALPACA_FORMAT, alpaca_row)
FLAVOURS = (ALPACA,)
LOGGED = ALPACA
"""The flavour that the source's `finetune_exports` records: it has one row per week."""


def training_row(example: Example) -> TrainingRow:
    """Return an example as a row of the table that has the same columns in every week."""
    instruction, output = texts_of(example)
    return TrainingRow(
        instruction=instruction,
        input=example.evidence,
        output=output,
        incident_id=example.incident_id,
        alertname=example.alertname,
        verification_result=example.verification_result,
        collected_at=example.collected_at,
        schema_version=example.schema_version,
        matched_playbook_id=example.matched_playbook_id,
        language=example.language,
        has_reasoning=example.reasoning is not None,
    )
