"""The ledger of a day's spending, in memory and in a database: shared and atomic."""

import multiprocessing
import stat
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from datetime import date
from pathlib import Path

import pytest

from replay_assets.errors import JournalError
from replay_assets.inference.spending import Ledger, MemoryLedger
from replay_assets.inference.spending.sql_ledger import LEDGER_FILE, SqlLedger
from tests.inference.spending.full_disk import full_disk

DAY, NEXT_DAY = date(2026, 9, 21), date(2026, 9, 22)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The folder of a ledger on the local disk; it does not exist yet."""
    return tmp_path / "state" / "ledger"


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, folder: Path) -> str:
    """The URL of a database without a table, of each kind."""
    if request.param == "sqlite":
        return f"sqlite:///{folder / LEDGER_FILE}"
    url: str = request.getfixturevalue("postgres_url")
    return url


@pytest.fixture(params=["memory", "sqlite", "postgresql"])
def open_ledger(request: pytest.FixtureRequest, folder: Path) -> Iterator[Callable[[], Ledger]]:
    """Open the ledger again, as another run does."""
    if request.param == "memory":
        ledger = MemoryLedger()
        yield lambda: ledger
        return
    with ExitStack() as opened:
        url = f"sqlite:///{folder / LEDGER_FILE}"
        if request.param == "postgresql":
            url = request.getfixturevalue("postgres_url")
        yield lambda: opened.enter_context(closing(SqlLedger(url)))


@pytest.mark.integration
def test_the_attempts_of_a_killed_run_stay_charged(open_ledger: Callable[[], Ledger]) -> None:
    """What was reserved and never settled may have been billed."""
    ledger = open_ledger()
    kept = ledger.reserve(DAY, "mine", 1.0, limit_usd=None)
    settled = ledger.reserve(DAY, "mine", 1.0, limit_usd=None)
    assert kept is not None
    assert settled is not None
    ledger.settle(settled, 0.25)
    after = open_ledger()
    assert after.spent_usd(DAY, "mine") == pytest.approx(1.25)
    assert after.reserve(DAY, "mine", 0.5, limit_usd=1.5) is None
    assert after.reserve(DAY, "mine", 0.25, limit_usd=1.5) is not None
    assert after.reserve(DAY, "other", 1.5, limit_usd=1.5) is not None
    assert after.reserve(NEXT_DAY, "mine", 1.5, limit_usd=1.5) is not None


def test_a_refused_amount_changes_nothing(open_ledger: Callable[[], Ledger]) -> None:
    """Neither as the first amount of a day nor as a later one."""
    ledger = open_ledger()
    assert ledger.reserve(DAY, "mine", 1.5, limit_usd=1.0) is None
    assert ledger.spent_usd(DAY, "mine") == 0
    assert ledger.reserve(DAY, "mine", 0.75, limit_usd=1.0) is not None
    assert ledger.reserve(DAY, "mine", 0.75, limit_usd=1.0) is None
    assert ledger.spent_usd(DAY, "mine") == 0.75


def test_amounts_that_are_exactly_the_limit_fit(open_ledger: Callable[[], Ledger]) -> None:
    """Three times 0.1 is more than 0.3 in floats."""
    ledger = open_ledger()
    granted = [ledger.reserve(DAY, "mine", 0.1, limit_usd=0.3) is not None for _ in range(4)]
    assert granted == [True, True, True, False]


def test_an_attempt_that_cost_more_than_was_reserved_is_charged_in_full(
    open_ledger: Callable[[], Ledger],
) -> None:
    """An estimate of tokens may be too low; an attempt may also be free."""
    ledger = open_ledger()
    for spent_usd in (0.5, 0.0):
        entry = ledger.reserve(DAY, "mine", 0.25, limit_usd=1.0)
        assert entry is not None
        ledger.settle(entry, spent_usd)
    assert ledger.spent_usd(DAY, "mine") == 0.5


def take(url: str, times: int) -> None:
    """Spend from another process: settle some entries at half their price, some at 0."""
    with closing(SqlLedger(url)) as ledger:
        for number in range(times):
            entry = ledger.reserve(DAY, "mine", 1.0, limit_usd=100.0)
            if entry is not None and number % 2:
                ledger.settle(entry, 0.5)
            ledger.reserve(DAY, "other", 1.0, limit_usd=50.0)


@pytest.mark.integration
def test_processes_share_one_ledger(url: str) -> None:
    """No entry is lost, not even while the table is created, and no two exceed a limit together."""
    context = multiprocessing.get_context("spawn")
    processes = [context.Process(target=take, args=(url, 60)) for _ in range(2)]
    for process in processes:
        process.start()
    for process in processes:
        process.join(60)
    assert [process.exitcode for process in processes] == [0, 0]
    with closing(SqlLedger(url)) as ledger:
        assert ledger.spent_usd(DAY, "mine") == pytest.approx(90.0)
        assert ledger.spent_usd(DAY, "other") == 50.0


def test_no_other_user_may_read_it(folder: Path) -> None:
    """Nor the files next to it that SQLite writes first."""
    with closing(SqlLedger.in_folder(folder)) as ledger:
        ledger.reserve(DAY, "mine", 1.0, limit_usd=None)
        modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()}
    assert len(modes) == 4
    assert modes.pop(f"{LEDGER_FILE}.lock") == 0o644  # always empty
    assert set(modes.values()) == {0o600}


def test_an_entry_is_written_completely_or_not_at_all(folder: Path) -> None:
    """On a full disk nothing is sent, and the next run finds a valid ledger."""
    with closing(SqlLedger.in_folder(folder)) as ledger:
        assert ledger.reserve(DAY, "one", 0.5, limit_usd=1.0) is not None
        before = (folder / f"{LEDGER_FILE}-wal").stat().st_size
        with (
            full_disk(before + 10),
            pytest.raises(JournalError, match=r"ledger\.sqlite can't be written: .*it continues"),
        ):
            ledger.reserve(DAY, "one", 0.1, limit_usd=1.0)
        assert ledger.spent_usd(DAY, "one") == 0.5
    with closing(SqlLedger.in_folder(folder)) as ledger:
        assert ledger.reserve(DAY, "one", 0.5, limit_usd=1.0) is not None
        assert ledger.reserve(DAY, "one", 0.1, limit_usd=1.0) is None


def test_a_ledger_that_cannot_be_opened_is_reported_like_a_full_disk(folder: Path) -> None:
    """For every cause: nothing may be sent whose cost can't be recorded."""
    folder.parent.mkdir()
    folder.write_text("a file in the folder's place")
    ledger = SqlLedger.in_folder(folder)
    with pytest.raises(JournalError, match=r"ledger\.sqlite can't be written: \w"):
        ledger.reserve(DAY, "one", 0.1, limit_usd=1.0)


