"""The checks of a day's evidence, in real runs: warnings, errors and their messages."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from replay_assets.lake.addresses import Address
from replay_assets.lake.store import Store
from replay_assets.source.connection.database import IncidentDatabase
from tests.conftest import settings_in
from tests.defs.walks import walk_day
from tests.source.rows import DAY, Row, execute, incident, load, message, repair, session

FEW, USABLE, WHOLE, KNOWN = (
    "few_rows_are_quarantined",
    "a_day_with_rows_keeps_some_of_them",
    "every_row_is_kept_or_quarantined",
    "every_value_is_known",
)


SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
"""`tests/evidence` quarantines such rows of both databases, with the same counts."""


@dataclass(frozen=True)
class Walked:
    """A day's run, with the results of its checks and its pack."""

    result: dg.ExecuteInProcessResult
    pack_exists: bool

    def check(self, name: str) -> dg.AssetCheckEvaluation:
        """Return a check's evaluation."""
        found = self.result.get_asset_check_evaluations()
        (one,) = [evaluation for evaluation in found if evaluation.check_name == name]
        return one

    def metadata(self, name: str) -> dict[str, Any]:
        """Return the counts of a check."""
        return {key: one.value for key, one in self.check(name).metadata.items()}


def walk(url: str, tmp_path: Path, *changes: str, **tables: list[Row]) -> Walked:
    """Load a database, change it, and run its day up to the pack."""
    database = IncidentDatabase(url)
    load(database, tmp_path, **tables)
    execute(database, *changes)
    database.close()
    settings = settings_in(tmp_path, source_url=url)
    keys = [dg.AssetKey("incident_evidence"), dg.AssetKey("request_pack")]
    result = walk_day(settings, DAY.day, asset_selection=keys)
    pack = Store(settings.lake).find(Address("request_pack", DAY.day))
    return Walked(result, pack is not None)


def incidents(count: int) -> list[Row]:
    return [incident(n) for n in range(1, count + 1)]


def bad(count: int, change: str = "evidence_summary = NULL", after: int = 0) -> str:
    """Return SQL that makes some incidents unusable."""
    ids = ", ".join(f"'ev-{n}'" for n in range(after + 1, after + count + 1))
    return f"UPDATE incident_evidence SET {change} WHERE id IN ({ids})"


@SQLITE
@pytest.mark.parametrize(
    ("rows", "quarantined", "passes", "severity"),
    [
        pytest.param(30, 0, True, "WARN", id="none"),
        pytest.param(30, 1, False, "WARN", id="one"),
        pytest.param(30, 10, False, "WARN", id="ten"),
        pytest.param(30, 11, False, "ERROR", id="eleven"),
        pytest.param(1200, 13, False, "ERROR", id="more than one in a hundred"),
    ],
)
def test_more_than_ten_rows_or_one_in_a_hundred_stop_the_chain(
    rows: int, quarantined: int, passes: bool, severity: str, database_url: str, tmp_path: Path
):
    """Below the limit the day continues with a warning; above it, no pack is made."""
    changes = [bad(quarantined)] if quarantined else []
    walked = walk(database_url, tmp_path, *changes, incident_evidence=incidents(rows))
    check = walked.check(FEW)
    assert (check.passed, check.severity.value) == (passes, severity)
    stops = severity == "ERROR"
    assert walked.pack_exists is not stops
    assert walked.result.success is not stops
    assert walked.metadata(FEW)["quarantined"] == quarantined
    assert walked.check(WHOLE).passed


def test_the_failure_names_the_most_frequent_reason(database_url: str, tmp_path: Path):
    """Three reasons: the most frequent one is named, and each is counted."""
    walked = walk(
        database_url,
        tmp_path,
        bad(4),
        bad(7, "alertname = repeat('x', 2000000)" if "postgres" in database_url
            else "alertname = hex(zeroblob(1000000))", after=4),
        bad(2, "incident_id = NULL", after=11),
        incident_evidence=incidents(30),
    )  # fmt: skip
    assert walked.check(FEW).description == "most frequent reason: oversize_text:alertname"
    assert walked.metadata(FEW) == {
        "quarantined": 13,
        "read": 30,
        "joined_rows": 0,
        "commonest": "oversize_text:alertname",
        "oversize_text:alertname": 7,
        "null_in_required:evidence_summary": 4,
        "null_in_required:incident_id": 2,
    }
    assert not walked.pack_exists


