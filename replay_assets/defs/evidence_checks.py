"""Checks of the evidence: no row was lost, enough rows are usable, no row is out of reach."""

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

import dagster as dg

from replay_assets.defs.evidence import SOURCE
from replay_assets.defs.keys import key_of
from replay_assets.defs.resources import IncidentSource, Root
from replay_assets.evidence.usability import Usability
from replay_assets.evidence.validation import EVIDENCE_RULES, unknown_words
from replay_assets.lake import Published, assets
from replay_assets.sanitizing import sanitize_text
from replay_assets.source import count_orphans

WARN = dg.AssetCheckSeverity.WARN
SHOWN_WORDS, LONGEST_WORD = 10, 40
"""Unknown values that a check names, and their characters."""


def evidence_checks(daily: dg.PartitionsDefinition) -> dg.AssetChecksDefinition:
    """Return the checks of a day's evidence, which share a step."""
    spec = partial(dg.AssetCheckSpec, asset=key_of(assets.INCIDENT_EVIDENCE), partitions_def=daily)
    whole = spec(
        "every_row_is_kept_or_quarantined",
        blocking=True,
        description="Rows read equal rows kept plus rows quarantined: no row was lost.",
    )
    usable = spec(
        "a_day_with_rows_keeps_some_of_them",
        blocking=True,
        description="If the source has rows for the day, at least one can be used. A day with only "
        "quarantined rows means a broken source, not a quiet day.",
    )
    few = spec(
        "few_rows_are_quarantined",
        blocking=True,
        description="At most 1 % of the rows, or 10 rows if that is more, can't be used. Counted "
        "separately for evidence, and for its messages and repairs. One row is a warning; more "
        "than the limit is an error. The most frequent reason is named.",
    )
    known = spec(
        "every_value_is_known",
        description="All severities, kinds and verification results are known ones. Others cause a "
        "warning that names them, and are kept unchanged. A mapping file can translate them.",
    )

    @dg.multi_asset_check(name="incident_evidence_checks", specs=[whole, usable, few, known])
    def check(
        context: dg.AssetCheckExecutionContext, evidence: Root
    ) -> Iterator[dg.AssetCheckResult]:
        published = evidence.get(assets.INCIDENT_EVIDENCE.at(context.partition_key))
        facts = published.facts
        counts = {name: facts[name] for name in ("read", "kept", "quarantined")}
        yield dg.AssetCheckResult(
            check_name=whole.name,
            passed=counts["read"] == counts["kept"] + counts["quarantined"],
            metadata=counts,
        )
        usability, reasons = Usability.of(facts), facts["quarantine_reasons"]
        yield dg.AssetCheckResult(
            check_name=usable.name,
            passed=usability.keeps_some,
            metadata={**counts, **reasons},
        )
        yield _few_quarantined(few.name, usability)
        yield _every_value_known(known.name, published)

    return check


def _every_value_known(name: str, published: Published) -> dg.AssetCheckResult:
    """Check that the values of some columns are among the known ones; name the others."""
    if not published.facts["unknown_values"]:
        return dg.AssetCheckResult(check_name=name, passed=True, severity=WARN)
    table = published.table(assets.INCIDENT_EVIDENCE.table)
    columns = {
        column: {
            "rows": counts.total(),
            "most_frequent": {_shown(word): rows for word, rows in counts.most_common(SHOWN_WORDS)},
            "allowed": sorted(EVIDENCE_RULES.known[column]),
        }
        for column, counts in unknown_words(table, EVIDENCE_RULES).items()
    }
    return dg.AssetCheckResult(
        check_name=name,
        passed=False,
        severity=WARN,
        description=". ".join(_unknown(column, found) for column, found in columns.items())
        + ". Translate them in the mapping file: {column: sev, values: {crit: critical}}",
        metadata=columns,
    )


def _unknown(column: str, found: Mapping[str, Any]) -> str:
    words = ", ".join(f"{word!r} ({rows})" for word, rows in found["most_frequent"].items())
    return f"{column} is not known in {found['rows']} rows: {words}; allowed: " + ", ".join(
        found["allowed"]
    )


def _shown(word: str) -> str:
    """Return a value as the event log may hold it: without secrets, and short."""
    clean = sanitize_text(word)
    return clean if len(clean) <= LONGEST_WORD else f"{clean[:LONGEST_WORD]}…"


def _few_quarantined(name: str, usability: Usability) -> dg.AssetCheckResult:
    """Check the number of quarantined rows, without an incident's older snapshots."""
    commonest, reasons = usability.commonest, usability.reasons
    return dg.AssetCheckResult(
        check_name=name,
        passed=not reasons,
        severity=dg.AssetCheckSeverity.ERROR if usability.too_many else WARN,
        description=f"most frequent reason: {commonest}" if reasons else None,
        metadata={
            "quarantined": usability.quarantined,
            "read": usability.read,
            "joined_rows": usability.joined,
            "commonest": commonest,
            **reasons,
        },
    )


def source_check() -> dg.AssetChecksDefinition:
    """Return the check of the complete tables in the source."""

    @dg.asset_check(asset=SOURCE)
    def every_row_lies_in_a_day(source: IncidentSource) -> dg.AssetCheckResult:
        """Every row in the source's tables belongs to a day, so that some partition reads it."""
        with source.open() as database:
            orphans = count_orphans(database, source.first_day, source.timezone)
        return dg.AssetCheckResult(
            passed=not orphans.lost_evidence, severity=WARN, metadata=orphans.counts()
        )

    return every_row_lies_in_a_day
