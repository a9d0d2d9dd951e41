"""Settings, catalogue and mapping as people write them."""

from pathlib import Path

import pytest

from replay_assets.candidates import Catalogue
from replay_assets.errors import ConfigurationError
from replay_assets.source import IncidentDatabase, load_mapping
from tests.field_reports.reports import needs_reports, report_input
from tests.source.rows import DAY, incident, load, read_day

pytestmark = needs_reports


def test_a_table_name_with_a_dot_is_quoted_inside_the_text(tmp_path: Path) -> None:
    """Written as `schema.table`, the error shows how to quote it."""
    written: str = report_input("dotted-table")
    name = written.partition('"')[2].rstrip('"')
    quoted = tmp_path / "quoted.yaml"
    quoted.write_text(f"tables:\n  incident_evidence:\n    table: '\"{name}\"'\n")
    with IncidentDatabase(f"sqlite:///{tmp_path / 'x.sqlite'}", load_mapping(quoted)) as database:
        load(database, tmp_path, incident_evidence=[incident(1)])
        assert [row["id"] for row in read_day(database, DAY).evidence] == ["ev-1"]


@pytest.mark.parametrize("report_id", ["c39", "c40"])
def test_a_key_that_occurs_twice_is_refused_with_its_line(report_id: str, tmp_path: Path) -> None:
    """YAML itself would keep the last one."""
    path = tmp_path / "written.yaml"
    path.write_text(report_input(report_id), "utf-8")
    with pytest.raises(ConfigurationError, match=r"line \d.*occurs twice"):
        Catalogue.load(path) if report_id == "c39" else load_mapping(path)
