"""One training example: as a row in the Alpaca format, and as a row of the table `sft_export`."""

from datetime import datetime
from typing import Literal

from replay_assets.contracts.record import Part

TrainingLanguage = Literal["original", "follow", "en", "zh"]
"""`follow` uses the language of each incident. `original` is Chinese, in the original's exact form:
JSON null for what was not recorded, and no field that the original did not have."""
TRAINING_LANGUAGES: tuple[TrainingLanguage, ...] = ("original", "follow", "en", "zh")


class AlpacaMetadata(Part):
    """Where a training row came from.

    Every field is always a text, empty if it was not recorded, and every instant has the same
    spelling: readers take a column's type from the first rows, so that files of different weeks
    could not be loaded together otherwise. `language` is that of instruction and headings.
    """

    incident_id: str
    alertname: str
    verification_result: str
    collected_at: str
    schema_version: str
    matched_playbook_id: str
    language: str
    has_reasoning: bool


class AlpacaRow(Part):
    """Instruction, input, output: the format that most training tools read. All is sanitized.

    Its consumers fix the format, so the row has no version field; the manifest of the partition
    names the format.
    """

    instruction: str
    input: str
    output: str
    metadata: AlpacaMetadata


class OriginalMetadata(Part):
    """Where a training row came from, in the original's form."""

    incident_id: str
    alertname: str | None
    verification_result: str | None
    collected_at: str
    schema_version: str | None
    matched_playbook_id: str | None


class OriginalAlpacaRow(Part):
    """A training row in the original's form."""

    instruction: str
    input: str
    output: str
    metadata: OriginalMetadata


class TrainingRow(Part):
    """A row of the table `sft_export`: its columns have the same types in every week."""

    instruction: str
    input: str
    output: str
    incident_id: str
    alertname: str | None
    verification_result: str | None
    collected_at: datetime
    schema_version: str | None
    matched_playbook_id: str | None
    language: str
    has_reasoning: bool


ALPACA_FORMAT = "sft.alpaca.v2"
ORIGINAL_FORMAT = "sft.alpaca.v1"
EXPORT_ROWS: dict[str, type[Part]] = {
    "export_row": AlpacaRow,
    "export_row_original": OriginalAlpacaRow,
}
"""The rows whose JSON Schemas are published, by the name of the schema's file."""
