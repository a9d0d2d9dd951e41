"""A day's labels: kept as recorded; bad ones are quarantined; there may be none."""

from pathlib import Path

import pytest

from replay_assets.contracts.arrow import arrow_schema
from replay_assets.contracts.calendar import day_window
from replay_assets.contracts.evidence import QUARANTINE
from replay_assets.contracts.label import LABEL_VERSION, IncidentLabel
from replay_assets.evidence.labels import extract_labels
from replay_assets.source.connection.database import IncidentDatabase
from tests.source.rows import DAY, execute, incident, label, load


def facts(*, read: int, kept: int, source_has_labels: bool = True) -> dict[str, object]:
    return {
        "window_start": DAY.start.isoformat(),
        "source_has_labels": source_has_labels,
        "read": read,
        "kept": kept,
        "quarantined": read - kept,
    }


def test_a_label_is_kept_with_its_nulls(database: IncidentDatabase, tmp_path: Path):
    """A field that was not recorded is null, never a default: false would be a statement."""
    recorded = label(acceptable_actions=["wait", "等待"], repair_expected=False, risk_level="low")
    load(database, tmp_path, labels=[recorded])
    publication = extract_labels(database, DAY)
    (row,) = publication.tables["incident_labels"].to_pylist()
    nulls = dict.fromkeys(IncidentLabel.model_fields)
    assert row == {**nulls, **recorded, "schema_version": LABEL_VERSION}
    assert IncidentLabel.read(row).requires_human_approval is None
    assert publication.facts == facts(read=1, kept=1)


def test_a_label_is_in_the_day_of_its_incident(database: IncidentDatabase, tmp_path: Path):
    """A label has no time; one of an unknown incident is in no day."""
    load(
        database,
        tmp_path,
        incident_evidence=[incident(1), incident(2, collected_at="2026-09-22T06:00:00Z")],
        labels=[label(1), label(2), label(3)],
    )
    ids = [
        extract_labels(database, day_window(day, "Asia/Taipei"))
        .tables["incident_labels"]["incident_id"]
        .to_pylist()
        for day in ("2026-09-21", "2026-09-22", "2026-09-23")
    ]
    assert ids == [["inc-1"], ["inc-2"], []]


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        pytest.param("required_keywords = '[1]'", "not_a_label:IncidentLabel: required_keywords",
                     id="keywords of numbers"),
        pytest.param("repair_expected = 'maybe'", "not_a_label:IncidentLabel: repair_expected",
                     id="maybe is no boolean"),
        pytest.param("acceptable_actions = '{}'", "wrong_json_type:acceptable_actions",
                     id="object for list"),
        pytest.param("acceptable_tools = '['", "invalid_json:acceptable_tools", id="cut off"),
        pytest.param("scenario_group = char(0)", "nul_character:scenario_group", id="NUL"),
    ],
)  # fmt: skip
def test_a_bad_label_is_quarantined_and_the_others_are_kept(
    change: str, reason: str, tmp_path: Path
):
    """Its incident is then unlabelled, not graded by a guess."""
    database = IncidentDatabase(f"sqlite:///{tmp_path / 'incidents.sqlite'}")
    load(database, tmp_path, incident_evidence=[incident(1), incident(2)],
         labels=[label(1), label(2)])  # fmt: skip
    execute(database, f"UPDATE labels SET {change} WHERE incident_id = 'inc-1'")
    publication = extract_labels(database, DAY)
    database.close()
    assert publication.tables["incident_labels"]["incident_id"].to_pylist() == ["inc-2"]
    (aside,) = publication.tables["quarantine"].to_pylist()
    assert (aside["source_table"], aside["incident_id"]) == ("labels", "inc-1")
    assert [found.startswith(reason) for found in aside["reasons"]] == [True]
    assert publication.facts == facts(read=2, kept=1)


@pytest.mark.parametrize("has_labels", [True, False], ids=["no labels", "no labels table"])
def test_without_labels_the_partition_is_empty_and_says_why(
    has_labels: bool, database: IncidentDatabase, tmp_path: Path
):
    """Everything up to the replay runs without labels; grades are then `unlabelled`."""
    load(database, tmp_path)
    if not has_labels:
        execute(database, "DROP TABLE labels")
    publication = extract_labels(database, DAY)
    assert publication.facts == facts(read=0, kept=0, source_has_labels=has_labels)
    for name, schema in (
        ("incident_labels", arrow_schema(IncidentLabel)),
        ("quarantine", QUARANTINE),
    ):
        assert publication.tables[name].num_rows == 0
        assert publication.tables[name].schema.equals(schema)