@SQLITE
def test_older_snapshots_of_an_incident_do_not_count_as_bad_rows(database_url: str, tmp_path: Path):
    """They are quarantined on purpose, in any number."""
    again = [
        incident(1, id=f"ev-{n}", collected_at=f"2026-09-21T07:00:{n}Z") for n in range(20, 50)
    ]
    walked = walk(database_url, tmp_path, incident_evidence=[*incidents(3), *again])
    assert walked.check(FEW).passed
    assert walked.metadata(FEW)["quarantined"] == 0
    assert walked.pack_exists


@SQLITE
def test_a_day_with_only_bad_rows_stops_the_chain(database_url: str, tmp_path: Path):
    """Even if they are few: the source is broken; it is not a quiet day."""
    walked = walk(database_url, tmp_path, bad(2), incident_evidence=incidents(2))
    assert not walked.check(USABLE).passed
    assert walked.check(USABLE).severity is dg.AssetCheckSeverity.ERROR
    assert walked.metadata(USABLE) == {
        "read": 2, "kept": 0, "quarantined": 2, "null_in_required:evidence_summary": 2,
    }  # fmt: skip
    assert not walked.result.success
    assert not walked.pack_exists


@SQLITE
@pytest.mark.parametrize(
    ("messages", "severity", "stops"),
    [pytest.param(10, "WARN", False, id="ten"), pytest.param(11, "ERROR", True, id="eleven")],
)
def test_bad_messages_are_judged_like_bad_rows(
    messages: int, severity: str, stops: bool, database_url: str, tmp_path: Path
):
    """They are not in the sum of the evidence, but a conversation with lost turns is reported."""
    walked = walk(
        database_url,
        tmp_path,
        f"UPDATE session_messages SET role = NULL WHERE position < {messages}",
        agent_sessions=[session()],
        session_messages=[message(n) for n in range(40)],
    )
    check = walked.check(FEW)
    assert (check.passed, check.severity.value) == (False, severity)
    assert check.description == "most frequent reason: null_in_required:role"
    counts = walked.metadata(FEW)
    assert (counts["quarantined"], counts["read"], counts["joined_rows"]) == (0, 1, messages)
    assert walked.check(WHOLE).passed
    assert walked.pack_exists is not stops


@SQLITE
def test_sessions_and_repairs_without_evidence_are_outside_the_sum(
    database_url: str, tmp_path: Path
):
    """They do not belong to a row that was read; the check of the source counts them."""
    walked = walk(
        database_url,
        tmp_path,
        incident_evidence=incidents(2),
        agent_sessions=[session(), session("se-gone", incident_id="inc-gone")],
        auto_repair_executions=[repair(), repair("re-gone", incident_id="inc-gone")],
        session_messages=[message(0, session_id="se-gone")],
    )
    assert walked.metadata(WHOLE) == {"read": 2, "kept": 2, "quarantined": 0}
    assert walked.check(FEW).passed
    published = Store(str(tmp_path / "data" / "evidence")).get(
        Address("incident_evidence", DAY.day)
    )
    assert published.rows("recorded_messages") == []
    assert [row["id"] for row in published.rows("recorded_repairs")] == ["re-1"]


@SQLITE
def test_unknown_values_cause_a_warning_that_names_them(database_url: str, tmp_path: Path):
    """With their rows, what is allowed, and without a secret that a value holds."""
    secret = "ghp_" + "Zk3" * 12
    severities = ["apocalyptic", "info", "apocalyptic", f"token {secret}"]
    rows = [incident(n, severity=one) for n, one in enumerate(severities)]
    walked = walk(database_url, tmp_path, incident_evidence=rows)
    check = walked.check(KNOWN)
    assert (check.passed, check.severity) == (False, dg.AssetCheckSeverity.WARN)
    (found,) = walked.metadata(KNOWN).values()
    assert (found["rows"], found["most_frequent"]["apocalyptic"]) == (3, 2)
    assert found["allowed"] == [
        "critical", "error", "high", "info", "low", "medium", "warning",
    ]  # fmt: skip
    assert check.description is not None
    assert "severity is not known in 3 rows: 'apocalyptic' (2), " in check.description
    assert "allowed: critical, error" in check.description
    assert secret[:12] not in f"{check.description} {found}"
    assert walked.pack_exists
