"""The folder that Dagster records runs in: ours below `data/`, or one that others use too."""

from importlib.resources import files
from pathlib import Path

import dagster as dg
import pytest

from replay_assets.errors import ConfigurationError
from replay_assets.instance_folder import prepare_instance, prepare_workspace
from replay_assets.settings import Settings
from replay_assets.source import IncidentDatabase


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a folder with a `data/` folder, named by REPLAY_HOME."""
    return home_named(tmp_path / "home", monkeypatch)


def home_named(home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (home / "data").mkdir(parents=True)
    monkeypatch.setenv("REPLAY_HOME", str(home))
    monkeypatch.setenv("XDG_CACHE_HOME", str(home.parent / "cache"))
    # Set first, so that it is removed at the end of the test if the code sets it.
    for name in ("DAGSTER_HOME", "DAGSTER_DISABLE_TELEMETRY", "REPLAY_SOURCE_URL"):
        monkeypatch.setenv(name, "")
        monkeypatch.delenv(name)
    return home


def files_in(folder: Path) -> set[str]:
    return {str(one.relative_to(folder)) for one in folder.rglob("*") if one.is_file()}


def test_our_folder_gets_our_settings(home: Path) -> None:
    """A clone works without any configuration."""
    assert prepare_instance(Settings.from_environment()) is None
    written = home / "data" / "dagster_home" / "dagster.yaml"
    assert written.read_bytes() == (files("replay_assets") / "instance.yaml").read_bytes()


@pytest.mark.parametrize("settings", [None, "telemetry: {enabled: true}\n"], ids=["none", "theirs"])
def test_a_folder_of_others_gets_no_file_and_the_user_a_note(
    settings: str | None, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Our limits would hold for all who use it."""
    company = tmp_path / "company"
    company.mkdir()
    if settings is not None:
        (company / "dagster.yaml").write_text(settings)
    before = files_in(company)
    monkeypatch.setenv("DAGSTER_HOME", str(company))
    note = prepare_instance(Settings.from_environment())
    workspace = prepare_workspace(Settings.from_environment())
    assert note is not None
    for part in (str(company), "telemetry", "one run at a time per endpoint", "unset DAGSTER_HOME"):
        assert part in note
    assert files_in(company) == before
    assert Path(workspace).is_relative_to(home)


def test_no_process_sends_telemetry_whatever_the_folder_says(home: Path, tmp_path: Path) -> None:
    """Dagster's uploading thread ends where this variable is set."""
    from dagster._core.telemetry_upload import is_running_in_test

    assert not is_running_in_test()
    prepare_instance(Settings.from_environment())
    assert is_running_in_test()


def test_a_link_to_our_folder_is_ours(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What counts is where the folder is, not how it is named."""
    (home / "data" / "dagster_home").mkdir()
    (tmp_path / "link").symlink_to(home / "data" / "dagster_home")
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path / "link"))
    assert prepare_instance(Settings.from_environment()) is None


@pytest.mark.parametrize("name", ["job_a%2Fb", "what? now", "a#b größe 部署 [c] week=3"])
def test_any_name_of_a_home_works(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """CI systems name folders after branches; nothing is written outside of the home."""
    home = home_named(tmp_path / "workspaces" / name, monkeypatch)
    (tmp_path / "cache").mkdir()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    settings = Settings.from_environment()
    with IncidentDatabase(settings.source_url) as database:
        with database.writing(create=True) as connection:
            connection.exec_driver_sql("CREATE TABLE one (id TEXT)")
        assert database.file == home / "data" / "incidents.sqlite"
    for _ in range(2):  # the second time, DAGSTER_HOME is what the first one set
        assert prepare_instance(Settings.from_environment()) is None
    with dg.DagsterInstance.get() as instance:
        assert instance.get_runs_count() == 0
    assert [one.name for one in (tmp_path / "workspaces").iterdir()] == [name]
    assert "data/incidents.sqlite" in files_in(home)
    assert any(one.startswith("data/dagster_home/history/") for one in files_in(home))


def test_a_home_that_dagster_cannot_open_needs_a_link(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The error says what to set instead."""
    home_named(tmp_path / "a%2Fb", monkeypatch)
    (tmp_path / "file").touch()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    with pytest.raises(ConfigurationError, match="Set DAGSTER_HOME to another folder"):
        prepare_instance(Settings.from_environment())


@pytest.mark.parametrize("name", ["data/dagster_home/dagster.yaml", "workspace.yaml"])
def test_a_key_that_occurs_twice_in_our_files_is_refused(name: str, home: Path) -> None:
    """Dagster would keep the last one without a message."""
    (home / "data" / "dagster_home").mkdir()
    (home / name).write_text("telemetry: {enabled: false}\ntelemetry: {enabled: true}\n")
    settings = Settings.from_environment()
    with pytest.raises(ConfigurationError, match="line 2: telemetry: this key occurs twice"):
        prepare_workspace(settings) if name == "workspace.yaml" else prepare_instance(settings)
