"""Labels from a table, from columns of another table, or from a file: the same rows."""

import gzip
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from replay_assets.errors import SourceError
from replay_assets.evidence.labels import extract_labels
from replay_assets.source.connection.database import IncidentDatabase
from replay_assets.source.day.label_file import NAMES, label_records
from replay_assets.source.day.label_reading import read_labels
from replay_assets.source.schema.mapping import SourceMapping, load_mapping
from tests.source.rows import DAY, execute, incident, load

Mapped = Callable[[object], IncidentDatabase]


@pytest.fixture
def mapped(database_url: str, tmp_path: Path) -> Mapped:
    """Open the test's database through a mapping file."""

    def open_with(content: object) -> IncidentDatabase:
        path = tmp_path / "mapping.yaml"
        path.write_text(yaml.safe_dump(content, allow_unicode=True), encoding="utf-8")
        return IncidentDatabase(database_url, load_mapping(path))

    return open_with


def full(number: int, **values: Any) -> dict[str, Any]:
    return {**dict.fromkeys(NAMES), "incident_id": f"inc-{number}", **values}


INCIDENTS = [
    incident(1),
    incident(2),
    incident(3),
    incident(4, collected_at="2026-09-22T06:00:00Z"),
]
EXPECTED = [
    full(1, risk_level="high", acceptable_actions='["wait", "等待"]', repair_expected=False),
    full(2, risk_level="low", repair_expected=True),
]
CSV = """nr,risk,actions,needed,note
inc-1,high,"[""wait"", ""等待""]",false,"two
lines"
inc-4,high,,,another day
inc-2,low,,TRUE,
"""
JSONL = [
    {
        "nr": "inc-2",
        "review": {"risk": ["low"], "needed": True},
    },
    {"nr": "inc-9", "review": {"risk": ["low"]}},
    {
        "nr": "inc-1",
        "review": {"risk": ["high", "low"], "needed": False, "actions": ["wait", "等待"]},
    },
]
FIELDS = {
    "incident_id": "nr",
    "risk_level": "risk",
    "acceptable_actions": "actions",
    "repair_expected": "needed",
}
PLACES = {
    "incident_id": "nr",
    "risk_level": {"column": "review", "path": ["risk", 0]},
    "acceptable_actions": {"column": "review", "path": ["actions"]},
    "repair_expected": {"column": "review", "path": ["needed"]},
}


@pytest.mark.parametrize("name", ["labels.csv", "labels.csv.gz", "labels.jsonl"])
def test_labels_may_lie_in_a_file_beside_the_mapping(
    name: str, database: IncidentDatabase, mapped: Mapped, tmp_path: Path
):
    """A review in a spreadsheet is the commonest source of truth."""
    load(database, tmp_path, incident_evidence=INCIDENTS)
    text = CSV if ".csv" in name else "\n".join(json.dumps(row) for row in JSONL) + "\n"
    content = text.encode("utf-8-sig")
    (tmp_path / name).write_bytes(gzip.compress(content) if name.endswith(".gz") else content)
    columns = FIELDS if ".csv" in name else PLACES
    theirs = mapped({"labels": {"file": name, "columns": columns}})
    assert decoded(read_labels(theirs, DAY)) == decoded(EXPECTED)
    theirs.close()


def decoded(rows: list[dict[str, Any]] | None) -> list[dict[str, Any]]:
    """Read JSON columns: their blanks differ by where they were written."""
    return [
        {
            **row,
            "acceptable_actions": row["acceptable_actions"]
            and json.loads(row["acceptable_actions"]),
        }
        for row in rows or []
    ]


def test_labels_may_be_columns_of_the_evidence(
    database: IncidentDatabase, mapped: Mapped, tmp_path: Path
):
    """Only those that are named, and of each incident's newest snapshot that has any."""
    snapshots = [
        incident(1),
        incident(9, incident_id="inc-1", collected_at="2026-09-21T07:00:00Z"),
        incident(8, incident_id="inc-1", collected_at="2026-09-21T08:00:00Z"),
        incident(2),
        incident(3),
    ]
    load(database, tmp_path, incident_evidence=snapshots)
    execute(
        database,
        *(
            f"ALTER TABLE incident_evidence ADD COLUMN {name}"
            for name in ("risk TEXT", "actions TEXT", "needed BOOLEAN", "environment TEXT")
        ),
        "UPDATE incident_evidence SET environment = 'prod'",
        "UPDATE incident_evidence SET risk = 'medium' WHERE id = 'ev-1'",
        "UPDATE incident_evidence SET risk = 'high', actions = '[\"wait\", \"等待\"]', "
        "needed = false WHERE id = 'ev-9'",
        "UPDATE incident_evidence SET risk = 'low', needed = true WHERE id = 'ev-2'",
    )
    columns = {name: real for name, real in FIELDS.items() if name != "incident_id"}
    theirs = mapped({"labels": {"columns": columns}})
    assert read_labels(theirs, DAY) == EXPECTED
    theirs.close()


