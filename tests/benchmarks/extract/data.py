"""The benchmark's database: incidents over whole Taipei days, as large as production's.

    python -m tests.benchmarks.extract.data URL [--incidents N] [--days N] [--history N]
                                                [--no-indexes]

Seeded: the same shape gives the same rows in PostgreSQL and SQLite. Text of evidence is 4.4 KB of
UTF-8, partly Chinese; sessions carry 1 KB of JSON. A database that already holds the shape is left
as it is, so it is its own cache; `cached_sqlite` and `cached_postgres` say where one is.
"""

import argparse
import hashlib
import itertools
import json
import random
import sqlite3
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from replay_assets.contracts.calendar import day_window
from replay_assets.source.connection.database import IncidentDatabase
from replay_assets.source.loading.creating import create_tables
from replay_assets.source.schema.types import instant_text

FIRST_DAY = "2026-09-01"
"""The first day of every shape's own days; history is before it."""
ZONE = "Asia/Taipei"
INCIDENTS, DAYS = 200_000, 30
VERSION = 1
"""Part of a shape's name: raised when the rows change, so that no stale cache is read."""
TEXT_CHARACTERS, JSON_CHARACTERS = 3_600, 590
"""4.4 KB and 1.0 KB of UTF-8 with the share of Chinese below."""
SESSIONS_AN_INCIDENT = {0: 0.05, 1: 0.26, 2: 0.495, 3: 0.17, 4: 0.025}  # 1.85 on average
REPAIRS_AN_INCIDENT = {0: 0.26, 1: 0.70, 2: 0.04}  # 0.78 on average
ROLES = ("coordinator", "diagnostician", "coordinator", "reviewer")
MARKER = "benchmark_data"

Row = tuple[Any, ...]
Rows = Callable[["Shape"], Iterator[Row]]


@dataclass(frozen=True)
class Shape:
    """How many incidents are on how many days, with `history - 1` times as many before them."""

    incidents: int = INCIDENTS
    days: int = DAYS
    history: int = 1
    indexes: bool = True

    @property
    def name(self) -> str:
        """The shape in sixteen hexadecimal digits."""
        text = json.dumps({"version": VERSION, **asdict(self)})
        return hashlib.sha256(text.encode()).hexdigest()[:16]

    def numbers(self) -> Iterator[tuple[int, datetime]]:
        """Yield each incident's number and when its evidence was collected, oldest day first.

        The shape's own incidents count from 0; numbers of history go on from there.
        """
        start = day_window(FIRST_DAY, ZONE).start
        for past in reversed(range(self.history)):
            for own in range(self.incidents):
                number = past * self.incidents + own
                day = own * self.days // self.incidents - past * self.days
                # A multiplicative hash spreads numbers over the day like a draw, without state.
                second = number * 2_654_435_761 % 86_400_000_000
                yield number, start + timedelta(days=day, microseconds=second)


def make(
    url: str,
    *,
    incidents: int = INCIDENTS,
    days: int = DAYS,
    history: int = 1,
    indexes: bool = True,
) -> Shape:
    """Fill an empty database with a shape, unless it already holds exactly that.

    Args:
        url: SQLAlchemy URL of PostgreSQL or SQLite.
        incidents: evidence rows on the shape's own days; all in one day with `days=1`.
        days: the shape's own days, from `FIRST_DAY` on.
        history: 10 for nine times as much before those days.
        indexes: on `collected_at`, `incident_id` and `session_id`; primary keys are always there.

    Raises:
        RuntimeError: the database holds other data; it is not overwritten.
    """
    shape = Shape(incidents=incidents, days=days, history=history, indexes=indexes)
    database = IncidentDatabase(url)
    try:
        held = _held(database)
        if held is not None and held != shape.name:
            raise RuntimeError(f"{database.name} holds other data ({held}); name an empty one")
        if held is None:
            _fill(database, shape)
    finally:
        database.close()
    return shape


def cached_sqlite(**shape: Any) -> str:
    """Return the URL of a SQLite file with a shape; made on the first call, kept in the cache."""
    path = cache_folder() / f"{Shape(**shape).name}.sqlite"
    if not path.exists():
        unfinished = path.with_suffix(".unfinished")
        unfinished.unlink(missing_ok=True)
        make(f"sqlite:///{unfinished}", **shape)
        unfinished.rename(path)
    return f"sqlite:///{path}"


