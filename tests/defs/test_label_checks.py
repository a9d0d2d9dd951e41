"""The checks of a day's labels: each is read, and an answer can meet it."""

from pathlib import Path

from replay_assets.contracts.vocabulary import Vocabulary
from replay_assets.defs.label_checks import MET, READ, check_labels
from replay_assets.lake import Store, assets
from replay_assets.lake.labels import labels_publication
from tests.evaluation.records import label
from tests.source.rows import DAY


def test_labels_that_no_answer_can_meet_are_named_with_the_nearest_word(
    tmp_path: Path, vocabulary: Vocabulary
):
    """A warning, with counts; free text of a label is not repeated."""
    free_text = "the-only-copy-of-a-label, b, c, d"
    labels = [
        label(incident_id="inc-1", root_cause_category="Disk full"),
        label(incident_id="inc-2", root_cause_category="Disk full"),
        label(incident_id="inc-3", root_cause_component=free_text),
    ]
    bad: dict[str, object] = {"reasons": [f"not_a_label:{free_text}"], "incident_id": "inc-4"}
    publication = labels_publication(labels, [bad], facts={})
    day = Store(str(tmp_path)).publish(assets.INCIDENT_LABELS.at(DAY.day), publication)
    found = {one.check_name: one for one in check_labels(day, vocabulary)}
    assert {name: one.passed for name, one in found.items()} == {READ: False, MET: False}
    assert {name: one.value for name, one in found[READ].metadata.items()} == {"not_a_label": 1}
    assert {name: one.value for name, one in found[MET].metadata.items()} == {
        "root_cause_category 'Disk full' is not in the vocabulary (nearest: disk_exhaustion)": 2,
        "root_cause_component names 4 components, an answer names at most 3": 1,
    }
    assert free_text.split(",")[0] not in str(found)


def test_good_labels_pass(tmp_path: Path, vocabulary: Vocabulary):
    """A day without labels passes too."""
    for number, labels in enumerate(([], [label()])):
        publication = labels_publication(labels, [], facts={})
        day = Store(str(tmp_path / str(number))).publish(
            assets.INCIDENT_LABELS.at(DAY.day), publication
        )
        assert all(one.passed for one in check_labels(day, vocabulary))
