"""Checks of feedback rewards: complete, without secrets, labelled, by a judge that may be used."""

from collections.abc import Iterator

import dagster as dg

from replay_assets.contracts.judge_report import JudgeCard
from replay_assets.defs.keys import key_of
from replay_assets.defs.pack_checks import secrets_in
from replay_assets.defs.resources import OutboundSafeguards, Root
from replay_assets.lake import Lineage, Published, assets
from replay_assets.lake.jsonl import encode_line

KEY = key_of(assets.FEEDBACK_REWARDS)
COVERED, CLEAN = "rewards_cover_all_feedback", "rewards_carry_no_secret"
JUDGED, AGREES = "every_feedback_is_judged", "judge_agrees_with_people"
WARN = dg.AssetCheckSeverity.WARN


def feedback_checks(daily: dg.PartitionsDefinition) -> dg.AssetChecksDefinition:
    """Return the checks of a day's rewards, in one step."""

    @dg.multi_asset_check(name="feedback_rewards_checks", specs=_specs(daily))
    def check(
        context: dg.AssetCheckExecutionContext,
        lake: Root,
        evidence: Root,
        safeguards: OutboundSafeguards,
    ) -> Iterator[dg.AssetCheckResult]:
        lineage, day = Lineage(lake=lake, evidence=evidence), context.partition_key
        rewards = lineage.get(assets.FEEDBACK_REWARDS.at(day))
        feedback = lineage.get(assets.OPERATOR_FEEDBACK.at(day))
        rows = rewards.rows(assets.FEEDBACK_REWARDS.table)
        asked = [row["id"] for row in feedback.rows(assets.OPERATOR_FEEDBACK.table)]
        yield dg.AssetCheckResult(
            check_name=COVERED,
            # Rewards of earlier feedback may have the same ids.
            passed=asked == [row["id"] for row in rows] and not lineage.changed(rewards.address),
            metadata={"feedback": len(asked), "rewards": len(rows)},
        )
        secrets = secrets_in(map(encode_line, rows), safeguards.policy())
        yield dg.AssetCheckResult(
            check_name=CLEAN, passed=not secrets, metadata={"secret_rules": secrets}
        )
        yield from _results_about_the_judge(rewards)

    return check


def _specs(daily: dg.PartitionsDefinition) -> list[dg.AssetCheckSpec]:
    return [
        dg.AssetCheckSpec(
            COVERED,
            asset=KEY,
            blocking=True,
            partitions_def=daily,
            additional_deps=[key_of(assets.OPERATOR_FEEDBACK)],
            description="Each triple of the current feedback has exactly one row, in order.",
        ),
        dg.AssetCheckSpec(
            CLEAN,
            asset=KEY,
            blocking=True,
            partitions_def=daily,
            description="No row contains anything that a strict rule finds, or a key or canary.",
        ),
        dg.AssetCheckSpec(
            JUDGED,
            asset=KEY,
            partitions_def=daily,
            description="No triple is without a label because the judge failed or could not be "
            "read; materialize the day again to ask about these.",
        ),
        dg.AssetCheckSpec(
            AGREES,
            asset=KEY,
            partitions_def=daily,
            description="The lower end of the interval of the judge's kappa reaches the policy's "
            "bound, if people labelled a file; below it, nothing is exported.",
        ),
    ]


def _results_about_the_judge(rewards: Published) -> Iterator[dg.AssetCheckResult]:
    outcomes = rewards.facts["outcomes"]
    yield dg.AssetCheckResult(
        check_name=JUDGED,
        passed=outcomes["judged"] == rewards.facts["triples"],
        severity=WARN,
        metadata=outcomes,
    )
    card = JudgeCard.read(rewards.document(assets.JUDGE_CARD_FILE))
    yield dg.AssetCheckResult(
        check_name=AGREES,
        passed=card.may_export,
        severity=WARN,
        metadata={"status": card.status, "judge": card.judge_id},
    )