def cached_postgres(server_url: str, **shape: Any) -> str:
    """Return the URL of a database of the server's with a shape; made on the first call."""
    name = f"replay_bench_{Shape(**shape).name}"
    admin = sa.create_engine(server_url, isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        there = sa.text("SELECT 1 FROM pg_database WHERE datname = :name")
        if connection.execute(there, {"name": name}).first() is None:
            connection.exec_driver_sql(f"CREATE DATABASE {name}")
    admin.dispose()
    url = sa.make_url(server_url).set(database=name).render_as_string(hide_password=False)
    make(url, **shape)
    return url


def cache_folder() -> Path:
    """Return where SQLite files of shapes are kept between runs: below the temporary folder."""
    folder = Path(tempfile.gettempdir()) / "replay-assets-benchmarks"
    folder.mkdir(exist_ok=True)
    return folder


def _held(database: IncidentDatabase) -> str | None:
    with database.writing(create=True) as connection:
        if not sa.inspect(connection).has_table(MARKER):
            return None
        return str(connection.exec_driver_sql(f"SELECT shape FROM {MARKER}").scalar_one())


def _fill(database: IncidentDatabase, shape: Shape) -> None:
    """Copy the rows into bare tables, then build the indexes: several times faster than before."""
    with database.writing(create=True) as connection:
        tables = create_tables(database, connection)
        indexes = [index for table in tables.values() for index in table.indexes]
        for index in indexes:
            index.drop(connection)
    copy = _copy if database.engine.dialect.name == "postgresql" else _insert
    copy(database, shape)
    with database.writing() as connection:
        for index in indexes if shape.indexes else []:
            index.create(connection)
        connection.exec_driver_sql(f"CREATE TABLE {MARKER} (shape TEXT NOT NULL)")
        connection.exec_driver_sql(f"INSERT INTO {MARKER} VALUES ('{shape.name}')")
    if database.engine.dialect.name == "postgresql":
        with database.engine.connect().execution_options(
            isolation_level="AUTOCOMMIT"
        ) as connection:
            connection.exec_driver_sql("VACUUM ANALYZE")


def _copy(database: IncidentDatabase, shape: Shape) -> None:
    with database.engine.connect() as connection:
        cursor = connection.connection.cursor()
        for table, (columns, rows) in TABLES.items():
            with cursor.copy(f"COPY {table} ({', '.join(columns)}) FROM STDIN") as copy:
                for row in rows(shape):
                    copy.write_row(row)
        connection.connection.commit()


def _insert(database: IncidentDatabase, shape: Shape) -> None:
    path = database.engine.url.database
    if path is None:
        raise RuntimeError("the benchmark's SQLite database needs a file")
    with sqlite3.connect(path) as connection:
        # A file that is lost in a crash is made again; nothing else is in it.
        connection.execute("PRAGMA synchronous = OFF")
        for table, (columns, rows) in TABLES.items():
            marks = ", ".join("?" * len(columns))
            statement = f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({marks})"
            connection.executemany(statement, rows(shape))
    connection.close()


def _evidence(shape: Shape) -> Iterator[Row]:
    text = _text()
    for number, collected_at in shape.numbers():
        start = _offset(number, 1, len(text) - TEXT_CHARACTERS)
        yield (
            f"ev-{number:09}",
            f"inc-{number:09}",
            f"Alert{number % 97}",
            f'{{"namespace": "shop", "service": "service-{number % 211}", "team": "平台"}}',
            ("critical", "warning", "info")[number % 3],
            f"[FIRING] Alert{number % 97} #{number}\n{text[start : start + TEXT_CHARACTERS]}",
            "kubectl",
            instant_text(collected_at),
            ("success", "failed", None)[number % 5 % 3],
            "v1",
            f"pb-{number % 41}",
        )


def _sessions(shape: Shape) -> Iterator[Row]:
    bodies, draw = _bodies(), _draws(SESSIONS_AN_INCIDENT, seed=2)
    for number, collected_at in shape.numbers():
        for turn in range(draw[_offset(number, 2, len(draw))]):
            body = bodies[_offset(number * 4 + turn, 3, len(bodies))]
            yield (
                f"se-{number:09}-{turn}",
                f"inc-{number:09}",
                ROLES[turn],
                "incumbent-agent-v3",
                f'{{"run": {number * 4 + turn}, {body}',
                instant_text(collected_at + timedelta(minutes=3 + 7 * turn)),
            )


def _repairs(shape: Shape) -> Iterator[Row]:
    draw = _draws(REPAIRS_AN_INCIDENT, seed=3)
    for number, collected_at in shape.numbers():
        for attempt in range(draw[_offset(number, 4, len(draw))]):
            yield (
                f"re-{number:09}-{attempt}",
                f"inc-{number:09}",
                attempt + 1,
                f"playbook-{number % 41}",
                f'[{{"action": "restart_workload", "target": "deploy/service-{number % 211}", '
                f'"step": "重新啟動 service-{number % 211}"}}]',
                (number + attempt) % 4 != 0,
                None if (number + attempt) % 4 else "timed out waiting for the rollout",
                "automation" if number % 2 else "human",
                instant_text(collected_at + timedelta(minutes=20 + 15 * attempt)),
            )


TABLES: dict[str, tuple[tuple[str, ...], Rows]] = {
    "incident_evidence": (
        (
            "id",
            "incident_id",
            "alertname",
            "labels",
            "severity",
            "evidence_summary",
            "evidence_kind",
            "collected_at",
            "verification_result",
            "schema_version",
            "matched_playbook_id",
        ),
        _evidence,
    ),
    "agent_sessions": (
        ("id", "incident_id", "agent_role", "model", "output_json", "created_at"),
        _sessions,
    ),
    "auto_repair_executions": (
        (
            "id",
            "incident_id",
            "attempt",
            "playbook_name",
            "executed_steps",
            "success",
            "error",
            "executor",
            "created_at",
        ),
        _repairs,
    ),
}


def _offset(number: int, salt: int, below: int) -> int:
    """Return a spread-out offset of a number: cheap, and the same however many rows there are."""
    return (number * 2_246_822_519 + salt * 3_266_489_917) % 4_294_967_291 % below


def _draws(shares: dict[int, float], seed: int) -> list[int]:
    """Return 10,007 drawn counts; a prime, so that it does not beat with days or roles."""
    counts, weights = list(shares), list(shares.values())
    return random.Random(seed).choices(counts, weights, k=10_007)


@cache
def _text() -> str:
    """Return 12 million characters of log lines, a third of them Chinese.

    Less would repeat itself within a page of Parquet and compress as no real evidence does.
    """
    rng = random.Random(1)
    instants = (datetime(2026, 9, 1, tzinfo=UTC) + timedelta(seconds=n) for n in itertools.count())
    lines: list[str] = []
    size = 0
    while size < 12_000_000:
        pattern = LOG_LINES[rng.randrange(len(LOG_LINES))]
        lines.append(
            f"{next(instants):%H:%M:%S} "
            + pattern.format(
                n=rng.randrange(1_000_000), m=rng.randrange(1_000), id=f"{rng.getrandbits(48):012x}"
            )
        )
        size += len(lines[-1]) + 1
    return "\n".join(lines)


@cache
def _bodies() -> list[str]:
    """Return what follows the first field of a session's JSON, in 20,011 variants."""
    text, bodies = _text(), []
    for number in range(20_011):
        start = _offset(number, 5, len(text) - JSON_CHARACTERS)
        said = text[start : start + JSON_CHARACTERS]
        fields = {"reasoning": said, "decision": said[:160], "confidence": number % 100 / 100}
        bodies.append(json.dumps(fields, ensure_ascii=False)[1:])
    return bodies


LOG_LINES = (
    'level=error component=checkout-api pod=checkout-api-{id} msg="upstream timed out" ms={n}',
    "level=warn component=orders-db pool=report_ro waiting={m} acquired={m} trace={id}",
    "GET /v1/checkout/{id} 503 {m} ms upstream=orders-{m} bytes={n}",
    "kubelet: Liveness probe failed: HTTP probe failed with statuscode: {m} container={id}",
    "資料庫連線池已滿：等待中 {m} 筆，最久 {n} 毫秒，追蹤碼 {id}，請檢查報表服務是否閒置於交易中",
    "節點 node-{m} 磁碟使用率 {m} ‰，影像檔 {id} 佔用 {n} MiB，清理作業未完成",
    'container_memory_working_set_bytes{{pod="web-{id}"}} {n}{m}',
    "告警 {id} 持續 {m} 分鐘：付款服務回應逾時，受影響請求 {n} 筆",
    "certificate CN=svc-{m}.internal serial={id} expires in {m} h",
)


def main() -> None:
    """Make a shape and say how long that took."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("url")
    parser.add_argument("--incidents", type=int, default=INCIDENTS)
    parser.add_argument("--days", type=int, default=DAYS)
    parser.add_argument("--history", type=int, default=1)
    parser.add_argument("--no-indexes", dest="indexes", action="store_false")
    arguments = vars(parser.parse_args())
    started = time.perf_counter()
    shape = make(**arguments)
    print(f"{shape} in {time.perf_counter() - started:.1f} s")


if __name__ == "__main__":
    main()
