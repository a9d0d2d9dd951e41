"""`load`: all of a folder or nothing, and twice the same as once."""

import json
from pathlib import Path
from typing import Any

import pytest

from replay_assets.errors import SourceError
from replay_assets.source.connection.database import IncidentDatabase
from replay_assets.source.day.label_reading import read_labels
from replay_assets.source.loading.load import Loaded, load_directory
from tests.source.rows import (
    DAY,
    DayRows,
    count,
    execute,
    incident,
    label,
    load,
    read_day,
    session,
    write,
)

SAMPLES = Path(__file__).parents[3] / "data" / "samples"


def everything(database: IncidentDatabase) -> tuple[DayRows, list[dict[str, Any]] | None]:
    return read_day(database, DAY), read_labels(database, DAY)


def test_loading_twice_changes_nothing(database: IncidentDatabase):
    """Rows are upserted by key: a second load of the samples is not a second set of incidents."""
    first = load_directory(database, SAMPLES, lambda *_: None)
    rows = everything(database)
    assert load_directory(database, SAMPLES, lambda *_: None) == first
    assert everything(database) == rows
    for loaded in first:
        lines = (SAMPLES / f"{loaded.table}.jsonl").read_text("utf-8").splitlines()
        assert loaded == Loaded(loaded.table, len(lines), ())
        assert count(database, loaded.table) == loaded.rows


def test_loading_again_takes_the_newer_values(database: IncidentDatabase, tmp_path: Path):
    """A corrected file corrects the rows, also to null."""
    load(database, tmp_path, incident_evidence=[incident(severity="page", alertname="Disk")])
    load(database, tmp_path, incident_evidence=[incident(severity="info", alertname=None)])
    (row,) = read_day(database, DAY).evidence
    assert (row["severity"], row["alertname"]) == ("info", None)


def line_of(**changes: Any) -> bytes:
    return json.dumps(incident(**changes)).encode()


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        pytest.param(b'{"id": "ev-2", ', "Expecting property name", id="cut off"),
        pytest.param(b"[1]", "expected a JSON object", id="a list"),
        pytest.param(b'{"id": "ev-2"}', "incident_id is missing", id="field missing"),
        pytest.param(line_of(id=None), "id is null", id="null for an id"),
        pytest.param(line_of(collected_at="2026-09-21T06:00:00"), "no time zone", id="naive"),
        pytest.param(line_of(collected_at="yesterday"), "yesterday", id="no instant"),
        pytest.param(line_of(evidence_summary=["a"]), "expected text, found a list", id="no text"),
        pytest.param(b'{"id": "\xa4\xa4"}', "utf-8", id="Big5, not UTF-8"),
        pytest.param(line_of(evidence_summary="\ud83d"), "surrogate", id="half an emoji"),
        pytest.param(line_of(labels={"a": "\ud83d"}), "surrogate", id="half an emoji in JSON"),
        pytest.param(line_of(evidence_summary="a\x00b"), "NUL", id="NUL"),
        pytest.param(line_of(labels={"a": float("nan")}), "NaN", id="NaN is no JSON"),
        pytest.param(b"[" * 100_000, "deep", id="too deep"),
    ],
)
def test_a_bad_line_is_named_by_its_number_and_nothing_is_loaded(
    line: bytes, reason: str, tmp_path: Path
):
    """Neither the good lines of the file nor the other files."""
    database = IncidentDatabase(f"sqlite:///{tmp_path / 'incidents.sqlite'}")
    folder = write(tmp_path / "bad", agent_sessions=[session()])
    path = folder / "incident_evidence.jsonl"
    path.write_bytes(line_of(number=7) + b"\n\n" + line + b"\n")
    load(database, tmp_path)
    with pytest.raises(SourceError) as refusal:
        load_directory(database, folder, lambda *_: None)
    text = str(refusal.value)
    assert text.startswith("nothing was loaded:\n")
    assert f"{path}, line 3: " in text
    assert reason in text
    assert (count(database, "incident_evidence"), count(database, "agent_sessions")) == (1, 0)
    database.close()