def test_labels_may_be_columns_of_another_table(
    database: IncidentDatabase, mapped: Mapped, tmp_path: Path
):
    """A table of reviews, with a separate condition."""
    load(database, tmp_path, incident_evidence=INCIDENTS)
    execute(
        database,
        "CREATE TABLE reviews (nr TEXT, risk TEXT, actions TEXT, needed BOOLEAN, done BOOLEAN)",
        "INSERT INTO reviews VALUES ('inc-2', 'low', NULL, true, true), "
        "('inc-1', 'high', '[\"wait\", \"等待\"]', false, true), ('inc-1', 'x', NULL, NULL, false)",
    )
    theirs = mapped({"labels": {"table": "reviews", "columns": FIELDS, "where": {"done": True}}})
    assert read_labels(theirs, DAY) == EXPECTED
    theirs.close()


def test_an_array_column_reads_as_json(postgres_url: str, tmp_path: Path):
    """`text[]` is how PostgreSQL keeps a list."""
    database = IncidentDatabase(postgres_url)
    load(database, tmp_path)
    execute(
        database,
        "DROP TABLE labels",
        "CREATE TABLE labels (incident_id TEXT, acceptable_actions TEXT[])",
        "INSERT INTO labels VALUES ('inc-1', ARRAY['wait', 'a \"b\", c'])",
    )
    (row,) = read_labels(database, DAY) or []
    assert json.loads(row["acceptable_actions"]) == ["wait", 'a "b", c']
    database.close()


def reasons_of(database: IncidentDatabase) -> list[tuple[str | None, list[str]]]:
    publication = extract_labels(database, DAY)
    rows = publication.tables["quarantine"].to_pylist()
    assert publication.facts["quarantined"] == len(rows)
    kept = publication.tables["incident_labels"].num_rows
    assert publication.facts["read"] == kept + len(rows)
    return [(row["incident_id"], row["reasons"]) for row in rows]


def test_two_labels_of_one_incident_are_both_set_aside(database: IncidentDatabase, tmp_path: Path):
    """It is not known which is true; the neighbours are kept."""
    load(database, tmp_path, incident_evidence=INCIDENTS)
    execute(
        database,
        "DROP TABLE labels",
        "CREATE TABLE labels (incident_id TEXT, risk_level TEXT)",
        "INSERT INTO labels VALUES ('inc-1', 'high'), ('inc-2', 'low'), ('inc-1', 'low'), "
        "(NULL, 'low')",
    )
    assert reasons_of(database) == [
        (None, ["null_in_required:incident_id"]),
        ("inc-1", ["duplicate_id:incident_id"]),
        ("inc-1", ["duplicate_id:incident_id"]),
    ]


def test_a_bad_line_of_a_file_costs_itself(
    database: IncidentDatabase, mapped: Mapped, tmp_path: Path
):
    """Unreadable lines and wrong types, each with its reason; a line of no incident belongs to all
    days."""
    load(database, tmp_path, incident_evidence=INCIDENTS)
    lines = [
        '{"incident_id": "inc-1", "risk_level": "low"}',
        '{"incident_id": "inc-1", ',
        '{"incident_id": "inc-2", "acceptable_actions": "wait", "repair_expected": 1}',
        '{"risk_level": "low"}',
        '{"incident_id": "inc-3", "acceptable_actions": [1]}',
        '{"incident_id": ["inc-3"]}',
    ]
    (tmp_path / "labels.jsonl").write_text("\n".join(lines))
    theirs = mapped({"labels": {"file": "labels.jsonl"}})
    found = reasons_of(theirs)
    assert [incident_id for incident_id, _ in found] == [None, None, None, "inc-2", "inc-3"]
    texts = sorted(reason for _, reasons in found for reason in reasons)
    for text, start in zip(
        texts,
        [
            "not_a_label:IncidentLabel: acceptable_actions",
            *["null_in_required:incident_id"] * 2,
            "unreadable_line:2: ",
            "wrong_json_type:acceptable_actions",
        ],
        strict=True,
    ):
        assert text.startswith(start)
    theirs.close()


def label_file(path: Path, content: str | bytes, **columns: str) -> SourceMapping:
    """Write a label file, and return a mapping that names it."""
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return SourceMapping.model_validate({"labels": {"file": str(path), "columns": columns}})


