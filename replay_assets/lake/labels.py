"""The labels root: the only module that stores labels and reads them back.

Labels have a separate root, so that access to it can be denied: a machine that only replays needs
no read access. Import rules forbid this module to all code that builds or sends a prompt.
"""

from replay_assets.contracts.arrow import arrow_schema
from replay_assets.contracts.evidence import QUARANTINE
from replay_assets.contracts.label import IncidentLabel
from replay_assets.lake import assets
from replay_assets.lake.formats import arrow_table
from replay_assets.lake.published import Published
from replay_assets.lake.store import Publication

CODE_VERSION = "2"


def labels_publication(
    labels: list[IncidentLabel], quarantine: list[dict[str, object]], *, facts: dict[str, object]
) -> Publication:
    """Return a day's labels and the quarantined ones as one partition."""
    return Publication(
        tables={
            assets.INCIDENT_LABELS.table: arrow_table(
                (one.as_json() for one in labels), arrow_schema(IncidentLabel)
            ),
            assets.QUARANTINE: arrow_table(quarantine, QUARANTINE),
        },
        facts=facts,
        code_version=CODE_VERSION,
    )


def labels_of(published: Published | None) -> dict[str, IncidentLabel]:
    """Return a partition's labels by incident id; empty if the partition does not exist."""
    if published is None:
        return {}
    labels = [IncidentLabel.read(row) for row in published.rows(published.address.asset)]
    return {label.incident_id: label for label in labels}
