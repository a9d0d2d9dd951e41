"""Files that people really have: each is refused with its cause, and nothing of it is loaded."""

import gzip
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from replay_assets.errors import SourceError
from replay_assets.source.connection.database import IncidentDatabase
from replay_assets.source.loading.load import LoadOutcome, files_in, load_files
from replay_assets.source.schema.mapping import SourceMapping
from tests.source.rows import count, incident, label, message, repair, session, write

HEADER = "id,incident_id,evidence_summary,collected_at"
LINE = "ev-1,inc-1,full,2026-09-21T06:00Z"


@pytest.fixture
def empty(tmp_path: Path) -> Iterator[IncidentDatabase]:
    """A SQLite database that does not exist yet."""
    with IncidentDatabase(f"sqlite:///{tmp_path / 'incidents.sqlite'}") as database:
        yield database


def load_one(
    database: IncidentDatabase,
    path: Path,
    content: bytes | str,
    *,
    table: str = "incident_evidence",
    keep_going: bool = False,
) -> LoadOutcome:
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return load_files(database, {table: path}, lambda *_: None, keep_going=keep_going)


def lines(*rows: dict[str, Any]) -> str:
    return "".join(json.dumps(row) + "\n" for row in rows)


def csv_with(**fields: str) -> str:
    """Return a CSV file of one row, with some fields replaced."""
    row = {**dict(zip(HEADER.split(","), LINE.split(","), strict=True)), **fields}
    return ",".join(row) + "\n" + ",".join(row.values()) + "\n"


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("e.csv", "id;incident_id\na;b\n", "is one field, 'id;incident_id', because ';' separates"),
        ("e.csv", "id\tincident_id\na\tb\n", r"because '\t' separates its names; save the file"),
        ("e.csv", "id|incident_id\na|b\n", "because '|' separates"),
        ("e.tsv", f"{HEADER}\n{LINE}\n", "because ',' separates"),
        ("e.csv", '"id";"incident, id"\n"a";"b"\n', "';' separates the names of its header"),
        ("e.tsv", '"id","incident_id"\n"a","b"\n', "',' separates the names of its header"),
        ("e.jsonl", "version https://git-lfs.github.com/spec/v1\noid x\n", "`git lfs pull`"),
        ("e.csv", f"sep=,\n{HEADER}\n{LINE}\n", "only names a separator"),
        ("e.csv", f"\ufeffSEP=;\n{HEADER}\n", "only names a separator"),
        ("e.csv", f"{HEADER.upper()}\n{LINE}\n", "'INCIDENT_ID' must be spelled 'incident_id'"),
        ("e.csv", "id,incidentId,evidence-summary,collected_at\n", "'evidence-summary' must be"),
        ("e.csv", "id,incident,evidence_summary,collected_at\n", "(nearest: incident)"),
        ("e.csv", f"{HEADER},Severity\n{LINE},info\n", "'Severity' must be spelled 'severity'"),
        ("e.csv", f"{HEADER},id\n{LINE},x\n", "columns 1 and 5 are both 'id'"),
        ("e.csv", f"{HEADER},\n{LINE},\n", "column 5 of 5 has no name"),
        ("e.csv", "", "is empty; expected a header"),
        ("e.csv", f"{HEADER}\n{LINE}\n".encode("utf-16"), "looks like UTF-16"),
        ("e.jsonl", lines(incident()).encode("utf-16-le"), "looks like UTF-16"),
        ("e.csv", lines(incident()), "it holds JSON"),
        ("e.jsonl", f"{HEADER}\n{LINE}\n", "the header of a CSV file"),
        ("e.jsonl", json.dumps([incident(1), incident(2)]), "one JSON list; write one object per"),
        ("e.jsonl", json.dumps([incident(1)], indent=2), "one JSON list"),
        ("e.ndjson", json.dumps(incident(), indent=2), "written over several lines"),
        ("e.csv", b"PK\x03\x04\x14\x00\x06\x00", "a zip file, as spreadsheets (.xlsx) are"),
        ("e.jsonl", gzip.compress(lines(incident()).encode(), mtime=0), "its name must end in .gz"),
        ("e.jsonl.gz", gzip.compress(b"PAR1\x15\x00", mtime=0), "it is Parquet"),
        ("e.jsonl", "<!DOCTYPE html><title>Sign in</title>", "HTML or XML"),
    ],
)
def test_a_file_of_another_form_has_one_cause(
    name: str, content: bytes | str, says: str, empty: IncidentDatabase, tmp_path: Path
):
    """Not one message per line; also with --keep-going, which would leave all of it out."""
    for keep_going in (False, True):
        with pytest.raises(SourceError) as refusal:
            load_one(empty, tmp_path / name, content, keep_going=keep_going)
        assert str(tmp_path / name) in str(refusal.value)
        assert says in str(refusal.value)
        assert "line 2" not in str(refusal.value)
    assert not (tmp_path / "incidents.sqlite").exists()


