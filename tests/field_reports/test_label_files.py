"""Label files whose header is not what the mapping says: refused, by reading and by `doctor`."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from replay_assets.errors import SourceError
from replay_assets.evidence.labels import extract_labels
from replay_assets.source.connection.database import IncidentDatabase
from replay_assets.source.diagnosis.examine import examine_source
from replay_assets.source.schema.mapping import load_mapping
from tests.field_reports.reports import needs_reports, report_input
from tests.source.rows import DAY, load


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A database with one incident."""
    folder = tmp_path_factory.mktemp("labels")
    database = IncidentDatabase(f"sqlite:///{folder / 'incidents.sqlite'}")
    load(database, folder)
    yield f"sqlite:///{folder / 'incidents.sqlite'}"
    database.close()


def refusals(url: str, folder: Path, mapping: object, content: str) -> list[str]:
    """Return what reading a day says about a label file, and what `doctor` says."""
    (folder / "labels.csv").write_text(content, encoding="utf-8")
    (folder / "mapping.yaml").write_text(yaml.safe_dump(mapping), encoding="utf-8")
    with IncidentDatabase(url, load_mapping(folder / "mapping.yaml")) as database:
        with pytest.raises(SourceError) as refusal:
            extract_labels(database, DAY)
        found = examine_source(database)
    says = [one.says for one in found if (one.check, one.status) == ("labels", "fail")]
    assert len(says) == 1
    return [str(refusal.value), *says]


@needs_reports
def test_semicolons_are_named(url: str, tmp_path: Path):
    """The header is one long name, and the reason is the separator."""
    content = report_input("c53")
    for says in refusals(url, tmp_path, {"labels": {"file": "labels.csv"}}, content):
        assert "no column 'incident_id'; found 'incident_id;root_cause_category'" in says
        assert "seem to have ';' between them" in says


@needs_reports
def test_a_column_that_the_mapping_names_must_exist(url: str, tmp_path: Path):
    """As of a table; the nearest name helps."""
    given = report_input("c54")
    mapping = yaml.safe_load(given["mapping"])
    for says in refusals(url, tmp_path, mapping, given["labels.csv"]):
        assert "no column 'cause' for root_cause_category (nearest: root_cause)" in says


@needs_reports
@pytest.mark.parametrize(
    ("header", "columns", "says"),
    [
        ("incident_id;risk_level", {}, "found 'incident_id;risk_level'"),
        ("Incident_ID,risk_level", {}, "no column 'incident_id' (nearest: Incident_ID)"),
        (
            "incident_id,risk",
            {"repair_expected": "needed", "risk_level": "risks"},
            "no column 'needed' for repair_expected; "
            "no column 'risks' for risk_level (nearest: risk)",
        ),
    ],
)
def test_a_header_is_compared_with_the_mapping(
    header: str, columns: dict[str, str], says: str, url: str, tmp_path: Path
):
    """One error lists all that is missing."""
    if not columns:
        assert header.split(",")[0] in report_input("label-file-columns")
    mapping = {"labels": {"file": "labels.csv", "columns": columns}}
    for said in refusals(url, tmp_path, mapping, f"{header}\ninc-1,low\n"):
        assert says in said
