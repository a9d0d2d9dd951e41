"""One training example in the Alpaca format, and where it came from."""

from replay_assets.contracts.record import Part


class AlpacaMetadata(Part):
    """Where a training row came from."""

    incident_id: str
    alertname: str | None
    verification_result: str | None
    collected_at: str
    schema_version: str | None
    matched_playbook_id: str | None


class AlpacaRow(Part):
    """Instruction, input, output: the format that most training tools read. All is sanitized.

    Its consumers fix the format, so the row has no version field; the manifest of the partition
    names the format.
    """

    instruction: str
    input: str
    output: str
    metadata: AlpacaMetadata


ALPACA_FORMAT = "sft.alpaca.v1"
EXPORT_ROWS: dict[str, type[Part]] = {"export_row": AlpacaRow}
"""The rows whose JSON Schemas are published, by the name of the schema's file."""
