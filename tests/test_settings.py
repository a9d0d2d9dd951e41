"""The environment: defaults, and errors that name the variable, the value and the way out."""

import os
from dataclasses import fields
from pathlib import Path

import pytest

from replay_assets.errors import ConfigurationError
from replay_assets.settings import (
    Settings,
    environment_with,
    read_secret,
    set_dagster_home,
    state_folder,
)


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a working directory with a data folder, in an environment without settings."""
    for name in list(os.environ):
        if name.startswith("REPLAY_") or name == "DAGSTER_HOME":
            monkeypatch.delenv(name)
    (tmp_path / "data").mkdir()
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_without_variables_everything_is_under_data(home: Path):
    """A clone works without configuration."""
    settings = Settings.from_environment()
    data = home / "data"
    assert settings == Settings(
        data=data,
        lake=str(data / "lake"),
        evidence=str(data / "evidence"),
        labels=str(data / "labels"),
        state=data / "state",
        source_url=f"sqlite:///{data / 'incidents.sqlite'}",
        source_is_default=True,
        mapping=None,
        candidates=None,
        vocabulary=None,
        policy=None,
        rules=None,
        canaries=None,
        timezone="Asia/Taipei",
        first_day="2026-09-21",
        look_back_days=35,
        max_text_bytes=2**20,
        dagster_home=data / "dagster_home",
        training_language="follow",
    )
    assert settings.samples == data / "samples"


@pytest.mark.parametrize(
    ("variable", "value", "field"),
    [
        ("REPLAY_LAKE", "s3://bucket/prefix", "lake"),
        ("REPLAY_EVIDENCE", "/srv/evidence", "evidence"),
        ("REPLAY_LABELS", "/srv/labels", "labels"),
        ("REPLAY_STATE", "/srv/state", "state"),
        ("REPLAY_SOURCE_URL", "postgresql+psycopg://u:p@db/incidents", "source_url"),
        ("REPLAY_TIMEZONE", "UTC", "timezone"),
        ("REPLAY_FIRST_DAY", "2026-01-05", "first_day"),
        ("REPLAY_TRAINING_LANGUAGE", "original", "training_language"),
        ("REPLAY_REPORT_LANGUAGE", "zh-Hant", "report_language"),
        ("DAGSTER_HOME", "/srv/dagster", "dagster_home"),
    ],
)
def test_a_variable_moves_what_it_names_and_nothing_else(
    variable: str, value: str, field: str, monkeypatch: pytest.MonkeyPatch
):
    """Moving the labels root must not move the lake."""
    before = Settings.from_environment()
    monkeypatch.setenv(variable, value)
    after = Settings.from_environment()
    changed = {
        f.name for f in fields(Settings) if getattr(before, f.name) != getattr(after, f.name)
    }
    assert changed - {"source_is_default"} == {field}
    assert str(getattr(after, field)) == value
    assert after.source_is_default is (variable != "REPLAY_SOURCE_URL")


@pytest.mark.parametrize(
    ("variable", "field"),
    [
        ("REPLAY_LAKE", "lake"),
        ("REPLAY_EVIDENCE", "evidence"),
        ("REPLAY_LABELS", "labels"),
        ("REPLAY_STATE", "state"),
        ("DAGSTER_HOME", "dagster_home"),
    ],
)
def test_a_relative_path_is_made_absolute(
    variable: str, field: str, home: Path, monkeypatch: pytest.MonkeyPatch
):
    """A run worker with another working directory must find the same root."""
    monkeypatch.setenv(variable, "elsewhere/kept")
    assert str(getattr(Settings.from_environment(), field)) == str(home / "elsewhere" / "kept")


@pytest.mark.parametrize(
    ("variable", "value", "way_out"),
    [
        pytest.param("REPLAY_REPORT_LANGUAGE", "zh", "en, zh-Hant", id="language of the report"),
        pytest.param("REPLAY_TRAINING_LANGUAGE", "EN", "original, follow, en, zh", id="language"),
        pytest.param("REPLAY_TIMEZONE", "Taipei", "Asia/Taipei", id="no time zone"),
        pytest.param("REPLAY_TIMEZONE", "Asia", "Asia/Taipei", id="a folder of time zones"),
        pytest.param("REPLAY_TIMEZONE", "localtime", "Asia/Taipei", id="the machine's zone"),
        pytest.param("REPLAY_TIMEZONE", "../etc/passwd", "Asia/Taipei", id="a path"),
        pytest.param("REPLAY_FIRST_DAY", "21.9.2026", "ISO date such as 2026-09-21", id="no date"),
        pytest.param("REPLAY_FIRST_DAY", "2026-09-22", "must be a Monday", id="a Tuesday"),
        pytest.param("REPLAY_STATE", "s3://bucket/state", "local disk", id="state on a server"),
        pytest.param("REPLAY_MAPPING", "gone.yaml", "not an existing file", id="mapping"),
        pytest.param("REPLAY_CANDIDATES", "gone.yaml", "not an existing file", id="candidates"),
        pytest.param("REPLAY_VOCABULARY", "data", "not an existing file", id="a folder"),
        pytest.param("REPLAY_POLICY", "gone.yaml", "not an existing file", id="policy"),
    ],
)
def test_an_invalid_value_is_named_with_the_way_out(
    variable: str, value: str, way_out: str, monkeypatch: pytest.MonkeyPatch
):
    """Users should not have to guess the variable or its valid values."""
    monkeypatch.setenv(variable, value)
    with pytest.raises(ConfigurationError) as refusal:
        Settings.from_environment()
    for part in (variable, value, way_out):
        assert part in str(refusal.value)


@pytest.mark.parametrize(
    ("url", "refused"),
    [
        ("sftp://me:pass@word@host/lake", True),
        ("ftp://me:pass/word@host/lake", True),
        ("simplecache::sftp://me:pass@word@host/lake", True),
        ("sftp://me@host/lake", False),
        ("https://account.blob.core.windows.net/lake?sv=1&sig=pass@word", True),
        ("abfs://container@account.dfs.core.windows.net/lake", False),
        ("hdfs://host:8020/user/me@corp/lake", False),
    ],
)
def test_a_root_holds_no_password(url: str, refused: bool, monkeypatch: pytest.MonkeyPatch):
    """The UI and messages show the paths below it."""
    monkeypatch.setenv("REPLAY_LAKE", url)
    if not refused:
        assert Settings.from_environment().lake == url
        return
    with pytest.raises(ConfigurationError, match=r"REPLAY_LAKE is .*fsspec") as found:
        Settings.from_environment()
    shown = url.partition("?")[0].replace("pass@word", "***").replace("pass/word", "***")
    assert f"REPLAY_LAKE is {shown}: " in str(found.value)
    assert "word:" not in str(found.value)


def test_blanks_around_the_url_of_the_source_do_not_count(monkeypatch: pytest.MonkeyPatch):
    """A file of a secret often ends in a line break."""
    monkeypatch.setenv("REPLAY_SOURCE_URL", " sqlite:////srv/x.sqlite\n")
    assert Settings.from_environment().source_url == "sqlite:////srv/x.sqlite"
    monkeypatch.setenv("REPLAY_SOURCE_URL", " ")
    assert Settings.from_environment().source_is_default


def test_settings_do_not_show_the_url_of_the_source(monkeypatch: pytest.MonkeyPatch):
    """A traceback with local values would."""
    secret = "FAKE" + "-word"
    monkeypatch.setenv("REPLAY_SOURCE_URL", f"postgresql+psycopg://u:{secret}@db/x")
    assert secret not in repr(Settings.from_environment())


def test_a_home_without_a_data_folder_is_rejected_by_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """If started in the wrong folder, nothing is created there."""
    wrong = tmp_path / "wrong"
    wrong.mkdir()
    monkeypatch.setenv("REPLAY_HOME", str(wrong))
    with pytest.raises(ConfigurationError) as refusal:
        Settings.from_environment()
    assert str(wrong / "data") in str(refusal.value)
    assert "set REPLAY_HOME" in str(refusal.value)
    assert list(wrong.iterdir()) == []


@pytest.mark.parametrize(
    "variable", ["REPLAY_MAPPING", "REPLAY_CANDIDATES", "REPLAY_VOCABULARY", "REPLAY_POLICY"]
)
def test_a_named_file_is_found_and_made_absolute(
    variable: str, home: Path, monkeypatch: pytest.MonkeyPatch
):
    """An existing file is accepted."""
    (home / "ours.yaml").touch()
    monkeypatch.setenv(variable, "ours.yaml")
    settings = Settings.from_environment()
    assert getattr(settings, variable.removeprefix("REPLAY_").lower()) == home / "ours.yaml"


@pytest.mark.parametrize(
    ("value", "secret"),
    [(" nvapi-FAKE \n", "nvapi-FAKE"), ("", None), ("  ", None), (None, None)],
    ids=["trimmed", "empty", "blank", "unset"],
)
def test_a_blank_key_counts_as_unset(
    value: str | None, secret: str | None, monkeypatch: pytest.MonkeyPatch
):
    """A key of blanks would be sent, and rejected, a hundred times."""
    if value is not None:
        monkeypatch.setenv("NVIDIA_API_KEY_FAKE", value)
    assert read_secret("NVIDIA_API_KEY_FAKE") == secret
    assert read_secret(None) is None


def test_a_childs_environment_adds_to_ours_without_changing_it(home: Path):
    """Starting a server must not leak its settings into this process."""
    assert environment_with(REPLAY_HOME=str(home))["REPLAY_HOME"] == str(home)
    assert "REPLAY_HOME" not in os.environ
    assert environment_with()["PATH"] == os.environ["PATH"]


def test_the_dagster_home_is_set_for_all_child_processes(
    home: Path, monkeypatch: pytest.MonkeyPatch
):
    """Users need not know the variable, and no history is lost in a temporary folder."""
    monkeypatch.setenv("DAGSTER_HOME", "of the user")
    set_dagster_home(home / "data" / "dagster_home")
    assert Settings.from_environment().dagster_home == home / "data" / "dagster_home"


def test_the_state_folder_needs_no_other_setting(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A pack can be replayed without a `data/` folder; next to one, its state is shared."""
    assert state_folder() == home / "data" / "state"
    (home / "data").rmdir()
    assert state_folder() is None
    monkeypatch.setenv("REPLAY_STATE", str(tmp_path / "elsewhere"))
    assert state_folder() == tmp_path / "elsewhere"
