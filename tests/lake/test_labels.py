"""The labels root: labels are read back unchanged; without access there are no labels."""

from pathlib import Path

from replay_assets.contracts.evidence import QUARANTINE
from replay_assets.lake import assets
from replay_assets.lake.labels import labels_of, labels_publication
from replay_assets.lake.store import Store
from tests.contracts.examples import sample_labels

LABELS = assets.INCIDENT_LABELS
DAY = "2026-09-21"


def test_labels_read_back_by_incident(tmp_path: Path):
    """Grading looks up a label by the incident's id."""
    labels = sample_labels()
    store = Store(str(tmp_path))
    made = store.publish(LABELS.at(DAY), labels_publication(labels, [], facts={"read": 69}))
    assert labels_of(store.find(LABELS.at(DAY))) == {label.incident_id: label for label in labels}
    assert made.facts == {"read": 69}


def test_a_withheld_root_gives_no_labels_and_no_error(tmp_path: Path):
    """A machine that only replays needs no access to labels."""
    assert labels_of(Store(str(tmp_path / "withheld")).find(LABELS.at(DAY))) == {}


def test_labels_that_cannot_be_used_are_in_the_same_root(tmp_path: Path):
    """A quarantined label is still a label: it must not be stored with the evidence."""
    row = {"source_table": "labels", "incident_id": "inc-1", "reasons": ["x:y"], "raw_row": "{}"}
    store = Store(str(tmp_path))
    made = store.publish(LABELS.at(DAY), labels_publication([], [dict(row)], facts={}))
    assert made.table("quarantine").schema.equals(QUARANTINE)
    assert made.rows("quarantine") == [{**row, "row_id": None}]
    assert made.rows(LABELS.table) == []
