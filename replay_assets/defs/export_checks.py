"""The checks of training files: nothing secret in them, and nothing that a trainer rejects."""

from collections.abc import Iterator
from itertools import islice

import dagster as dg

from replay_assets.defs.keys import key_of
from replay_assets.defs.pack_checks import lines_of, secrets_in
from replay_assets.defs.resources import Guards, Root, Safeguards
from replay_assets.finetune.week import problems_of
from replay_assets.lake import Asset, Published, assets

SHOWN_PROBLEMS = 10
"""Problems of one file that the UI shows."""


def build_checks(weekly: dg.PartitionsDefinition) -> list[dg.AssetChecksDefinition]:
    """Return the checks of both exports."""
    return [_checks(asset, weekly) for asset in (assets.SFT_EXPORT, assets.PREFERENCE_EXPORT)]


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
        context: dg.AssetCheckExecutionContext, lake: Root, safeguards: Guards
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
