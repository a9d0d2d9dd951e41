"""Settings, catalogue and mapping as people write them."""

import os
from pathlib import Path

import pytest

from replay_assets.candidates import Candidate, Catalogue
from replay_assets.errors import ConfigurationError
from replay_assets.instance_folder import prepare_instance
from replay_assets.settings import Settings
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


def test_a_home_named_after_a_branch_works(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The path becomes part of a database URL."""
    _, _, path = report_input("home-percent").partition("REPLAY_HOME=")
    home = tmp_path / path.lstrip("/")
    (home / "data").mkdir(parents=True)
    monkeypatch.setenv("REPLAY_HOME", str(home))
    monkeypatch.delenv("REPLAY_SOURCE_URL", raising=False)
    with IncidentDatabase(Settings.from_environment().source_url) as database:
        load(database, tmp_path, incident_evidence=[incident(1)])
    assert (home / "data" / "incidents.sqlite").is_file()


def test_a_company_wide_dagster_home_gets_no_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The user reads what is missing there; no telemetry is sent."""
    path = report_input("foreign-home").partition("DAGSTER_HOME=")[2].partition(" ")[0]
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path / path.lstrip("/")))
    monkeypatch.setenv("DAGSTER_DISABLE_TELEMETRY", "")
    (tmp_path / "data").mkdir()
    monkeypatch.setenv("REPLAY_HOME", str(tmp_path))
    settings = Settings.from_environment()
    assert "no telemetry" in (prepare_instance(settings) or "")
    assert list(settings.dagster_home.rglob("*")) == []
    assert os.environ["DAGSTER_DISABLE_TELEMETRY"]


@pytest.mark.parametrize("report_id", ["c38a", "c38b", "c38d"])
def test_an_address_need_not_end_in_v1(report_id: str) -> None:
    """Requests go to `/chat/completions` below it."""
    written = report_input(report_id)["base_url"]
    candidate = Candidate(id="x", model="m", base_url=written)
    assert candidate.base_url == written
    assert candidate.url_of("/chat/completions") == f"{written}/chat/completions"
