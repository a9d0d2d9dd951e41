"""The labels root: the one way in which labels are kept and read back.

It is a root of its own so that it can be withheld: a machine that only replays needs no read access
to it. Import rules keep this module away from everything that builds or sends a prompt.
"""

from replay_assets.contracts.arrow import arrow_schema
from replay_assets.contracts.evidence import QUARANTINE
from replay_assets.contracts.label import LABEL_VERSION, IncidentLabel
from replay_assets.lake import assets
from replay_assets.lake.formats import arrow_table
from replay_assets.lake.published import Published
from replay_assets.lake.store import Publication

CODE_VERSION = LABEL_VERSION


def labels_publication(
    labels: list[IncidentLabel], quarantine: list[dict[str, object]], *, facts: dict[str, object]
) -> Publication:
    """Return a day's labels, and those that can't be used, as one partition."""
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
    """Return a partition's labels by incident id; none if the labels root does not hold it."""
    if published is None:
        return {}
    labels = [IncidentLabel.read(row) for row in published.rows(published.address.asset)]
    return {label.incident_id: label for label in labels}
