"""Asset checks: what a reader would ask before trusting a partition, answered with counts.

Blocking where everything after it would be wrong. A check states what should be true. The checks of
one asset share a step: a step costs some 60 ms of event log, whatever it does.
"""

import json
import warnings
from collections.abc import Iterator

import dagster as dg

from replay_assets.candidates.candidate import Candidate
from replay_assets.candidates.catalogue import Catalogue
from replay_assets.contracts.result import UNGRADED_OUTCOMES
from replay_assets.contracts.thresholds import MAX_UNANSWERED_SHARE
from replay_assets.defs.evidence_checks import evidence_checks, source_check
from replay_assets.defs.pack_checks import build_pack_checks, secrets_of
from replay_assets.defs.partitions import Partitions
from replay_assets.defs.resources import Guards, Root
from replay_assets.lake.addresses import Address
from replay_assets.lake.store import Published

WARN = dg.AssetCheckSeverity.WARN


def build_checks(catalogue: Catalogue, partitions: Partitions) -> list[dg.AssetChecksDefinition]:
    """Return every check of the project."""
    with warnings.catch_warnings():
        # Checks with partitions are a preview feature, used on purpose: without them the UI keeps
        # only the newest day's answer. pyproject.toml holds Dagster to one minor series.
        warnings.simplefilter("ignore", dg.PreviewWarning)
        return [
            source_check(),
            evidence_checks(partitions.daily),
            build_pack_checks(partitions.daily),
            *(_result_checks(candidate, partitions.daily) for candidate in catalogue),
            *(_score_check(candidate, partitions.daily) for candidate in catalogue),
            _report_check(partitions.weekly),
            _export_check(partitions.weekly),
        ]


def _result_checks(
    candidate: Candidate, daily: dg.PartitionsDefinition
) -> dg.AssetChecksDefinition:
    key = dg.AssetKey(["replay_results", candidate.id])
    complete = dg.AssetCheckSpec(
        "results_cover_all_requests",
        asset=key,
        blocking=True,
        partitions_def=daily,
        additional_deps=["request_pack"],
        description="Each request of the present pack has exactly one result a repeat, in order.",
    )
    answered = dg.AssetCheckSpec(
        "few_requests_have_no_answer",
        asset=key,
        partitions_def=daily,
        description="At most two in a hundred requests failed on plumbing or at the gate.",
    )

    @dg.multi_asset_check(
        name=f"replay_results_{candidate.node_name}_checks", specs=[complete, answered]
    )
    def check(context: dg.AssetCheckExecutionContext, lake: Root) -> Iterator[dg.AssetCheckResult]:
        day = context.partition_key
        pack = lake.get(Address("request_pack", day))
        results = lake.get(Address("replay_results", day, candidate.id))
        asked = [
            incident
            for incident in incidents_of(pack, "request_pack.jsonl")
            for _ in range(results.facts["repeats"])
        ]
        found = incidents_of(results, "replay_results.jsonl")
        yield dg.AssetCheckResult(
            check_name=complete.name,
            passed=asked == found and results.was_made_from("request_pack", pack),
            metadata={"requests": len(asked), "results": len(found)},
        )
        outcomes = results.facts["outcomes"]
        failed = sum(outcomes[outcome] for outcome in UNGRADED_OUTCOMES)
        yield dg.AssetCheckResult(
            check_name=answered.name,
            passed=failed <= MAX_UNANSWERED_SHARE * results.facts["requests"],
            severity=WARN,
            metadata=outcomes,
        )

    return check


def _score_check(candidate: Candidate, daily: dg.PartitionsDefinition) -> dg.AssetChecksDefinition:
    @dg.asset_check(
        asset=dg.AssetKey(["replay_scores", candidate.id]),
        blocking=True,
        partitions_def=daily,
        additional_deps=[dg.AssetKey(["replay_results", candidate.id])],
    )
    def scores_cover_all_results(
        context: dg.AssetCheckExecutionContext, lake: Root
    ) -> dg.AssetCheckResult:
        """Each present result has exactly one score, in order; what lacks a label says so."""
        day = context.partition_key
        results = lake.get(Address("replay_results", day, candidate.id))
        scores = lake.get(Address("replay_scores", day, candidate.id))
        answered = incidents_of(results, "replay_results.jsonl")
        graded = [row["incident_id"] for row in scores.rows("replay_scores")]
        return dg.AssetCheckResult(
            passed=answered == graded and scores.was_made_from("replay_results", results),
            metadata={"results": len(answered), **scores.facts["grade_status"]},
        )

    return scores_cover_all_results


def _report_check(weekly: dg.PartitionsDefinition) -> dg.AssetChecksDefinition:
    @dg.asset_check(asset="evaluation_report", partitions_def=weekly)
    def every_reported_day_is_counted(
        context: dg.AssetCheckExecutionContext, lake: Root
    ) -> dg.AssetCheckResult:
        """No candidate in the report lacks a day, or has one whose scores are out of date."""
        address = Address("evaluation_report", context.partition_key, grain="week")
        report = json.loads(lake.get(address).file("report.json"))
        uncounted = {
            one["candidate_id"]: ", ".join(f"{day} {state}" for day, state in days)
            for one in report["candidates"]
            if (days := [day for day in one["days"].items() if day[1] != "counted"])
        }
        return dg.AssetCheckResult(passed=not uncounted, severity=WARN, metadata=uncounted)

    return every_reported_day_is_counted


def _export_check(weekly: dg.PartitionsDefinition) -> dg.AssetChecksDefinition:
    @dg.asset_check(asset="sft_export", blocking=True, partitions_def=weekly)
    def exports_carry_no_secret(
        context: dg.AssetCheckExecutionContext, lake: Root, safeguards: Guards
    ) -> dg.AssetCheckResult:
        """The published training file holds nothing that a strict rule finds."""
        export = lake.get(Address("sft_export", context.partition_key, grain="week"))
        secrets = secrets_of(export, safeguards.policy(), "sft.alpaca.train.jsonl")
        return dg.AssetCheckResult(
            passed=not secrets, metadata={"secret_rules": secrets, "rows": export.facts["rows"]}
        )

    return exports_carry_no_secret


def incidents_of(published: Published, name: str) -> list[str]:
    """Return the incidents of a JSONL file, in its order."""
    return [record["incident_id"] for record in published.records(name)]
