"""The checks of training files: nothing secret, rejected by trainers or used to evaluate."""

from collections.abc import Iterator
from itertools import islice

import dagster as dg

from replay_assets.candidates import Catalogue
from replay_assets.defs.keys import key_of
from replay_assets.defs.pack_checks import lines_of, secrets_in
from replay_assets.defs.resources import OutboundSafeguards, Root, Safeguards
from replay_assets.finetune.earlier import earlier_rows
from replay_assets.finetune.overlap import overlaps, written_rows
from replay_assets.finetune.reserving import ReservedReader
from replay_assets.finetune.week import FAMILIES, earlier_weeks, problems_of
from replay_assets.lake import Asset, Lineage, Published, assets

SHOWN_PROBLEMS = 10
"""Problems of one file that the UI shows."""


def build_checks(
    weekly: dg.PartitionsDefinition, catalogue: Catalogue
) -> list[dg.AssetChecksDefinition]:
    """Return the checks of both exports."""
    reviewed = [candidate.id for candidate in catalogue if not candidate.baseline]
    return [check for asset in FAMILIES for check in _both(asset, weekly, reviewed)]


def _both(
    asset: Asset, weekly: dg.PartitionsDefinition, reviewed: list[str]
) -> tuple[dg.AssetChecksDefinition, dg.AssetChecksDefinition]:
    return _checks(asset, weekly), _overlap(asset, weekly, reviewed)


def _overlap(
    asset: Asset, weekly: dg.PartitionsDefinition, reviewed: list[str]
) -> dg.AssetChecksDefinition:
    @dg.asset_check(
        name="no_train_evaluation_overlap",
        asset=key_of(asset),
        blocking=True,
        partitions_def=weekly,
        description="No row of a training file is of an incident or a scenario group that "
        "validates or is reserved for evaluation, or asks nearly the same: read from the files, "
        "and compared with those of earlier weeks too.",
    )
    def check(
        context: dg.AssetCheckExecutionContext,
        lake: Root,
        evidence: Root,
        safeguards: OutboundSafeguards,
    ) -> dg.AssetCheckResult:
        week = context.partition_key
        lineage = Lineage(lake=lake, evidence=evidence)
        rows = written_rows(lake.get(asset.at(week)))
        earlier = earlier_rows(earlier_weeks(lake, asset, week))
        history = sorted(lake.days_of(assets.INCUMBENT_SCORES.name))
        reserved = ReservedReader(lineage, history, safeguards.rules, reviewed).read()
        found = list(islice(overlaps(rows, earlier, reserved), SHOWN_PROBLEMS))
        return dg.AssetCheckResult(
            passed=not found,
            metadata={"overlaps": found, "reserved_incidents": len(reserved.incidents)},
        )

    return check


def _checks(asset: Asset, weekly: dg.PartitionsDefinition) -> dg.AssetChecksDefinition:
    secrets = dg.AssetCheckSpec(
        "exports_carry_no_secret",
        asset=key_of(asset),
        blocking=True,
        partitions_def=weekly,
        description="No training file contains anything that a strict rule finds, or a key or "
        "canary.",
    )
    rules = dg.AssetCheckSpec(
        "trainers_take_every_row",
        asset=key_of(asset),
        blocking=True,
        partitions_def=weekly,
        description="Every line of every training file keeps the rules of its flavour.",
    )

    @dg.multi_asset_check(name=f"{asset.name}_checks", specs=[secrets, rules])
    def check(
        context: dg.AssetCheckExecutionContext, lake: Root, safeguards: OutboundSafeguards
    ) -> Iterator[dg.AssetCheckResult]:
        export = lake.get(asset.at(context.partition_key))
        names = export.names(".jsonl")
        yield _without_secrets(secrets.name, export, names, safeguards)
        broken = {
            name: [str(one) for one in islice(problems, SHOWN_PROBLEMS)]
            for name, problems in problems_of(export)
        }
        found = {name: problems for name, problems in broken.items() if problems}
        yield dg.AssetCheckResult(
            check_name=rules.name, passed=not found, metadata={"files": len(broken), **found}
        )

    return check


def _without_secrets(
    name: str, export: Published, files: list[str], safeguards: Safeguards
) -> dg.AssetCheckResult:
    lines = (line for file in files for line in lines_of(export.file(file)))
    found = secrets_in(lines, safeguards.policy())
    return dg.AssetCheckResult(
        check_name=name,
        passed=not found,
        metadata={"secret_rules": found, "rows": export.facts["rows"]},
    )