@pytest.mark.parametrize(
    ("field", "value", "says"),
    [
        ("id", 12.0, "expected text, found 12.0"),
        ("id", True, "expected text, found true"),
        ("incident_id", ["inc-1"], "expected text, found a list"),
        ("incident_id", {"id": 1}, "expected text, found an object"),
        ("incident_id", " \t", "' \\t' is blank"),
        ("incident_id", "inc-1 ", "'inc-1 ' begins or ends with a blank"),
        ("incident_id", None, "is null, but rows are found by it"),
        ("incident_id", "", "'' is blank"),
        ("id", "\ufeffev-1", "an invisible character"),
        ("evidence_summary", 1.5, "expected text, found 1.5"),
        ("severity", False, "expected text, found false"),
        ("labels", '{"a": 1}', "expected a JSON object or list"),
        ("collected_at", 1770100800, "as seconds since 1970 it would be 2026-02-03T06:40:00+00:00"),
        ("collected_at", 1770100800000, "as milliseconds since 1970 it would be 2026-02-03T06:40"),
        ("collected_at", 1770100800.5, "as seconds since 1970 it would be 2026-02-03T06:40"),
        ("collected_at", "1770100800000000", "as microseconds since 1970"),
        ("collected_at", 20260921, "20260921 is not a valid instant (a number)"),
        pytest.param("collected_at", 10**400, "is not a valid instant", id="400 digits"),
        ("collected_at", True, "True is not a valid instant"),
        ("collected_at", {"$date": "2026-09-21T06:00Z"}, "is not a valid instant"),
    ],
)
def test_a_value_is_not_made_into_one_of_another_kind(
    field: str, value: object, says: str, empty: IncidentDatabase, tmp_path: Path
):
    """File, line, column, value and cause."""
    with pytest.raises(SourceError) as refusal:
        load_one(empty, tmp_path / "e.jsonl", lines(incident(1), incident(2, **{field: value})))
    (message,) = str(refusal.value).splitlines()[1:]
    assert message.startswith(f"{tmp_path / 'e.jsonl'}, line 2: {field}")
    assert says in message


@pytest.mark.parametrize(
    ("field", "value", "says"),
    [
        ("id", "12.0", "'12.0' looks like a number that a spreadsheet"),
        ("incident_id", "1.2E+11", "'1.2E+11' looks like a number"),
        ("incident_id", "TRUE", "'TRUE' is not an id"),
        ("incident_id", "nan", "'nan' is not an id"),
        ("incident_id", "#REF!", "'#REF!' is not an id"),
        ("id", "\\N", "is not an id"),
        ("collected_at", "46286.25", "as a spreadsheet's day number it would be 2026-09-21T06:00"),
        ("collected_at", "9/21/2026 6:00", "a local date, in which day and month can be swapped"),
        ("collected_at", "21.09.2026", "a local date"),
        ("collected_at", "21-09-2026 06:00", "a local date"),
        ("incident_id", "", "is null, but rows are found by it"),
        ("evidence_summary", "a,b", "has 5 fields, the header 4; a field that holds the separator"),
        ("evidence_summary", "caf\udce9", "evidence_summary: is not UTF-8; save the file as UTF-8"),
        (
            "labels",
            "a;b",
            'labels: expected JSON, such as ["a", "b"] or {"a": "b"} (found \'a;b\')',
        ),
        ("incident_id", '="007"', "has the marks by which a spreadsheet keeps a number as text"),
        ("incident_id", "'007", "has the marks by which a spreadsheet keeps a number as text"),
    ],
)
def test_what_spreadsheets_make_of_values_is_named(
    field: str, value: str, says: str, empty: IncidentDatabase, tmp_path: Path
):
    """An id that lost its form would join no other row."""
    content = csv_with(**{field: value}).encode("utf-8", "surrogateescape")
    with pytest.raises(SourceError) as refusal:
        load_one(empty, tmp_path / "e.csv", content)
    assert f"{tmp_path / 'e.csv'}, line 2: " in str(refusal.value)
    assert field in str(refusal.value) or "fields" in says
    assert says in str(refusal.value)


def test_a_date_without_a_time_is_not_midnight(tmp_path: Path):
    """Also where the mapping declares a zone."""
    mapping = SourceMapping(timezone="Asia/Taipei")
    with (
        IncidentDatabase(f"sqlite:///{tmp_path / 'incidents.sqlite'}", mapping) as database,
        pytest.raises(SourceError, match="line 2: collected_at: '2026-09-21' is a date without"),
    ):
        load_one(database, tmp_path / "e.csv", csv_with(collected_at="2026-09-21"))


@pytest.mark.parametrize("value", ["1,5", "1_0", "٣", "2.0", " 2", str(2**63)])
def test_a_number_of_csv_is_ascii_digits(value: str, empty: IncidentDatabase, tmp_path: Path):
    """A decimal comma, a separator, digits of another script: what Python's int() takes, or not."""
    header = "id,incident_id,attempt,executed_steps,success,created_at\n"
    content = f'{header}re-1,inc-1,"{value}",[],true,2026-09-21T06:00Z\n'
    with pytest.raises(SourceError, match=r"line 2: attempt: .*(whole number|64 bits)"):
        load_one(empty, tmp_path / "r.csv", content, table="auto_repair_executions")


