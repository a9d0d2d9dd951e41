"""The only module that reads the environment: paths, configuration and keys.

All other code gets what it needs as arguments. Keys are read when used, never stored or shown.
"""

import os
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Self, TypeVar
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from replay_assets.contracts.evaluation_report import REPORT_LANGUAGES, ReportLanguage
from replay_assets.contracts.export_row import TRAINING_LANGUAGES, TrainingLanguage
from replay_assets.errors import ConfigurationError
from replay_assets.parsing.urls import UrlParts, secret_options, shown_url

DEFAULT_TIMEZONE = "Asia/Taipei"
DEFAULT_LOOK_BACK_DAYS = 35
DEFAULT_MAX_TEXT_BYTES = 2**20
AUDIT_KEY = "REPLAY_AUDIT_KEY"
"""The variable with the key of the hashes in audits."""
HUMAN_LABELS = "REPLAY_HUMAN_LABELS"
"""The variable with the path of triples of feedback that people labelled."""
PORT_AND_PATH = re.compile(r"\d{1,5}/")
"""What follows a colon in `hdfs://host:8020/user/me@corp`: no password."""
SAMPLES_FIRST_DAY = "2026-09-21"
"""The Monday of the samples' first week."""

Word = TypeVar("Word", bound=str)


@dataclass(frozen=True)
class Settings:
    """All settings of the environment, validated. Paths are absolute.

    Every variable with its default:
        REPLAY_HOME        working directory; its `data/` must exist
        REPLAY_LAKE        data/lake; any fsspec URL
        REPLAY_EVIDENCE    data/evidence: raw evidence
        REPLAY_LABELS      data/labels
        REPLAY_STATE       data/state; always a local path
        REPLAY_SOURCE_URL  SQLite at data/incidents.sqlite; any SQLAlchemy URL
        REPLAY_MAPPING     none: the schema that `load` creates
        REPLAY_CANDIDATES  the shipped catalogue
        REPLAY_VOCABULARY  the shipped vocabulary
        REPLAY_POLICY      the shipped policy: what a candidate must show to be promoted
        REPLAY_EXPORT      none: YAML with settings of training files that differ from the defaults
        REPLAY_RULES       none: YAML with sanitizing rules in addition to the shipped ones
        REPLAY_CANARIES    none: a file of values, one per line, that must never leave
        REPLAY_TIMEZONE    Asia/Taipei
        REPLAY_FIRST_DAY   2026-09-21; must be a Monday
        REPLAY_LOOK_BACK_DAYS  35: days that the daily observation of the source covers
        REPLAY_MAX_TEXT_BYTES  1048576: a row with a longer text is quarantined
        REPLAY_TRAINING_LANGUAGE  follow: the language of instruction and headings of training rows
        REPLAY_REPORT_LANGUAGE  en: the language of the report's page; zh-Hant is the other one
        DAGSTER_HOME       data/dagster_home

    Read when used, never stored: `REPLAY_TOOL_CASES` (files of tool-calling cases, separated as in
    `PATH`), `REPLAY_HUMAN_LABELS` (triples of feedback that people labelled), `REPLAY_AUDIT_KEY`,
    and the variables that the catalogue names.
    """

    data: Path
    lake: str
    evidence: str
    labels: str
    state: Path
    # Not shown: it may hold a password.
    source_url: str = field(repr=False)
    source_is_default: bool
    mapping: Path | None
    candidates: Path | None
    vocabulary: Path | None
    policy: Path | None
    rules: Path | None
    canaries: Path | None
    timezone: str
    first_day: str
    look_back_days: int
    max_text_bytes: int
    dagster_home: Path
    training_language: TrainingLanguage = "follow"
    report_language: ReportLanguage = "en"
    export: Path | None = None

    @classmethod
    def from_environment(cls) -> Self:
        """Read and check the environment.

        Raises:
            ConfigurationError: a value is invalid; the message names variable, value and way out.
        """
        environment = os.environ
        home = Path(environment.get("REPLAY_HOME") or Path.cwd()).absolute()
        data = home / "data"
        if not data.is_dir():
            raise ConfigurationError(
                f"{data} does not exist. Work from a clone of the project, or set REPLAY_HOME to a "
                "folder that has a data/ folder in it."
            )
        # A file of variables or of a secret often ends in a line break.
        source_url = environment.get("REPLAY_SOURCE_URL", "").strip()
        return cls(
            data=data,
            lake=_root("REPLAY_LAKE", data / "lake"),
            evidence=_root("REPLAY_EVIDENCE", data / "evidence"),
            labels=_root("REPLAY_LABELS", data / "labels"),
            state=_state_named() or data / "state",
            source_url=source_url or _sqlite_url(data / "incidents.sqlite"),
            source_is_default=not source_url,
            mapping=named_file("REPLAY_MAPPING"),
            candidates=named_file("REPLAY_CANDIDATES"),
            vocabulary=named_file("REPLAY_VOCABULARY"),
            policy=named_file("REPLAY_POLICY"),
            export=named_file("REPLAY_EXPORT"),
            rules=named_file("REPLAY_RULES"),
            canaries=named_file("REPLAY_CANARIES"),
            timezone=timezone_name(),
            first_day=_monday(environment.get("REPLAY_FIRST_DAY") or SAMPLES_FIRST_DAY),
            look_back_days=_count("REPLAY_LOOK_BACK_DAYS", DEFAULT_LOOK_BACK_DAYS),
            max_text_bytes=_count("REPLAY_MAX_TEXT_BYTES", DEFAULT_MAX_TEXT_BYTES),
            training_language=_one_of("REPLAY_TRAINING_LANGUAGE", "follow", TRAINING_LANGUAGES),
            report_language=_one_of("REPLAY_REPORT_LANGUAGE", "en", REPORT_LANGUAGES),
            dagster_home=Path(environment.get("DAGSTER_HOME") or data / "dagster_home").absolute(),
        )

    @property
    def samples(self) -> Path:
        """The folder of the project's sample incidents in a clone."""
        return self.data / "samples"