@pytest.mark.parametrize(
    ("name", "content", "columns", "says"),
    [
        pytest.param(
            "t.csv", "incident_id;risk_level\na;low\n", {},
            "no column 'incident_id'; found 'incident_id;risk_level'. "
            "Its fields seem to have ';' between them",
            id="semicolons",
        ),
        pytest.param(
            "t.tsv", "incident_id,risk_level\na,low\n", {},
            "have ',' between them: use commas in a .csv file, tabs in a .tsv file", id="commas",
        ),
        pytest.param(
            "t.csv", "Incident_ID,risk_level\na,low\n", {},
            "no column 'incident_id' (nearest: Incident_ID); found", id="case of the id",
        ),
        pytest.param(
            "t.csv", "incident_id,Risk Level,repair_expected\na,low,true\n", {},
            "column 'Risk Level' must be spelled 'risk_level'", id="nearly our name",
        ),
        pytest.param(
            "t.csv", "ticket,cause\n", {"incident_id": "nr", "risk_level": "risk"},
            "no column 'nr' for incident_id; no column 'risk' for risk_level", id="all at once",
        ),
        pytest.param(
            "t.csv", "incident_id,note\na,b\n", {}, "no column of a label", id="nothing but ids"
        ),
        pytest.param(
            "t.jsonl", '{"incident_id": "a", "riks": "low"}\n{"incident_id": "b"}\n',
            {"risk_level": "risk"}, "no column 'risk' for risk_level (nearest: riks)", id="JSONL",
        ),
        pytest.param(
            "t.csv", "incident_id,risk_level\na,low\n".encode("utf-16"), {},
            "is not UTF-8, it looks like UTF-16; save it as UTF-8", id="UTF-16",
        ),
        pytest.param(
            "t.jsonl", '{"incident_id": "a"}'.encode("utf-16-le"), {},
            "is not UTF-8, it looks like UTF-16; save it as UTF-8", id="UTF-16 without a mark",
        ),
        pytest.param(
            "t.csv", "incident_id,風險\n".encode("big5"), {}, "the header is not UTF-8", id="Big5"
        ),
        pytest.param(
            "t.csv", "incident_id,risk_level,risk_level\n", {}, "every column named once",
            id="a column twice",
        ),
    ],
)  # fmt: skip
def test_a_label_file_with_other_columns_is_refused(
    name: str, content: str | bytes, columns: dict[str, str], says: str, tmp_path: Path
):
    """Read as it is, it would leave every incident without that label."""
    mapping = label_file(tmp_path / name, content, **columns)
    with pytest.raises(SourceError) as refusal:
        list(label_records(tmp_path / name, mapping))
    assert str(tmp_path / name) in str(refusal.value)
    assert says in str(refusal.value)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("t.csv", "incident_id,risk_level,note\n"),
        ("t.csv", "\ufeffincident_id,risk_level\na,low\n"),
        ("t.jsonl", ""),
        ("t.jsonl", '{"incident_id": "a"}\n{"incident_id": "b", "risk_level": "low"}\n'),
    ],
)
def test_a_label_file_may_have_few_rows_and_other_columns(name: str, content: str, tmp_path: Path):
    """A header alone is a file without labels; a line of JSONL may lack a field."""
    mapping = label_file(tmp_path / name, content)
    assert all(found.problem is None for found in label_records(tmp_path / name, mapping))


def test_an_id_that_a_program_changed_is_named_and_not_lost(
    database: IncidentDatabase, mapped: Mapped, tmp_path: Path
):
    """It belongs to no incident, so that no day would report it; the database's own ids count."""
    load(database, tmp_path, incident_evidence=[incident(1), incident(2, incident_id="7.5E+3x")])
    (tmp_path / "labels.csv").write_text(
        "incident_id,risk_level\n12.0,low\nTRUE,low\n,low\ninc-1 ,low\n7.5E+3x,high\nother,low\n"
    )
    theirs = mapped({"labels": {"file": "labels.csv"}})
    reasons = [reason for _, reasons in reasons_of(theirs) for reason in reasons]
    theirs.close()
    assert sorted(reason[:45] for reason in reasons) == [
        "null_in_required:incident_id",
        "unreadable_line:2: incident_id: '12.0' looks ",
        "unreadable_line:3: incident_id: 'TRUE' is not",
        "unreadable_line:5: incident_id: 'inc-1 ' begi",
    ]


def test_a_number_with_a_point_is_not_an_id(
    database: IncidentDatabase, mapped: Mapped, tmp_path: Path
):
    """JSON's 12.0 may be 12, or not."""
    load(database, tmp_path, incident_evidence=[incident(1, incident_id=12)])
    (tmp_path / "labels.jsonl").write_text('{"incident_id": 12}\n{"incident_id": 12.0}\n')
    theirs = mapped({"labels": {"file": "labels.jsonl"}})
    assert reasons_of(theirs) == [(None, ["null_in_required:incident_id"])]
    theirs.close()
