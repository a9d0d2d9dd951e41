"""The entry point: all Dagster definitions of this project."""

import dagster as dg

from replay_assets.candidates import Catalogue
from replay_assets.contracts.export_policy import load_export_policy
from replay_assets.defs import (
    agent_replay,
    checks,
    evaluation,
    evidence,
    feedback,
    finetune,
    jobs,
    replay,
    request_packs,
    tool_calling,
)
from replay_assets.defs.partitions import Partitions
from replay_assets.defs.resources import build_resources
from replay_assets.defs.schedules import (
    evidence_follows_source,
    reports_follow_days,
    source_watch,
    weekly_replay,
)
from replay_assets.sanitizing import rules_of
from replay_assets.settings import Settings, read_variable

LOCATION = "replay_assets"


def build_definitions(settings: Settings) -> dg.Definitions:
    """Return the definitions for some settings; production and tests use the same."""
    partitions = Partitions.of(settings)
    entries = Catalogue.load(settings.candidates, read_variable)
    catalogue = entries.replayed
    graded = catalogue.graded
    everyone = frozenset(candidate.id for candidate in graded)
    rules = rules_of(settings.rules)
    daily: list[dg.AssetsDefinition | dg.SourceAsset] = [
        evidence.build_source(partitions),
        evidence.build_evidence(partitions),
        evidence.build_labels(partitions),
        request_packs.build_asset(partitions, rules),
        *(replay.build_asset(candidate, partitions, everyone) for candidate in catalogue),
        *(
            agent_replay.build_asset(one, partitions, everyone, entries.shields)
            for one in catalogue.agents
        ),
        *evaluation.build_daily(graded, partitions, rules),
        *feedback.build_assets(partitions, rules, entries),
    ]
    weekly = [
        *evaluation.build_weekly(graded, partitions, settings.report_language),
        *finetune.build_assets(
            partitions,
            rules,
            catalogue,
            load_export_policy(settings.export),
            settings.training_language,
        ),
    ]
    return dg.Definitions(
        assets=[*daily, *weekly, *tool_calling.build_all(catalogue)],
        asset_checks=checks.build_checks(graded, partitions),
        jobs=[jobs.daily_walk, jobs.weekly_walk, jobs.observe_source, jobs.tool_calling],
        schedules=[weekly_replay(catalogue, settings), source_watch(settings)],
        sensors=[reports_follow_days(), evidence_follows_source()],
        resources=build_resources(settings, entries),
        # All steps of a run share one process: one process per step costs 1.9 s of CPU per step,
        # this 0.05 s. Concurrency matters for requests only, and the replay assets provide it.
        executor=dg.in_process_executor,
    )


defs = build_definitions(Settings.from_environment())
