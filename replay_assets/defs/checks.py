"""Asset checks of results, scores, reports and exports, and the list of all checks.

A check is blocking if all later assets would be wrong. Its name says what must be true. The checks
of one asset share a step, because each step costs about 60 ms for its events.
"""

import warnings
from collections.abc import Iterator

import dagster as dg

from replay_assets.candidates import Candidate, Catalogue, asked_incidents
from replay_assets.contracts.evaluation_report import EvaluationReport
from replay_assets.contracts.gate_policy import GatePolicy
from replay_assets.contracts.result import answered_share
from replay_assets.defs.evidence_checks import evidence_checks, source_check
from replay_assets.defs.export_checks import build_checks as build_export_checks
from replay_assets.defs.feedback_checks import feedback_checks
from replay_assets.defs.keys import key_of
from replay_assets.defs.label_checks import label_checks
from replay_assets.defs.pack_checks import build_pack_checks
from replay_assets.defs.partitions import Partitions
from replay_assets.defs.resources import Policy, Root
from replay_assets.lake import Lineage, Published, assets

WARN = dg.AssetCheckSeverity.WARN
ANSWERED = "few_requests_have_no_answer"


def build_checks(catalogue: Catalogue, partitions: Partitions) -> list[dg.AssetChecksDefinition]:
    """Return every check of the project."""
    with warnings.catch_warnings():
        # Checks with partitions are a preview feature, used on purpose: without them the UI keeps
        # only the newest day's outcome. pyproject.toml restricts Dagster to one minor version.
        warnings.simplefilter("ignore", dg.PreviewWarning)
        return [
            source_check(),
            evidence_checks(partitions.daily),
            label_checks(partitions.daily),
            build_pack_checks(partitions.daily),
            *(_result_checks(candidate, partitions.daily) for candidate in catalogue),
            *(_score_check(candidate, partitions.daily) for candidate in catalogue),
            feedback_checks(partitions.daily),
            _report_check(partitions.weekly),
            *build_export_checks(partitions.weekly, catalogue),
        ]


def _result_checks(
    candidate: Candidate, daily: dg.PartitionsDefinition
) -> dg.AssetChecksDefinition:
    key = key_of(assets.REPLAY_RESULTS, candidate.id)
    complete = dg.AssetCheckSpec(
        "results_cover_all_requests",
        asset=key,
        blocking=True,
        partitions_def=daily,
        additional_deps=[key_of(assets.REQUEST_PACK)],
        description="Each request of the current pack that the candidate is asked has exactly one "
        "result per repeat, in order.",
    )
    answered = dg.AssetCheckSpec(
        ANSWERED,
        asset=key,
        partitions_def=daily,
        description="As many requests have an answer as the policy asks for (`minimum_answered`); "
        "with fewer, a report shows no score. The others failed because of the infrastructure, the "
        "sending gate or the budget.",
    )

    @dg.multi_asset_check(
        name=f"replay_results_{candidate.node_name}_checks", specs=[complete, answered]
    )
    def check(
        context: dg.AssetCheckExecutionContext, lake: Root, policy: Policy
    ) -> Iterator[dg.AssetCheckResult]:
        lineage, day = Lineage(lake=lake), context.partition_key
        pack = lineage.get(assets.REQUEST_PACK.at(day))
        results = lineage.get(assets.REPLAY_RESULTS.at(day, candidate.id))
        asked = [
            incident
            for incident in asked_incidents(candidate, day, incident_ids(pack, assets.PACK_FILE))
            for _ in range(results.facts["repeats"])
        ]
        found = incident_ids(results, assets.RESULTS_FILE)
        yield dg.AssetCheckResult(
            check_name=complete.name,
            # Results of an earlier pack may name the same incidents.
            passed=asked == found and not lineage.changed(results.address),
            metadata={"requests": len(asked), "results": len(found)},
        )
        yield check_answered(results, policy)

    return check


def check_answered(results: Published, policy: GatePolicy) -> dg.AssetCheckResult:
    """Return whether as many requests of a day were answered as the policy in use asks for."""
    outcomes = results.facts["outcomes"]
    return dg.AssetCheckResult(
        check_name=ANSWERED,
        passed=answered_share(outcomes) >= policy.minimum_answered,
        severity=WARN,
        metadata={**outcomes, "minimum_answered": policy.minimum_answered},
    )


def _score_check(candidate: Candidate, daily: dg.PartitionsDefinition) -> dg.AssetChecksDefinition:
    @dg.asset_check(
        asset=key_of(assets.REPLAY_SCORES, candidate.id),
        blocking=True,
        partitions_def=daily,
        additional_deps=[key_of(assets.REPLAY_RESULTS, candidate.id)],
    )
    def scores_cover_all_results(
        context: dg.AssetCheckExecutionContext, lake: Root
    ) -> dg.AssetCheckResult:
        """Each current result has exactly one score, in order; `unlabelled` if it has no label."""
        lineage, day = Lineage(lake=lake), context.partition_key
        results = lineage.get(assets.REPLAY_RESULTS.at(day, candidate.id))
        scores = lineage.get(assets.REPLAY_SCORES.at(day, candidate.id))
        answered = incident_ids(results, assets.RESULTS_FILE)
        graded = [row["incident_id"] for row in scores.rows(assets.REPLAY_SCORES.table)]
        return dg.AssetCheckResult(
            # Scores of earlier results or labels may name the same incidents.
            passed=answered == graded and not lineage.changed(scores.address),
            metadata={"results": len(answered), **scores.facts["grade_status"]},
        )

    return scores_cover_all_results


def _report_check(weekly: dg.PartitionsDefinition) -> dg.AssetChecksDefinition:
    @dg.asset_check(asset=key_of(assets.EVALUATION_REPORT), partitions_def=weekly)
    def every_reported_day_is_counted(
        context: dg.AssetCheckExecutionContext, lake: Root
    ) -> dg.AssetCheckResult:
        """No candidate in the report has a day that is missing or whose scores are stale."""
        address = assets.EVALUATION_REPORT.at(context.partition_key)
        report = EvaluationReport.read(lake.get(address).document(assets.REPORT_FILE))
        uncounted = {
            one.candidate_id: ", ".join(f"{day} {state}" for day, state in days.items())
            for one in report.candidates
            if (days := one.uncounted_days)
        }
        return dg.AssetCheckResult(passed=not uncounted, severity=WARN, metadata=uncounted)

    return every_reported_day_is_counted


def incident_ids(published: Published, name: str) -> list[str]:
    """Return the incident ids in a JSONL file, in its order."""
    return [record["incident_id"] for record in published.records(name)]
