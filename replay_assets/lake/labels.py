"""The labels root: the one way in which labels are kept and read back.

It is a root of its own so that it can be withheld: a machine that only replays needs no read access
to it. Import rules keep this module away from everything that builds or sends a prompt.
"""

from replay_assets.contracts.evidence import QUARANTINE
from replay_assets.contracts.label import LABEL_TABLE, LABEL_VERSION, IncidentLabel, label_rows
from replay_assets.lake.addresses import Address
from replay_assets.lake.formats import table_of
from replay_assets.lake.store import Publication, Published, Store

ASSET = "incident_labels"


def publication_of(
    labels: list[IncidentLabel], quarantine: list[dict[str, object]], *, facts: dict[str, object]
) -> Publication:
    """Return a day's labels, and those that can't be used, as one partition."""
    return Publication(
        tables={
            ASSET: table_of(label_rows(labels), LABEL_TABLE),
            "quarantine": table_of(quarantine, QUARANTINE),
        },
        facts=facts,
        code_version=LABEL_VERSION,
    )


def labels_of(store: Store, day: str) -> tuple[dict[str, IncidentLabel], Published | None]:
    """Return a day's labels by incident id; none where the labels root holds nothing."""
    published = store.find(Address(ASSET, day))
    if published is None:
        return {}, None
    labels = [IncidentLabel.read(row) for row in published.rows(ASSET)]
    return {label.incident_id: label for label in labels}, published


def graded_from_present(
    scores: Published, *, raw: Published | None, truth: Published | None, vocabulary_digest: str
) -> bool:
    """Tell whether scores were made from the evidence, labels and vocabulary that now exist.

    Labels that were taken away can't be compared: what was graded by them stays graded.
    """
    return (
        scores.was_made_from("incident_evidence", raw)
        and scores.names_input("vocabulary", vocabulary_digest)
        and (truth is None or scores.was_made_from(ASSET, truth))
    )