def state_folder() -> Path | None:
    """Return the folder of state that runs share; None if there is no such folder.

    For commands that need no other setting, and so no `data/` folder.
    """
    home = Path(os.environ.get("REPLAY_HOME") or Path.cwd()).absolute()
    if named := _state_named():
        return named
    return home / "data" / "state" if (home / "data").is_dir() else None


def timezone_name() -> str:
    """Return the name of the time zone of days and weeks.

    Raises:
        ConfigurationError: the time zone does not exist.
    """
    return _timezone(os.environ.get("REPLAY_TIMEZONE") or DEFAULT_TIMEZONE)


def tool_case_files() -> tuple[Path, ...]:
    """Return the files of tool-calling cases that `REPLAY_TOOL_CASES` names, as `PATH` does.

    Raises:
        ConfigurationError: one of them does not exist.
    """
    named = os.environ.get("REPLAY_TOOL_CASES", "").split(os.pathsep)
    paths = tuple(Path(one).absolute() for one in named if one)
    for path in paths:
        if not path.is_file():
            raise ConfigurationError(
                f"REPLAY_TOOL_CASES names {str(path)!r}, which is not an existing file; separate "
                f"several with {os.pathsep!r}"
            )
    return paths


def named_file(variable: str) -> Path | None:
    """Return the file that a variable names; None if it is not set.

    Raises:
        ConfigurationError: the file does not exist.
    """
    value = os.environ.get(variable)
    if not value:
        return None
    path = Path(value).absolute()
    if not path.is_file():
        raise ConfigurationError(f"{variable} is {value!r}, which is not an existing file")
    return path


def read_variable(name: str) -> str | None:
    """Return the value of a variable that a catalogue names; None if it is unset or blank."""
    return os.environ.get(name, "").strip() or None


def read_secret(name: str | None) -> str | None:
    """Return the key in an environment variable; None if it is unset or blank."""
    return read_variable(name) if name else None


def read_secrets(names: Iterable[str | None]) -> list[str]:
    """Return every key that is set, and the audit's key; none of them may appear in a request.

    A request to one endpoint must not contain the key of another.
    """
    found = [read_secret(name) for name in (*names, AUDIT_KEY)]
    return list(dict.fromkeys(key for key in found if key is not None))


def environment_with(**values: str) -> dict[str, str]:
    """Return the environment for a child process, with some variables set."""
    return {**os.environ, **values}


def set_dagster_home(path: Path) -> None:
    """Set the instance folder for this process and its children; they send no telemetry."""
    os.environ["DAGSTER_HOME"] = str(path)
    # Whatever the settings of that folder are: it may be one of other projects.
    os.environ["DAGSTER_DISABLE_TELEMETRY"] = "yes"


def cache_folder() -> Path:
    """Return the user's folder for files that can be made again."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "replay-assets"


def _state_named() -> Path | None:
    """Return the folder that REPLAY_STATE names; None if it is not set."""
    named = os.environ.get("REPLAY_STATE")
    if named and "://" in named:
        raise ConfigurationError(
            f"REPLAY_STATE is {shown_url(named)}; it must be a folder on a local disk, not a URL"
        )
    return Path(named).absolute() if named else None


def _sqlite_url(file: Path) -> str:
    # SQLAlchemy decodes a path, and ends it at the first question mark.
    return "sqlite:///" + str(file).replace("%", "%25").replace("?", "%3F")


def _root(variable: str, default: Path) -> str:
    """Return a URL unchanged and a path as absolute: a worker may run in another folder."""
    url = os.environ.get(variable) or str(default)
    if "://" not in url:
        return str(Path(url).absolute())
    parts = UrlParts.of(url)
    password = (parts and parts.password) or ""
    # Paths below a root are shown in the UI and in logs.
    if (password and not PORT_AND_PATH.match(password)) or secret_options(url):
        raise ConfigurationError(
            f"{variable} is {shown_url(url)}: it holds a password. Give that to fsspec in another "
            "way, such as a variable FSSPEC_SFTP_PASSWORD, or a file in ~/.config/fsspec"
        )
    return url


def _timezone(name: str) -> str:
    try:
        if name == "localtime":
            raise ValueError("another zone on each machine")
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ConfigurationError(
            f"REPLAY_TIMEZONE is {name!r}; use an IANA name such as Asia/Taipei or UTC"
        ) from error
    return name


def _monday(text: str) -> str:
    try:
        day = date.fromisoformat(text)
    except ValueError as error:
        raise ConfigurationError(
            f"REPLAY_FIRST_DAY is {text!r}; use an ISO date such as {SAMPLES_FIRST_DAY}"
        ) from error
    if day.weekday() != 0:
        raise ConfigurationError(
            f"REPLAY_FIRST_DAY is {text} ({day:%A}); it must be a Monday, because weeks are named "
            "by theirs"
        )
    return day.isoformat()


def _one_of(variable: str, default: Word, words: Sequence[Word]) -> Word:
    name = os.environ.get(variable) or default
    for known in words:
        if name == known:
            return known
    raise ConfigurationError(f"{variable} is {name!r}; use one of {', '.join(words)}")


def _count(variable: str, default: int) -> int:
    text = os.environ.get(variable) or str(default)
    if not (text.isascii() and text.isdigit() and int(text) > 0):
        raise ConfigurationError(f"{variable} is {text!r}; use a whole number above zero")
    return int(text)
