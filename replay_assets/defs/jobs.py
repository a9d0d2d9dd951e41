"""The jobs, and the condition that starts weekly assets after their days."""

import dagster as dg

from replay_assets.defs.evidence import SOURCE
from replay_assets.defs.keys import key_of
from replay_assets.lake import assets

WEEKLY_ASSETS = tuple(key_of(one) for one in assets.BY_NAME.values() if one.grain == "week")
_WEEKLY = dg.AssetSelection.assets(*WEEKLY_ASSETS)
# Their keys begin with the asset's name: results have one asset per candidate.
_UNPARTITIONED = dg.AssetSelection.key_prefixes(assets.TOOL_CALLING_RESULTS.name) | (
    dg.AssetSelection.assets(key_of(assets.TOOL_CALLING_REPORT))
)

# Weekly assets are not part of a day's run: one failed candidate would stop them.
daily_walk = dg.define_asset_job(
    "daily_walk",
    selection=dg.AssetSelection.all() - _WEEKLY - _UNPARTITIONED,
    description="One day: evidence, labels, pack, then each candidate's results and scores. If "
    "one candidate fails, the others continue.",
)
observe_source = dg.define_asset_job(
    "observe_source",
    selection=dg.AssetSelection.assets(SOURCE),
    description="Finds the days that have changed in the incident database since they were read, "
    "and counts the rows that belong to no day. It does not write to the database.",
)
weekly_walk = dg.define_asset_job(
    "weekly_walk",
    selection=_WEEKLY,
    description="One week, named by its Monday: the report and the training file, from those of "
    "its days that exist.",
)
tool_calling = dg.define_asset_job(
    "tool_calling",
    selection=_UNPARTITIONED,
    description="The tool-calling benchmark: each candidate is asked all cases, then the report.",
)


def follow_days() -> dg.AutomationCondition[dg.AssetKey | dg.AssetCheckKey]:
    """Return the condition that starts a week after its days have finished, failed or not.

    Dagster's `eager()` and `on_cron()` check the latest week only; this one checks all weeks.
    """
    condition = dg.AutomationCondition
    return (
        condition.any_deps_updated().since_last_handled()
        & ~condition.any_deps_in_progress()
        & ~condition.in_progress()
    )
