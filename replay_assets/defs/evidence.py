"""Assets of the evidence stage: the source, a day's snapshot of it, and a day's labels.

A day's data version is the fingerprint of its rows in the source. Extraction computes it from the
snapshot that it reads, observation from the present source: if they differ, the day is stale.
"""

import warnings
from collections.abc import Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import dagster as dg

from replay_assets.contracts.calendar import days_between
from replay_assets.defs.materializing import materialize
from replay_assets.defs.metadata import Metadata, partition_metadata, table_preview
from replay_assets.defs.partitions import Partitions
from replay_assets.defs.resources import IncidentSource, Root, Source
from replay_assets.evidence import extraction
from replay_assets.evidence.extraction import extract_day
from replay_assets.evidence.freshness import observe
from replay_assets.evidence.labels import extract_labels
from replay_assets.lake import Published, assets
from replay_assets.lake import labels as label_partitions

GROUP = "evidence"
OWNERS = ["team:platform"]
SOURCE = dg.AssetKey("incident_database")
SWEEP_TAG = "replay_assets/days"
"""With this tag set to `all`, an observation checks every day, not only the newest ones."""
VERSION_TAG = "dagster/data_version"


def build_source(partitions: Partitions) -> dg.SourceAsset:
    """Return the source as an asset that is observed, never materialised."""
    with warnings.catch_warnings():
        # A beta feature, used on purpose: nothing else marks single partitions as changed.
        # pyproject.toml restricts Dagster to one minor version.
        warnings.simplefilter("ignore", dg.BetaWarning)
        observed = dg.observable_source_asset(
            name=SOURCE.path[-1],
            partitions_def=partitions.daily,
            group_name=GROUP,
            description="The team's incident database. Observing it finds the days whose evidence, "
            "decisions or repairs have changed since they were read; only these days become stale.",
        )
    source_asset: dg.SourceAsset = observed(_observe_days)
    return source_asset


def _observe_days(
    context: dg.OpExecutionContext, source: IncidentSource, evidence: Root
) -> dg.DataVersionsByPartition:
    days = days_to_observe(source, sweep=context.run.tags.get(SWEEP_TAG) == "all")
    with source.open() as database:
        windows, limit = map(source.window, days), source.max_text_bytes
        for seen in observe(database, windows, evidence, max_text_bytes=limit):
            context.log_event(
                observation(seen.day, seen.fingerprint, rows=seen.rows, **seen.changes)
            )
    # Empty, because the events are logged above with metadata, which a return value can't have.
    return dg.DataVersionsByPartition({})


def days_to_observe(source: Source, *, sweep: bool) -> Sequence[str]:
    """Return the days to observe, up to yesterday: all, or only those of the look-back."""
    yesterday = datetime.now(ZoneInfo(source.timezone)).date() - timedelta(days=1)
    first = source.first_day
    if not sweep:
        look_back = yesterday - timedelta(days=source.look_back_days - 1)
        first = max(first, look_back.isoformat())
    return days_between(first, yesterday.isoformat())


def observation(day: str, fingerprint: str, **facts: int) -> dg.AssetObservation:
    """Return the event that records a day's version in the source for Dagster."""
    return dg.AssetObservation(
        SOURCE, partition=day, tags={VERSION_TAG: fingerprint}, metadata=facts
    )


def record_version_read(context: dg.AssetExecutionContext, published: Sequence[Published]) -> None:
    """Record the versions that a run has read as the newest known versions of the source.

    Dagster caches an input's version when a step starts, before anything was read. This clears the
    cache, so that Dagster uses the recorded version. A day is then fresh until the source changes.
    """
    for one in published:
        context.log_event(observation(one.address.key, one.facts["source_fingerprint"]))
    step = context.op_execution_context.get_step_execution_context()
    step.wipe_input_asset_version_info(SOURCE)


def changed_in_source() -> dg.AutomationCondition[dg.AssetKey | dg.AssetCheckKey]:
    """Return the condition that reads a day again after its version in the source changed."""
    condition = dg.AutomationCondition
    # Not `any_deps_updated()`: an observation updates a day even if its version is the same.
    changed = condition.any_deps_match(condition.data_version_changed())
    # A day that was never read is left to the daily walk.
    return changed.since_last_handled() & ~condition.in_progress() & ~condition.missing()


def build_evidence(partitions: Partitions) -> dg.AssetsDefinition:
    """Return the asset that takes a day's snapshot of the source."""

    @dg.asset(
        partitions_def=partitions.daily,
        group_name=GROUP,
        owners=OWNERS,
        kinds={"sql", "parquet"},
        code_version=extraction.CODE_VERSION,
        deps=[SOURCE],
        automation_condition=changed_in_source(),
    )
    def incident_evidence(
        context: dg.AssetExecutionContext,
        source: IncidentSource,
        evidence: Root,
    ) -> dg.MaterializeResult[None]:
        """One row per incident of the day: raw evidence, the newest decision, the newest repair.

        Other tables contain the decision's recorded messages, all recorded repairs, and the
        quarantined rows. The data is not sanitized: it has a separate root, and only ids and counts
        are shown here.
        """
        with source.open() as database:
            published = [
                extract_day(
                    database, source.window(day), evidence, max_text_bytes=source.max_text_bytes
                )
                for day in context.partition_keys
            ]
        record_version_read(context, published)
        table = published[-1].table(assets.INCIDENT_EVIDENCE.table)
        # No texts, because more people read the event log than the evidence.
        columns = ("id", "incident_id", "collected_at", "coordinator_id", "repair_id")
        return dg.MaterializeResult(
            metadata={**partition_metadata(published), "preview": table_preview(table, columns)},
            data_version=source_version(published),
        )

    return incident_evidence


def source_version(published: Sequence[Published]) -> dg.DataVersion | None:
    """Return a day's fingerprint in the source; None if a run has several days."""
    # A run has one result, and a result has one version.
    if len(published) != 1:
        return None
    return dg.DataVersion(published[0].facts["source_fingerprint"])


def build_labels(partitions: Partitions) -> dg.AssetsDefinition:
    """Return the asset that reads a day's labels."""

    @dg.asset(
        partitions_def=partitions.daily,
        group_name=GROUP,
        owners=OWNERS,
        kinds={"sql", "parquet"},
        # No dependency on the source: its versions do not cover labels.
        code_version=label_partitions.CODE_VERSION,
    )
    def incident_labels(
        context: dg.AssetExecutionContext,
        source: IncidentSource,
        labels: Root,
    ) -> dg.MaterializeResult[None]:
        """The true root cause and correct action per incident; candidates never see them.

        Only grading and leak checks read them. Stored under a separate root, so that a machine that
        only replays needs no access. Empty if the source has no labels; grades are then
        `unlabelled`.
        """
        with source.open() as database:

            def extract(day: str) -> Published:
                found = extract_labels(database, source.window(day))
                return labels.publish(assets.INCIDENT_LABELS.at(day), found)

            return materialize(context, extract, _label_ids)

    return incident_labels


def _label_ids(published: Published) -> Metadata:
    """Return a preview of the labelled incidents' ids, without the labels."""
    table = published.table(assets.INCIDENT_LABELS.table)
    return {"preview": table_preview(table, ("incident_id",))}
