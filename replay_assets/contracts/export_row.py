"""One training example in the Alpaca form, and what is known of where it came from."""

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
    """Instruction, input, output: the form that most trainers read. Everything is sanitized.

    The form is fixed by its consumers, so the row itself has no version field; the manifest of the
    partition names it.
    """

    instruction: str
    input: str
    output: str
    metadata: AlpacaMetadata


ALPACA_FORMAT = "sft.alpaca.v1"
