"""Schedules and sensors: weekly replay (stopped by default), observation, reports, evidence."""

from collections.abc import Iterator, Sequence
from datetime import timedelta
from zoneinfo import ZoneInfo

import dagster as dg

from replay_assets.candidates import Candidate, Catalogue, with_agents
from replay_assets.defs.evidence import SWEEP_TAG
from replay_assets.defs.jobs import WEEKLY_ASSETS, daily_walk, observe_source
from replay_assets.defs.keys import key_of
from replay_assets.lake import assets
from replay_assets.settings import Settings, read_secret

MONDAY_MORNING = "0 6 * * 1"
EVERY_MORNING = "30 4 * * *"
SUNDAY = 7
SHARED_ASSETS = tuple(
    one for one in assets.BY_NAME.values() if one.grain == "date" and not one.per_candidate
)
"""Assets that are made once per day for all candidates."""


def weekly_replay(catalogue: Catalogue, settings: Settings) -> dg.ScheduleDefinition:
    """Return Monday's schedule, with one run for each of the last seven days."""

    @dg.schedule(
        job=daily_walk,
        cron_schedule=MONDAY_MORNING,
        execution_timezone=settings.timezone,
        default_status=dg.DefaultScheduleStatus.STOPPED,
        description="Mondays at 06:00: replays the last seven days through every scheduled "
        "candidate whose key is set. Stopped by default, because it may cost money.",
    )
    def weekly_replay_schedule(
        context: dg.ScheduleEvaluationContext,
    ) -> Iterator[dg.RunRequest | dg.SkipReason]:
        monday = context.scheduled_execution_time.astimezone(ZoneInfo(settings.timezone)).date()
        # A candidate without its key would fail in every run of the week.
        ready = [one for one in catalogue if one.not_ready(read_secret) is None]
        days = [(monday - timedelta(days=n)).isoformat() for n in range(7, 0, -1)]
        if days[0] < settings.first_day:
            yield dg.SkipReason(
                f"the week of {days[0]} is before the first day, {settings.first_day}"
            )
            return
        for day in days:
            yield dg.RunRequest(
                # Dagster requires a key for each run if a schedule requests several.
                run_key=f"{monday}:{day}",
                partition_key=day,
                asset_selection=daily_selection(ready),
                tags={"week": days[0]},
            )

    return weekly_replay_schedule


def source_watch(settings: Settings) -> dg.ScheduleDefinition:
    """Return the schedule that finds late rows and changed outcomes; it costs no money."""

    @dg.schedule(
        job=observe_source,
        cron_schedule=EVERY_MORNING,
        execution_timezone=settings.timezone,
        default_status=dg.DefaultScheduleStatus.RUNNING,
        description=f"Every morning: observes the last {settings.look_back_days} days in the "
        "incident database; on Sundays all days.",
    )
    def source_watch_schedule(context: dg.ScheduleEvaluationContext) -> dg.RunRequest:
        day = context.scheduled_execution_time.astimezone(ZoneInfo(settings.timezone))
        everything = day.isoweekday() == SUNDAY
        return dg.RunRequest(tags={SWEEP_TAG: "all" if everything else "newest"})

    return source_watch_schedule


def evidence_follows_source() -> dg.AutomationConditionSensorDefinition:
    """Return the sensor that reads changed days again; it is stopped by default.

    Reading a day again makes its pack and results stale. The report counts them again only after
    another replay, which may cost money.
    """
    return dg.AutomationConditionSensorDefinition(
        "evidence_follows_source",
        target=dg.AssetSelection.assets(key_of(assets.INCIDENT_EVIDENCE)),
        default_status=dg.DefaultSensorStatus.STOPPED,
        description="Reads days again that have changed in the incident database. Stopped by "
        "default, because their packs and results must then be made again too.",
    )


def daily_selection(candidates: Sequence[Candidate]) -> list[dg.AssetKey]:
    """Return the assets of a day's run for some candidates, and those of their agents."""
    return [
        *(key_of(one) for one in SHARED_ASSETS),
        *(
            key_of(asset, candidate.id)
            for candidate in with_agents(candidates)
            for asset in (assets.REPLAY_RESULTS, assets.REPLAY_SCORES)
        ),
    ]


def reports_follow_days() -> dg.AutomationConditionSensorDefinition:
    """Return the sensor that starts a week's report and export; running, as it costs no money."""
    return dg.AutomationConditionSensorDefinition(
        "reports_follow_days",
        target=dg.AssetSelection.assets(*WEEKLY_ASSETS),
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Starts the report and the export of a week after its days have finished.",
    )
