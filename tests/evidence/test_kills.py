"""An extraction that is killed or fails early: no partial result is ever visible."""

import hashlib
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pytest

from replay_assets.evidence.extraction import extract_day
from replay_assets.lake.addresses import Address
from replay_assets.lake.assets import UNFINISHED_FILE
from replay_assets.lake.published import Published
from replay_assets.lake.store import Store
from replay_assets.lake.tables import TableWriter
from replay_assets.source.connection.database import IncidentDatabase
from tests.source.rows import DAY, execute, incident, load, message, repair, session

pytestmark = pytest.mark.integration

ROOT = Path(__file__).parents[2]
ADDRESS = Address("incident_evidence", DAY.day)
KILLS = 20
READERS = [
    pytest.param("sqlite", False, id="sqlite"),
    pytest.param("postgresql", False, id="sqlalchemy"),
    pytest.param("postgresql", True, id="adbc"),
]


@pytest.fixture
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[IncidentDatabase]:
    """Return a day of some megabytes; each session has one message and one repair."""
    sqlite = request.param == "sqlite"
    url = (
        f"sqlite:///{tmp_path / 'it.sqlite'}" if sqlite else request.getfixturevalue("postgres_url")
    )
    database = IncidentDatabase(url)
    numbers = range(3000)
    load(
        database,
        tmp_path,
        incident_evidence=[incident(n, evidence_summary=f"{n} 磁" * 500) for n in numbers],
        agent_sessions=[session(f"se-{n}", incident_id=f"inc-{n}") for n in numbers],
        auto_repair_executions=[repair(f"re-{n}", incident_id=f"inc-{n}") for n in numbers],
        session_messages=[message(0, session_id=f"se-{n}", content="?" * 999) for n in numbers],
    )
    yield database
    database.close()


def contents(root: Path) -> dict[str, str]:
    """Return the digest of each file below a root, by its path."""
    return {
        path.relative_to(root).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(root.rglob("*"))
        if path.is_file()
    }


def hidden_in(root: Path) -> set[str]:
    """Return the names of files that are unfinished."""
    return {path.name for path in root.rglob(".*")}


@dataclass
class Extraction:
    """A process that extracts the day of a database."""

    database: IncidentDatabase
    fast: bool

    def killed_after(self, seconds: float, root: Path) -> int:
        """Start it, kill it some time after its start, and return how it ended."""
        process = self._started(root)
        time.sleep(seconds)
        process.send_signal(signal.SIGKILL)
        return self._ended(process)

    def seconds(self, root: Path) -> float:
        """Return how long it takes without a kill: the shorter of two times."""
        taken = []
        for _ in range(2):
            process = self._started(root)
            begun = time.monotonic()
            assert self._ended(process) == 0
            taken.append(time.monotonic() - begun)
        return min(taken)

    def _started(self, root: Path) -> subprocess.Popen[str]:
        url = self.database.engine.url.render_as_string(hide_password=False)
        command = [sys.executable, "-m", "tests.evidence.extract_once", url, str(root), DAY.day]
        process = subprocess.Popen(
            [*command, "fast" if self.fast else "slow"],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert process.stdout is not None
        assert process.stdout.readline() == "begun\n"
        return process

    @staticmethod
    def _ended(process: subprocess.Popen[str]) -> int:
        process.communicate()
        return process.returncode


def whole(root: Path) -> Published | None:
    """Return the partition if its files match its manifest; None if there is no partition."""
    published = Store(str(root)).find(ADDRESS)
    if published is not None:
        found = contents(root)
        entries = {entry.path: entry.sha256 for entry in published.manifest.files}
        assert {path: found.get(path) for path in entries} == entries
    return published


@pytest.mark.slow
@pytest.mark.parametrize(("database", "fast"), READERS, indirect=["database"])
def test_a_killed_extraction_leaves_a_complete_day_or_none(
    fast: bool, database: IncidentDatabase, tmp_path: Path
):
    """Killed at twenty moments, every other time over an old day; reruns give the same bytes."""
    extraction = Extraction(database, fast)
    before, after = tmp_path / "before", tmp_path / "after"
    extract_day(database, DAY, Store(str(before)), fast=fast)
    execute(database, "UPDATE incident_evidence SET evidence_summary = evidence_summary || '!'")
    seconds = extraction.seconds(after)
    old, new = contents(before), contents(after)
    assert len(new) == 5
    assert new.keys() == old.keys()
    assert new.items() - old.items()
    chance = random.Random(4)
    killed = swept = 0
    for turn in range(KILLS):
        root = tmp_path / f"turn-{turn}"
        if turn % 2:
            lay_out(before, root)
        killed += extraction.killed_after(chance.uniform(0, 1.05 * seconds), root) != 0
        left = {
            path: one
            for path, one in contents(root).items()
            if not path.endswith((".tmp", UNFINISHED_FILE))
        }
        assert all(one in (old.get(path), new[path]) for path, one in left.items())
        published = whole(root)
        if published is not None:
            assert left in (old, new)
        swept += bool(hidden_in(root))
        extract_day(database, DAY, Store(str(root)), fast=fast)
        assert contents(root) == new
    assert killed >= KILLS // 2, "most extractions ended before they were killed"
    assert swept, "no kill left a file to sweep"


def lay_out(folder: Path, root: Path) -> None:
    """Publish a day in a place where another will be written."""
    for path in folder.rglob("*"):
        if path.is_file():
            target = root / path.relative_to(folder)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(path.read_bytes())


@pytest.mark.parametrize(("database", "fast"), READERS, indirect=["database"])
def test_an_extraction_that_cannot_write_leaves_the_day_unchanged(
    fast: bool, database: IncidentDatabase, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """A full disk while the next rows are being read; the same database works for the retry."""
    store = Store(str(tmp_path / "evidence"))
    extract_day(database, DAY, store, fast=fast)
    before = contents(tmp_path / "evidence")
    append = TableWriter._append
    calls = []

    def full(self: TableWriter, table: pa.Table) -> None:
        calls.append(table)
        if len(calls) > 1:
            raise OSError(28, "No space left on device")
        append(self, table)

    monkeypatch.setattr(TableWriter, "_append", full)
    with pytest.raises(OSError, match="No space left on device"):
        extract_day(database, DAY, store, fast=fast)
    monkeypatch.undo()
    assert contents(tmp_path / "evidence") == before
    extract_day(database, DAY, store, fast=fast)
    assert contents(tmp_path / "evidence") == before


@pytest.mark.parametrize(("database", "fast"), READERS, indirect=["database"])
def test_an_interrupted_extraction_releases_its_connection(
    fast: bool, database: IncidentDatabase, tmp_path: Path
):
    """Control-C between two batches: no thread and no transaction is left."""

    def interrupt(rows: int) -> None:
        raise KeyboardInterrupt(rows)

    store = Store(str(tmp_path / "evidence"))
    with pytest.raises(KeyboardInterrupt):
        extract_day(database, DAY, store, fast=fast, progress=interrupt)
    assert not [one for one in threading.enumerate() if one.name.startswith(("read-", "parquet"))]
    assert contents(tmp_path / "evidence") == {}
    execute(database, "UPDATE incident_evidence SET severity = 'critical'")
    assert extract_day(database, DAY, store, fast=fast).facts["kept"] == 3000
