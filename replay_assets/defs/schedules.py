"""What starts by itself: Monday's walk (shipped stopped) and the weeks that follow their days."""

from collections.abc import Iterator, Sequence
from datetime import timedelta
from zoneinfo import ZoneInfo

import dagster as dg

from replay_assets.candidates import Candidate, Catalogue
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
"""What is made once per day, whatever the candidates."""


def weekly_replay(catalogue: Catalogue, settings: Settings) -> dg.ScheduleDefinition:
    """Return Monday's schedule: one run for each of the seven days that ended."""

    @dg.schedule(
        job=daily_walk,
        cron_schedule=MONDAY_MORNING,
        execution_timezone=settings.timezone,
        default_status=dg.DefaultScheduleStatus.STOPPED,
        description="Mondays at six: the seven days that ended, every candidate whose key is "
        "present. Shipped stopped, because starting it may cost money.",
    )
    def weekly_replay_schedule(
        context: dg.ScheduleEvaluationContext,
    ) -> Iterator[dg.RunRequest | dg.SkipReason]:
        monday = context.scheduled_execution_time.astimezone(ZoneInfo(settings.timezone)).date()
        ready = [one for one in catalogue if one.not_ready(read_secret) is None]
        days = [(monday - timedelta(days=n)).isoformat() for n in range(7, 0, -1)]
        if days[0] < settings.first_day:
            yield dg.SkipReason(f"the week of {days[0]} lies before {settings.first_day}")
            return
        for day in days:
            yield dg.RunRequest(
                run_key=f"{monday}:{day}",
                partition_key=day,
                asset_selection=daily_selection(ready),
                tags={"week": days[0]},
            )

    return weekly_replay_schedule


def source_watch(settings: Settings) -> dg.ScheduleDefinition:
    """Return the schedule that finds late rows and changed outcomes; reading keys costs nothing."""

    @dg.schedule(
        job=observe_source,
        cron_schedule=EVERY_MORNING,
        execution_timezone=settings.timezone,
        default_status=dg.DefaultScheduleStatus.RUNNING,
        description=f"Every morning, the last {settings.look_back_days} days; on Sundays all.",
    )
    def source_watch_schedule(context: dg.ScheduleEvaluationContext) -> dg.RunRequest:
        day = context.scheduled_execution_time.astimezone(ZoneInfo(settings.timezone))
        everything = day.isoweekday() == SUNDAY
        return dg.RunRequest(tags={SWEEP_TAG: "all" if everything else "newest"})

    return source_watch_schedule


def evidence_follows_source() -> dg.AutomationConditionSensorDefinition:
    """Return the sensor that reads changed days again; shipped stopped.

    A day read anew makes its pack and its results stale, and only replaying them, which may cost
    money, brings them back into the report.
    """
    return dg.AutomationConditionSensorDefinition(
        "evidence_follows_source",
        target=dg.AssetSelection.assets(key_of(assets.INCIDENT_EVIDENCE)),
        default_status=dg.DefaultSensorStatus.STOPPED,
        description="Reads the days again that have changed in the incident database. Shipped "
        "stopped: their packs and results are then to be made again, too.",
    )


def daily_selection(candidates: Sequence[Candidate]) -> list[dg.AssetKey]:
    """Return the assets of a day's run for some candidates."""
    return [
        *(key_of(one) for one in SHARED_ASSETS),
        *(
            key_of(asset, candidate.id)
            for candidate in candidates
            for asset in (assets.REPLAY_RESULTS, assets.REPLAY_SCORES)
        ),
    ]


def reports_follow_days() -> dg.AutomationConditionSensorDefinition:
    """Return the sensor that starts report and export of a week; it costs nothing, so it runs."""
    return dg.AutomationConditionSensorDefinition(
        "reports_follow_days",
        target=dg.AssetSelection.assets(*WEEKLY_ASSETS),
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Starts report and export of a week once its days have finished.",
    )
