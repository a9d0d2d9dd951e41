"""Checks of the evidence: is it whole, is enough of it usable, does the source hide any of it?"""

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

import dagster as dg

from replay_assets.contracts.thresholds import (
    ALWAYS_ACCEPTED_QUARANTINED_ROWS,
    MAX_QUARANTINED_SHARE,
)
from replay_assets.defs.evidence import SOURCE
from replay_assets.defs.keys import key_of
from replay_assets.defs.resources import IncidentSource, Root
from replay_assets.evidence.extraction import SUPERSEDED
from replay_assets.lake import assets
from replay_assets.source import count_orphans

WARN = dg.AssetCheckSeverity.WARN


def evidence_checks(daily: dg.PartitionsDefinition) -> dg.AssetChecksDefinition:
    """Return the checks of a day, which share a step."""
    spec = partial(dg.AssetCheckSpec, asset=key_of(assets.INCIDENT_EVIDENCE), partitions_def=daily)
    whole = spec(
        "every_row_is_kept_or_quarantined",
        blocking=True,
        description="Rows read equal rows kept plus rows quarantined: nothing was lost on the way.",
    )
    usable = spec(
        "a_day_with_rows_keeps_some_of_them",
        blocking=True,
        description="Where the source has rows, at least one can be used: a day set aside whole "
        "is a broken source, not a quiet day.",
    )
    few = spec(
        "few_rows_are_quarantined",
        blocking=True,
        description="At most one row in a hundred, or ten, can't be used: of the evidence, and of "
        "the messages and repairs that hang on it. A warning from the first on; more is a broken "
        "source, and the commonest reason is named.",
    )
    known = spec(
        "every_value_is_known",
        description="Severities, kinds and verification results are ones that we know; others are "
        "kept as they are.",
    )

    @dg.multi_asset_check(name="incident_evidence_checks", specs=[whole, usable, few, known])
    def check(
        context: dg.AssetCheckExecutionContext, evidence: Root
    ) -> Iterator[dg.AssetCheckResult]:
        facts = evidence.get(assets.INCIDENT_EVIDENCE.at(context.partition_key)).facts
        counts = {name: facts[name] for name in ("read", "kept", "quarantined")}
        yield dg.AssetCheckResult(
            check_name=whole.name,
            passed=counts["read"] == counts["kept"] + counts["quarantined"],
            metadata=counts,
        )
        reasons = facts["quarantine_reasons"]
        yield dg.AssetCheckResult(
            check_name=usable.name,
            passed=bool(counts["kept"]) or not counts["read"],
            metadata={**counts, **reasons},
        )
        yield _few_quarantined(few.name, facts)
        unknown = facts["unknown_values"]
        yield dg.AssetCheckResult(
            check_name=known.name, passed=not unknown, severity=WARN, metadata=unknown
        )

    return check


def _few_quarantined(name: str, facts: Mapping[str, Any]) -> dg.AssetCheckResult:
    """Judge how many rows were set aside; an incident's older snapshots are so on purpose."""
    reasons = dict(facts["quarantine_reasons"])
    bad = facts["quarantined"] - reasons.pop(SUPERSEDED, 0)
    joined = facts["quarantined_joined_rows"]
    joined_read = joined + facts["messages"] + facts["repairs"]
    too_many = _is_too_many(bad, facts["read"]) or _is_too_many(joined, joined_read)
    commonest = max(reasons, key=lambda reason: reasons[reason], default="none")
    return dg.AssetCheckResult(
        check_name=name,
        passed=not reasons,
        severity=dg.AssetCheckSeverity.ERROR if too_many else WARN,
        description=f"commonest reason: {commonest}" if reasons else None,
        metadata={
            "quarantined": bad,
            "read": facts["read"],
            "joined_rows": joined,
            "commonest": commonest,
            **reasons,
        },
    )


def _is_too_many(bad: int, read: int) -> bool:
    return bad > max(ALWAYS_ACCEPTED_QUARANTINED_ROWS, MAX_QUARANTINED_SHARE * read)


def source_check() -> dg.AssetChecksDefinition:
    """Return the check of the source's whole tables."""

    @dg.asset_check(asset=SOURCE)
    def every_row_lies_in_a_day(source: IncidentSource) -> dg.AssetCheckResult:
        """Of the whole tables, no row is out of every partition's reach."""
        with source.open() as database:
            orphans = count_orphans(database, source.first_day, source.timezone)
        return dg.AssetCheckResult(
            passed=not orphans.lost_evidence, severity=WARN, metadata=orphans.counts()
        )

    return every_row_lies_in_a_day
