"""Files that `load` took by guess, or refused without the cause; packs with a byte order mark."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from replay_assets.errors import SourceError
from replay_assets.replay.pack_reading import read_pack
from replay_assets.source.connection.database import IncidentDatabase
from replay_assets.source.loading.load import load_files
from replay_assets.source.schema.mapping import SourceMapping, load_mapping
from tests.field_reports.reports import needs_reports, report_input
from tests.replay.packs import pack_bytes, request
from tests.source.rows import incident, label

pytestmark = needs_reports


@pytest.fixture
def taipei(tmp_path: Path) -> Iterator[IncidentDatabase]:
    """A SQLite database that does not exist yet, under a mapping that declares a zone."""
    mapping = SourceMapping(timezone="Asia/Taipei")
    with IncidentDatabase(f"sqlite:///{tmp_path / 'incidents.sqlite'}", mapping) as database:
        yield database


def refused(database: IncidentDatabase, table: str, path: Path, content: str) -> list[str]:
    path.write_text(content, encoding="utf-8")
    with pytest.raises(SourceError) as refusal:
        load_files(database, {table: path}, lambda *_: None)
    assert database.file is not None
    assert not database.file.exists()
    return str(refusal.value).splitlines()


def test_two_lines_of_one_key_are_both_refused(taipei: IncidentDatabase, tmp_path: Path):
    """As extraction does with two labels of one incident."""
    assert "{incident_id: inc-1, risk_level: low} then {… high}" in report_input("load-same-key")
    rows = [label(1, risk_level=one) for one in ("low", "high")]
    path = tmp_path / "labels.jsonl"
    says = refused(taipei, "labels", path, "\n".join(map(json.dumps, rows)))
    assert says == [
        "nothing was loaded:",
        f"{path}, line 1: incident_id 'inc-1' is also in line 2; keep one of them",
        f"{path}, line 2: incident_id 'inc-1' is also in line 1; keep one of them",
    ]


def test_an_epoch_number_is_not_an_instant(taipei: IncidentDatabase, tmp_path: Path):
    """It was read as a date of the year 1770."""
    text = report_input("load-epoch-number").partition(" with timezone")[0]
    row = incident(**json.loads(text))
    says = refused(taipei, "incident_evidence", tmp_path / "e.jsonl", json.dumps(row))
    assert "line 1: collected_at: 1770100800000 is not a valid instant" in says[1]
    assert "milliseconds since 1970" in says[1]


def test_a_semicolon_header_is_named_once(taipei: IncidentDatabase, tmp_path: Path):
    """Not as a missing id on each line."""
    header = report_input("load-semicolon").removesuffix("… header") + "evidence_summary"
    path = tmp_path / "e.csv"
    (says,) = refused(taipei, "incident_evidence", path, f"{header}\na;b;c\nd;e;f\n")
    assert f"{path}, line 1: the header is one field, '{header}', because ';' separates" in says


def test_a_pack_with_a_byte_order_mark_is_read():
    """As files of labels are."""
    mark = report_input("c52").partition(" ")[0]
    pack = read_pack(mark.encode() + pack_bytes(request()), candidate_id="mine")
    assert (pack.findings, len(list(pack.lines()))) == ([], 1)


@pytest.mark.parametrize("name", ["labels.jsonl", "labels.csv"])
def test_files_and_mappings_with_a_byte_order_mark_are_read(
    name: str, taipei: IncidentDatabase, tmp_path: Path
):
    """The first column of a header, and the first key of YAML, are without it."""
    mark = report_input("c52").partition(" ")[0]
    rows = {"labels.jsonl": '{"incident_id": "inc-1"}\n', "labels.csv": "incident_id\ninc-1\n"}
    (tmp_path / name).write_text(mark + rows[name], encoding="utf-8")
    (loaded,) = load_files(taipei, {"labels": tmp_path / name}, lambda *_: None).loaded
    assert (loaded.rows, loaded.ignored_fields) == (1, ())
    (tmp_path / "mapping.yaml").write_text(f"{mark}timezone: UTC\n", encoding="utf-8")
    assert load_mapping(tmp_path / "mapping.yaml").timezone == "UTC"