@pytest.mark.parametrize(
    ("table", "rows", "key"),
    [
        ("labels", [label(1, risk_level="low"), label(2), label(1)], "incident_id 'inc-1'"),
        ("incident_evidence", [incident(1), incident(2), incident(1)], "id 'ev-1'"),
        ("agent_sessions", [session("7"), session("8"), session(id_=7)], "id "),  # type: ignore[arg-type]
        ("session_messages", [message(0), message(1), message(0)], "session_id 'se-1', position 0"),
    ],
)
def test_lines_with_the_same_key_are_all_refused(
    table: str, rows: list[dict[str, Any]], key: str, empty: IncidentDatabase, tmp_path: Path
):
    """Which of them is right is unknown; with --keep-going, the others are loaded."""
    path = tmp_path / "t.jsonl"
    with pytest.raises(SourceError) as refusal:
        load_one(empty, path, lines(*rows), table=table)
    first, last = str(refusal.value).splitlines()[1:]
    assert first.startswith(f"{path}, line 1: {key}")
    assert first.endswith(" is also in line 3; keep one of them")
    assert f"{path}, line 3: {key}" in last
    outcome = load_one(empty, path, lines(*rows), table=table, keep_going=True)
    assert (outcome.loaded[0].rows, outcome.bad_lines.count) == (1, 2)
    assert count(empty, table) == 1


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("{two}", "line 1: something follows its JSON value at character "),
        ("{one},\n{one}", "line 1: something follows its JSON value at character "),
        ("{one}\n{{'id': 1}}", "line 2: is not valid JSON at character 2 (Expecting"),
    ],
)
def test_a_line_that_is_not_one_object_is_explained(
    content: str, says: str, empty: IncidentDatabase, tmp_path: Path
):
    """The parser would count lines within the line."""
    one = lines(incident()).strip()
    with pytest.raises(SourceError) as refusal:
        load_one(empty, tmp_path / "e.jsonl", content.format(one=one, two=one + one))
    assert says in str(refusal.value)


@pytest.mark.parametrize(
    ("field", "says"),
    [('"abc', "a quote is opened, and not closed"), ('"a \\"b\\""', "must be doubled")],
)
def test_a_wrong_quote_is_explained(field: str, says: str, empty: IncidentDatabase, tmp_path: Path):
    """Also after blank lines before the header, which do not count."""
    content = f"\n\n{HEADER}\nev-1,inc-1,{field},2026-09-21T06:10Z\n"
    with pytest.raises(SourceError, match=rf"line 4: .*{says}"):
        load_one(empty, tmp_path / "e.csv", content)


def test_a_field_that_occurs_twice_in_one_object_is_refused(
    empty: IncidentDatabase, tmp_path: Path
):
    """JSON parsers keep the last one, without a message."""
    twice = lines(incident()).replace('{"id"', '{"id": "ev-0", "id"')
    with pytest.raises(SourceError, match="line 1: the field 'id' occurs twice in one object"):
        load_one(empty, tmp_path / "e.jsonl", twice)


def test_a_field_that_is_nearly_a_column_is_refused(empty: IncidentDatabase, tmp_path: Path):
    """It would be ignored, and the column would be null."""
    with pytest.raises(SourceError, match="line 1: severity is missing: 'Severity' must be"):
        load_one(empty, tmp_path / "e.jsonl", lines(incident(Severity="info")))


def test_files_as_they_should_be_are_loaded(empty: IncidentDatabase, tmp_path: Path):
    """A byte order mark, quoted line breaks, CRLF, no line break at the end, whole-number ids."""
    content = f'\ufeff{HEADER}\r\nev-1,inc-1,"a\r\nb;c",2026-09-21T06:00Z'
    assert load_one(empty, tmp_path / "e.csv", content).loaded[0].rows == 1
    content = "\ufeff" + lines(incident(2, id=12, incident_id=7)).rstrip("\n")
    assert load_one(empty, tmp_path / "e.jsonl", content).loaded[0].rows == 1
    assert count(empty, "incident_evidence WHERE id IN ('12', 'ev-1')") == 2


@pytest.mark.parametrize("name", ["labels.json", "Labels.csv", "labels.xlsx", "agent-sessions.csv"])
def test_a_folder_is_not_loaded_by_half(name: str, tmp_path: Path):
    """A file that is meant for a table and can't be read as such must not be left out."""
    folder = write(tmp_path / "x", auto_repair_executions=[repair()])
    (folder / name).write_text("[]")
    with pytest.raises(SourceError, match=f"{name} seems to be the file of "):
        files_in(folder)
    (folder / name).rename(folder / "notes.csv")
    (folder / "incident_evidence.jsonl.bak").write_text("[]")
    files, others = files_in(folder)
    assert (sorted(files), others) == (
        ["auto_repair_executions", "incident_evidence"], ["notes.csv"],
    )  # fmt: skip