def test_a_file_that_is_not_a_ledger_is_reported_too(folder: Path) -> None:
    """The error names it, and it is not changed."""
    folder.mkdir(parents=True)
    (folder / LEDGER_FILE).write_text("some other file, as long as a header of SQLite " * 10)
    ledger = SqlLedger.in_folder(folder)
    with pytest.raises(JournalError, match="file is not a database"):
        ledger.reserve(DAY, "one", 0.1, limit_usd=1.0)


@pytest.mark.parametrize("password", ["secret", "p@secret"], ids=["plain", "unescaped"])
def test_a_database_that_does_not_answer_is_named_without_its_password(password: str) -> None:
    """Messages are written to logs."""
    url = f"postgresql+psycopg://me:{password}@127.0.0.1:1/runs?password=secret&connect_timeout=2"
    ledger = SqlLedger(url)
    with pytest.raises(JournalError, match=r"127\.0\.0\.1:1/runs can't be written") as found:
        ledger.spent_usd(DAY, "one")
    assert "secret" not in str(found.value)


@pytest.fixture
def earlier(folder: Path) -> Path:
    """The day's file of an earlier release: 1.25 USD, and an entry that was never finished."""
    folder.mkdir(parents=True)
    path = folder / f"ledger-{DAY}.jsonl"
    path.write_text(
        '{"id": "a", "candidate": "mine", "reserved_usd": 1.0}\n'
        '{"id": "b", "candidate": "mine", "reserved_usd": 1.0}\n'
        '{"id": "b", "spent_usd": 0.25}\n'
        '{"id": "c", "candidate": "other", "reserved_usd": 2.0}\n'
        '{"id": "torn", "candi'
    )
    return path


@pytest.mark.usefixtures("earlier")
def test_spending_before_an_upgrade_counts_on_the_same_day(folder: Path) -> None:
    """The file of an earlier release counts once, even if many runs follow."""
    for already_usd in (1.25, 1.5):
        with closing(SqlLedger.in_folder(folder)) as ledger:
            assert ledger.reserve(DAY, "mine", 0.5, limit_usd=already_usd + 0.25) is None
            assert ledger.reserve(DAY, "mine", 0.25, limit_usd=already_usd + 0.25) is not None
            assert ledger.spent_usd(DAY, "other") == 2.0
            assert ledger.spent_usd(NEXT_DAY, "mine") == 0


def test_a_damaged_file_of_an_earlier_release_is_named_with_its_line(
    folder: Path, earlier: Path
) -> None:
    """What was spent must not be guessed."""
    earlier.write_text(earlier.read_text().replace('"other"', "other"))
    with (
        closing(SqlLedger.in_folder(folder)) as ledger,
        pytest.raises(JournalError, match=rf"{earlier.name}, line 4: damaged"),
    ):
        ledger.reserve(DAY, "mine", 0.5, limit_usd=None)
