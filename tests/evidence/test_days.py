"""Every row is in exactly one day, in order of time: at clock changes, and on the edges.

Half an hour by half an hour through the days around a change of clocks, from both databases.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from replay_assets.contracts.calendar import day_window, days_between
from replay_assets.source.connection.database import IncidentDatabase
from replay_assets.source.day.orphans import count_orphans
from replay_assets.source.day.reading import day_snapshot
from replay_assets.source.schema.mapping import SourceMapping
from tests.evidence.extracted import extracted
from tests.source.rows import DAY, execute, load

Days = dict[str, list[tuple[str, datetime]]]
"""The id and instant of each row, in the order read, by day."""
MICROSECOND = timedelta(microseconds=1)
CHANGES = [
    pytest.param("Europe/Berlin", "2026-03-29", id="Berlin, spring"),
    pytest.param("Europe/Berlin", "2026-10-25", id="Berlin, autumn", marks=pytest.mark.slow),
    pytest.param("America/New_York", "2026-03-08", id="New York, spring", marks=pytest.mark.slow),
    pytest.param("America/New_York", "2026-11-01", id="New York, autumn"),
    pytest.param("Asia/Taipei", "2026-10-25", id="Taipei, never"),
    pytest.param("Australia/Lord_Howe", "2026-04-05", id="Lord Howe, half an hour back"),
    pytest.param(
        "Australia/Lord_Howe", "2026-10-04", id="Lord Howe, half an hour on", marks=pytest.mark.slow
    ),
    pytest.param("America/Havana", "2026-11-01", id="Havana, midnight twice"),
    pytest.param("America/Havana", "2026-03-08", id="Havana, no midnight", marks=pytest.mark.slow),
    pytest.param("Asia/Beirut", "2026-03-29", id="Beirut, no midnight", marks=pytest.mark.slow),
    pytest.param("Pacific/Apia", "2011-12-30", id="Apia, a day that was not"),
]
TABLES = (
    """CREATE TABLE incident_evidence (id TEXT PRIMARY KEY, incident_id TEXT, evidence_summary TEXT,
       collected_at {instant}, verification_result TEXT, schema_version TEXT,
       matched_playbook_id TEXT)""",
    """CREATE TABLE agent_sessions (id TEXT PRIMARY KEY, incident_id TEXT, agent_role TEXT,
       output_json TEXT, created_at {instant})""",
    """CREATE TABLE auto_repair_executions (id TEXT PRIMARY KEY, incident_id TEXT,
       playbook_name TEXT, executed_steps TEXT, success BOOLEAN, created_at {instant})""",
)


@dataclass(frozen=True)
class Around:
    """The day on which clocks change in a time zone, with the days around it."""

    zone: str
    change: str

    @property
    def days(self) -> list[str]:
        """The days that are read: two before the change, and two after it."""
        change, two = date.fromisoformat(self.change), timedelta(days=2)
        return days_between((change - two).isoformat(), (change + two).isoformat())

    def instants(self) -> list[datetime]:
        """Each half hour of the three days; for their midnights also a microsecond before."""
        windows = [day_window(day, self.zone) for day in self.days[1:-1]]
        start, end = windows[0].start, windows[-1].end
        halves = [start + timedelta(minutes=30 * n) for n in range((end - start) // HALF_HOUR)]
        edges = [edge for window in windows for edge in (window.start, window.end)]
        return sorted({*halves, *edges, *(edge - MICROSECOND for edge in edges)})

    def walls(self) -> list[datetime]:
        """Each half hour of three calendar days, also those that clocks skip or show twice."""
        start = datetime.fromisoformat(self.change) - timedelta(days=1)
        halves = [start + timedelta(minutes=30 * n) for n in range(3 * 48)]
        return sorted({*halves, *(one - MICROSECOND for one in halves if one.hour == 0)})

    def expected(self) -> Days:
        """Return the day of each instant: the date that a local calendar shows."""
        found: Days = {day: [] for day in self.days}
        for instant in self.instants():
            day = instant.astimezone(ZoneInfo(self.zone)).date().isoformat()
            found[day].append((id_of(instant), instant))
        return found


HALF_HOUR = timedelta(minutes=30)


def id_of(instant: datetime) -> str:
    """Return an id that does not sort by time."""
    return f"{instant.microsecond}-{instant.minute}-{instant.isoformat()}"


def read(database: IncidentDatabase, around: Around, *, fast: bool | None = None) -> Days:
    """Read each of the days."""
    found: Days = {}
    for day in around.days:
        with day_snapshot(database, day_window(day, around.zone), fast=fast) as snapshot:
            rows = [row for batch in snapshot.evidence() for row in batch.table.to_pylist()]
        found[day] = [(row["id"], row["collected_at"]) for row in rows]
    return found


def fill(database: IncidentDatabase, instant_type: str, texts: dict[str, str]) -> None:
    """Create the tables, with rows of these times by their ids."""
    values = ", ".join(
        f"('{id_}', '{id_}', '?', '{text}', NULL, NULL, NULL)" for id_, text in texts.items()
    )
    execute(
        database,
        *(table.format(instant=instant_type) for table in TABLES),
        f"INSERT INTO incident_evidence VALUES {values}",
    )


@dataclass(frozen=True)
class Both:
    """Two empty databases that are read with one mapping."""

    sqlite: IncidentDatabase
    postgres: IncidentDatabase

    def mapped(self, zone: str) -> "Both":
        """Return them with a zone declared for values without one."""
        mapping = SourceMapping(timezone=zone)
        url = self.postgres.engine.url.render_as_string(hide_password=False)
        return Both(
            IncidentDatabase(str(self.sqlite.engine.url), mapping), IncidentDatabase(url, mapping)
        )

    def close(self) -> None:
        """Close the connections."""
        self.sqlite.close()
        self.postgres.close()


@pytest.fixture
def both(postgres_url: str, tmp_path: Path) -> Iterator[Both]:
    """Return one database of each kind."""
    found = Both(
        IncidentDatabase(f"sqlite:///{tmp_path / 'incidents.sqlite'}"),
        IncidentDatabase(postgres_url),
    )
    yield found
    found.close()


@pytest.mark.parametrize(("zone", "change"), CHANGES)
def test_each_instant_is_in_the_day_of_its_calendar(zone: str, change: str, both: Both):
    """In both databases and with both readers, ordered by time, the edges included."""
    around = Around(zone, change)
    expected = around.expected()
    texts = {id_of(one): one.isoformat(timespec="microseconds") for one in around.instants()}
    fill(both.sqlite, "TEXT", texts)
    fill(both.postgres, "TIMESTAMPTZ", texts)
    assert sum(map(len, expected.values())) == len(texts) > 96
    assert read(both.sqlite, around) == expected
    assert read(both.postgres, around, fast=False) == expected
    assert read(both.postgres, around, fast=True) == expected


@pytest.mark.parametrize(("zone", "change"), CHANGES)
def test_texts_of_any_form_are_in_the_day_of_their_instant(zone: str, change: str, both: Both):
    """SQLite stores what each writer wrote; in one column, mixed forms sort into other days."""
    around = Around(zone, change)
    instants = around.instants()
    texts = {id_of(one): in_form(number, one, zone) for number, one in enumerate(instants)}
    fill(both.sqlite, "TEXT", texts)
    mapped = both.mapped(zone)
    assert read(mapped.sqlite, around) == around.expected()
    mapped.close()


def in_form(number: int, instant: datetime, zone: str) -> str:
    """Write an instant in one of many forms."""
    local = instant.astimezone(ZoneInfo(zone))
    naive = local.replace(tzinfo=None)
    forms = [
        instant.isoformat().replace("+00:00", "Z"),
        instant.astimezone(ZoneInfo("Asia/Taipei")).isoformat(),
        instant.isoformat(sep=" "),
        local.isoformat(),
        instant.isoformat(timespec="microseconds"),
        instant.astimezone(ZoneInfo("America/Los_Angeles")).isoformat(sep=" "),
        naive.isoformat(sep=" "),
        naive.isoformat(),
    ]
    again = [naive.replace(tzinfo=ZoneInfo(zone), fold=fold).astimezone(UTC) for fold in (0, 1)]
    # A wall time that the clocks showed twice is ambiguous.
    return forms[number % (len(forms) if again == [instant] * 2 else 6)]


@pytest.mark.parametrize(("zone", "change"), CHANGES)
def test_wall_times_of_a_declared_zone_are_in_one_day_and_equal_in_both(
    zone: str, change: str, both: Both
):
    """Also wall times that occur twice or never; PostgreSQL and SQLite agree row by row."""
    around = Around(zone, change)
    walls = {id_of(one): one for one in around.walls()}
    texts = {id_: one.isoformat(sep=" ") for id_, one in walls.items()}
    fill(both.sqlite, "TEXT", texts)
    fill(both.postgres, "TIMESTAMP", texts)
    mapped = both.mapped(zone)
    found = read(mapped.sqlite, around)
    assert found == read(mapped.postgres, around, fast=False)
    assert found == read(mapped.postgres, around, fast=True)
    mapped.close()
    times = Counter(id_ for rows in found.values() for id_, _ in rows)
    assert times == dict.fromkeys(walls, 1)
    for day, rows in found.items():
        assert rows == sorted(rows, key=lambda row: (row[1], row[0]))
        for id_, instant in rows:
            local = instant.astimezone(ZoneInfo(zone))
            assert local.date().isoformat() == day
            shown = local.replace(tzinfo=None) == walls[id_]
            never = walls[id_].date() != local.date() or abs(
                local.replace(tzinfo=None) - walls[id_]
            ) in (timedelta(hours=1), HALF_HOUR)
            assert shown or never


IN_NO_DAY = {
    "sqlite": {
        "null": "NULL",
        "empty": "''",
        "garbage": "'yesterday'",
        "no-utf8": "CAST(x'323032362d30392d3231ff' AS TEXT)",
        "blob": "x'00ff'",
        "epoch": "1790000000",
        "naive": "'2026-09-21 06:00:00'",
        "only-a-day": "'2026-09-21'",
        "month-13": "'2026-13-21T06:00:00Z'",
        "blank-before": "' 2026-09-21T06:00:00Z'",
        "year-20000": "'20000-01-01T00:00:00Z'",
        "zero-time": "'0001-01-01T00:00:00Z'",
        "zero-time-canonical": "'0001-01-01T00:00:00.000000+00:00'",
        "end-of-time": "'9999-12-31T23:59:59.999999+00:00'",
        "infinity": "'infinity'",
    },
    "postgresql": {
        "null": "NULL",
        "infinity": "'infinity'",
        "minus-infinity": "'-infinity'",
        "before-christ": "'0044-03-15 00:00:00+00 BC'",
        "zero-time": "'0001-01-01T00:00:00Z'",
        "end-of-time": "'9999-12-31T23:59:59.999999+00:00'",
        "year-20000": "'20000-01-01T00:00:00Z'",
    },
}


def test_a_row_in_no_day_is_counted(database: IncidentDatabase, tmp_path: Path):
    """It is in no partition, so only a check of the whole table can report it."""
    load(database, tmp_path)
    times = IN_NO_DAY[database.engine.dialect.name]
    before = {"early": "'2026-09-20T15:59:59.999999Z'", "earliest": "'0001-01-05T00:00:00Z'"}
    execute(
        database,
        *(
            "INSERT INTO incident_evidence (id, incident_id, evidence_summary, collected_at) "
            f"VALUES ('{name}', '{name}', '?', {sql})"
            for name, sql in {**times, **before}.items()
        ),
    )
    assert [row["id"] for row in extracted(database, DAY).kept] == ["ev-1"]
    orphans = count_orphans(database, DAY.day, "Asia/Taipei")
    assert orphans.evidence_without_a_day == len(times)
    assert orphans.evidence_before_the_first_day == len(before)


@pytest.mark.parametrize("at", ["0001-01-02", "0001-01-03", "0001-01-04", "9999-12-30"])
def test_every_time_is_counted_in_a_partition_or_outside(
    at: str, database: IncidentDatabase, tmp_path: Path
):
    """No row is counted nowhere; the last possible day is a day like any other."""
    load(database, tmp_path)
    execute(
        database,
        f"UPDATE incident_evidence SET collected_at = '{at}T12:00:00.000000+00:00'",
    )
    lost = count_orphans(database, DAY.day, "Asia/Taipei").lost_evidence
    assert lost == (at < "2026")


@pytest.mark.parametrize("fast", [False, True], ids=["sqlalchemy", "adbc"])
@pytest.mark.parametrize("zone", ["America/New_York", "Asia/Taipei"])
def test_wall_times_beyond_every_calendar_quarantine_only_their_own_rows(
    zone: str, fast: bool, both: Both, tmp_path: Path
):
    """PostgreSQL can't convert some of them to another zone, so it must not be asked to."""
    extremes = ["infinity", "-infinity", "294276-12-31 23:59:59", "4714-11-24 00:00:00 BC"]
    fill(
        both.postgres, "TIMESTAMP", {"ok": "2026-09-21 12:00:00", **{one: one for one in extremes}}
    )
    execute(
        both.postgres,
        "INSERT INTO incident_evidence SELECT 's ' || id, 's ' || id, '?', "
        "'2026-09-21 12:00:00' FROM incident_evidence",
        "INSERT INTO agent_sessions SELECT id, 's ' || id, 'coordinator', '{}', collected_at "
        "FROM incident_evidence WHERE left(id, 2) <> 's '",
    )
    mapped = both.mapped(zone)
    day = extracted(mapped.postgres, day_window("2026-09-21", zone), fast=fast)
    assert {row["id"] for row in day.kept} == {"ok", "s ok"}
    assert {row["row_id"]: row["reasons"] for row in day.quarantine} == {
        f"s {one}": [f"{'infinite' if 'inf' in one else 'impossible'}_instant:coordinator_at"]
        for one in extremes
    }
    lost = count_orphans(mapped.postgres, "2026-09-21", zone)
    assert lost.evidence_without_a_day == len(extremes)
    mapped.close()