@pytest.mark.parametrize(
    ("table", "row", "reason"),
    [
        pytest.param("labels", label(repair_expected="yes"), "true or false", id="boolean"),
        pytest.param("labels", label(repair_expected=1), "true or false", id="1 for true"),
        pytest.param(
            "session_messages",
            {"session_id": "s", "position": True, "role": "user", "content": ""},
            "whole number",
            id="true for 1",
        ),
    ],
)
def test_a_value_of_another_kind_is_named_by_its_field(
    table: str, row: dict[str, Any], reason: str, tmp_path: Path
):
    """Nothing is converted by guess."""
    database = IncidentDatabase(f"sqlite:///{tmp_path / 'incidents.sqlite'}")
    with pytest.raises(SourceError, match=rf"{table}\.jsonl, line 1: \w+: expected .*{reason}"):
        load(database, tmp_path, **{table: [row]})
    assert not (tmp_path / "incidents.sqlite").exists()


def test_bad_lines_of_all_files_are_told_at_once_but_not_all_of_thousands(tmp_path: Path):
    """Twenty are shown, the rest are counted."""
    database = IncidentDatabase(f"sqlite:///{tmp_path / 'incidents.sqlite'}")
    with pytest.raises(SourceError) as refusal:
        load(database, tmp_path, incident_evidence=[{}] * 30, labels=[{}])
    assert len(str(refusal.value).splitlines()) == 1 + 20 + 1
    assert str(refusal.value).endswith("… and 11 more")


def test_a_folder_without_evidence_is_refused_with_the_files_it_should_have(
    database: IncidentDatabase, tmp_path: Path
):
    """The wrong folder makes no tables."""
    with pytest.raises(SourceError) as refusal:
        load_directory(database, tmp_path, lambda *_: None)
    assert f"{tmp_path} has no incident_evidence.jsonl" in str(refusal.value)
    assert "session_messages.jsonl" in str(refusal.value)


def test_fields_that_no_column_takes_are_reported(database: IncidentDatabase, tmp_path: Path):
    """A misspelt field must not vanish silently."""
    folder = write(tmp_path / "x", incident_evidence=[incident(severty="page", source="github")])
    (loaded,) = load_directory(database, folder, lambda *_: None)
    assert loaded.ignored_fields == ("severty", "source")


def test_progress_counts_every_row(database: IncidentDatabase, tmp_path: Path):
    """More rows than one statement takes are still one load."""
    rows = [incident(number) for number in range(450)]
    told: list[tuple[str, int]] = []
    folder = write(tmp_path / "x", incident_evidence=rows)
    load_directory(database, folder, lambda table, rows: told.append((table, rows)))
    assert told == [
        ("incident_evidence", 200),
        ("incident_evidence", 200),
        ("incident_evidence", 50),
    ]
    assert count(database, "incident_evidence") == 450


def test_text_of_every_kind_survives_both_databases(database: IncidentDatabase, tmp_path: Path):
    """Chinese, emoji, line separators, quotes and long texts come back as they were."""
    text = '磁碟已滿 🔥 \u2028 it\'s "full" \\ %s :id\r\n\t' + "長" * 10_000
    load(
        database, tmp_path, incident_evidence=[incident(evidence_summary=text, labels={"k": text})]
    )
    (row,) = read_day(database, DAY).evidence
    assert row["evidence_summary"] == text
    assert json.loads(row["labels"]) == {"k": text}


def test_a_table_of_nothing_but_ids_can_be_loaded_twice(database: IncidentDatabase, tmp_path: Path):
    """A team's labels table may have no other column than the one that is required."""
    execute(database, "CREATE TABLE labels (incident_id TEXT PRIMARY KEY)")
    for _ in range(2):
        load(database, tmp_path, labels=[label()])
    assert count(database, "labels") == 1
