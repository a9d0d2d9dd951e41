"""Rows that break readers, in real databases: each is quarantined and affects no other row.

All kinds are in one day, read with SQLAlchemy and with ADBC.
"""

import json
import logging
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from replay_assets.evidence.freshness import observe
from replay_assets.lake.store import Store
from replay_assets.source.connection.database import IncidentDatabase
from tests.evidence.extracted import ExtractedDay, extracted
from tests.evidence.planted import (
    EVIDENCE,
    KEPT,
    LIMIT,
    MARK,
    MESSAGE,
    REPAIR,
    Case,
    cases,
    plant,
)
from tests.source.rows import DAY

pytestmark = pytest.mark.integration

READERS = ("sqlite", "postgresql", "adbc")
BY_READER = {reader: cases("sqlite" if reader == "sqlite" else "postgresql") for reader in READERS}


@dataclass(frozen=True)
class Read:
    """The planted day as one reader returned it, and everything that was logged meanwhile."""

    database: IncidentDatabase
    day: ExtractedDay
    planted: list[Case]
    logged: str

    def rows_of(self, case: Case) -> list[dict[str, Any]]:
        """Return the quarantined rows of a case."""
        names = {case.name, f"{case.name}-too"}
        column, value = next(iter(case.raw.items()))
        found = []
        for row in self.day.quarantine:
            raw = json.loads(row["raw_row"])
            of_case = raw.get("incident_id") in names or raw.get("id") == case.name
            if row["source_table"] == case.table and (
                of_case
                or raw.get("session_id") == f"s-{case.name}"
                or (column in ("id", "incident_id") and value and raw.get(column) == value)
            ):
                found.append(row)
        return found


def planted_in(url: str) -> str:
    """Plant every kind of row that the database can contain."""
    database = IncidentDatabase(url)
    plant(database)
    database.close()
    return url


@pytest.fixture(scope="module")
def planted_postgres_url(module_postgres_url: str) -> str:
    """Return the planted day in PostgreSQL, for both of its readers."""
    return planted_in(module_postgres_url)


@pytest.fixture(scope="module", params=READERS)
def read(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Read]:
    """Return the planted day, read once per reader."""
    if request.param == "sqlite":
        url = planted_in(f"sqlite:///{tmp_path_factory.mktemp('planted') / 'incidents.sqlite'}")
    else:
        url = request.getfixturevalue("planted_postgres_url")
    database = IncidentDatabase(url)
    handler = Everything()
    own = logging.getLogger("replay_assets")
    logging.getLogger().addHandler(handler)
    own.setLevel(logging.DEBUG)
    try:
        day = extracted(database, DAY, max_text_bytes=LIMIT, fast=request.param == "adbc")
    finally:
        logging.getLogger().removeHandler(handler)
        own.setLevel(logging.NOTSET)
    yield Read(database, day, BY_READER[request.param], "\n".join(handler.lines))
    database.close()


class Everything(logging.Handler):
    """Keeps the messages of every logger."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(f"{record.getMessage()} {record.exc_info}")


def test_there_are_at_least_forty_kinds():
    """In each database, and no two have the same name."""
    for planted in BY_READER.values():
        assert len({case.name for case in planted}) == len(planted) >= 40


@pytest.mark.parametrize(
    ("read", "case"),
    [
        pytest.param(reader, case, id=f"{reader}-{case.name}")
        for reader, planted in BY_READER.items()
        for case in planted
    ],
    indirect=["read"],
    scope="module",
)
def test_a_bad_row_is_quarantined_with_its_reasons_and_raw_content(case: Case, read: Read):
    """All reasons and the source's values; of a too long text only its size."""
    rows = read.rows_of(case)
    assert len(rows) == max(1, len(case.rows.get(EVIDENCE, [])) if case.table == EVIDENCE else 1)
    for row in rows:
        assert tuple(row["reasons"]) == case.reasons
        raw = json.loads(row["raw_row"])
        assert {column: raw[column] for column in case.raw} == dict(case.raw)
        assert len(row["raw_row"]) < 2 * LIMIT
    assert (case.name in {row["incident_id"] for row in read.day.kept}) == case.keeps_its_incident


@pytest.mark.parametrize("name", KEPT)
def test_an_odd_but_valid_row_is_kept_unchanged(name: str, read: Read):
    """Integers of forty digits, numbers beyond floats, double keys, null, spaces."""
    column, _, expected = KEPT[name]
    (row,) = [row for row in read.day.kept if row["incident_id"] == name]
    assert row[column] == expected


def test_every_good_neighbour_is_kept_and_nothing_else(read: Read):
    """A bad row affects no other row."""
    names = [*(case.name for case in read.planted), *KEPT]
    expected = [f"good-{name}" for name in names]
    expected += [*KEPT, *(case.name for case in read.planted if case.keeps_its_incident)]
    assert sorted(row["incident_id"] for row in read.day.kept) == sorted(expected)


def test_the_counts_add_up(read: Read):
    """Rows read = kept + quarantined; bad rows joined to a kept incident are counted separately."""
    facts = read.day.facts
    set_aside = Counter(row["source_table"] for row in read.day.quarantine)
    assert facts["read"] == facts["kept"] + facts["quarantined"]
    assert facts["kept"] == len(read.day.kept)
    assert facts["quarantined"] == set_aside[EVIDENCE]
    assert facts["quarantined_joined_rows"] == set_aside[REPAIR] + set_aside[MESSAGE]
    evidence_rows = sum(max(1, len(case.rows.get(EVIDENCE, []))) for case in read.planted)
    assert facts["read"] == evidence_rows + len(KEPT) + len(read.planted) + len(KEPT)
    reasons = Counter(reason for row in read.day.quarantine for reason in row["reasons"])
    assert facts["quarantine_reasons"] == dict(reasons)


def test_unknown_values_are_counted_by_column(read: Read):
    """A warning, not a reason."""
    expected = {"severity": 1, "evidence_kind": 1, "verification_result": 1}
    assert read.day.facts["unknown_values"] == expected


def test_other_rows_of_a_bad_messages_session_are_kept(read: Read):
    """And if an older repair is bad, the newer one."""
    with_messages = [case for case in read.planted if case.table == MESSAGE]
    assert len(read.day.messages) == len(with_messages)
    assert {row["position"] for row in read.day.messages} == {0}
    assert [row["id"] for row in read.day.repairs] == ["r-newer"]


def test_an_observation_of_the_same_rows_finds_nothing_changed(read: Read, tmp_path: Path):
    """Whatever they contain: otherwise such a day would always be stale."""
    (seen,) = observe(read.database, [DAY], Store(str(tmp_path)), max_text_bytes=LIMIT)
    assert seen.fingerprint == read.day.facts["source_fingerprint"]
    assert seen.rows == read.day.facts["read"]


def test_no_log_shows_a_rows_text(read: Read):
    """Raw text is under the evidence root and nowhere else."""
    assert MARK not in read.logged
    assert "xxxx" not in read.logged
    assert "xxxx" not in str(read.day.published.manifest)
    assert MARK not in str(read.day.published.manifest)
