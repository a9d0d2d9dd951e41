"""Assets of the evidence stage: a day's snapshot of the source, and its labels under their root."""

import dagster as dg

from replay_assets.defs.metadata import data_version, partition_metadata, preview
from replay_assets.defs.partitions import Partitions
from replay_assets.defs.resources import IncidentSource, Root
from replay_assets.evidence import extraction
from replay_assets.evidence.extraction import extract_day
from replay_assets.evidence.labels import extract_labels
from replay_assets.lake.addresses import Address

GROUP = "evidence"
OWNERS = ["team:platform"]


def build_evidence(partitions: Partitions) -> dg.AssetsDefinition:
    """Return the asset that takes a day's snapshot of the source."""

    @dg.asset(
        partitions_def=partitions.daily,
        group_name=GROUP,
        owners=OWNERS,
        kinds={"sql", "parquet"},
        code_version=extraction.CODE_VERSION,
    )
    def incident_evidence(
        context: dg.AssetExecutionContext,
        source: IncidentSource,
        evidence: Root,
    ) -> dg.MaterializeResult[None]:
        """One row an incident of the day: raw evidence, the newest decision, the newest repair.

        Beside it lie the decision's recorded messages, every recorded repair, and the quarantine of
        rows that can't be used. Raw: kept under its own root, shown here only as ids and counts.
        """
        with source.open() as database:
            published = [
                extract_day(database, source.window(day), evidence)
                for day in context.partition_keys
            ]
        rows = published[-1].rows("incident_evidence")
        columns = ("id", "incident_id", "collected_at", "coordinator_id", "repair_id")
        return dg.MaterializeResult(
            metadata={**partition_metadata(published), "preview": preview(rows, columns)},
            data_version=data_version(published),
        )

    return incident_evidence


def build_labels(partitions: Partitions) -> dg.AssetsDefinition:
    """Return the asset that reads a day's labels."""

    @dg.asset(
        partitions_def=partitions.daily,
        group_name=GROUP,
        owners=OWNERS,
        kinds={"sql", "parquet"},
        code_version=extraction.CODE_VERSION,
    )
    def incident_labels(
        context: dg.AssetExecutionContext,
        source: IncidentSource,
        labels: Root,
    ) -> dg.MaterializeResult[None]:
        """The held-out truth of the day's incidents: what only grading may read.

        Kept under a root of its own, so that a machine which replays needs no access to it. Empty
        where the source has no labels; grades are then `unlabelled`.
        """
        published = []
        with source.open() as database:
            for day in context.partition_keys:
                found = extract_labels(database, source.window(day))
                published.append(labels.publish(Address("incident_labels", day), found))
        rows = published[-1].rows("incident_labels")
        return dg.MaterializeResult(
            metadata={**partition_metadata(published), "preview": preview(rows, ("incident_id",))},
            data_version=data_version(published),
        )

    return incident_labels
