"""Materialises each partition of a run, and returns metadata for the UI."""

from collections.abc import Callable

import dagster as dg

from replay_assets.defs.metadata import Metadata, data_version, partition_metadata
from replay_assets.errors import BatchInterruptedError
from replay_assets.lake import Published


def partitions_of(context: dg.AssetExecutionContext) -> list[str | None]:
    """Return the partition keys of a run; only None for an asset that is not partitioned."""
    if context.has_partition_key or context.has_partition_key_range:
        return list(context.partition_keys)
    return [None]


def materialize(
    context: dg.AssetExecutionContext,
    make: Callable[[str], Published],
    describe: Callable[[Published], Metadata] | None = None,
) -> dg.MaterializeResult[None]:
    """Materialise each partition of a run, one after another.

    Args:
        context: the context of the run, which has the partition keys.
        make: publishes one partition, given its day or week; empty for an asset without partitions.
        describe: returns the metadata of the last partition, in addition to counts, digest and
            path.
    """
    try:
        published = [make(key or "") for key in partitions_of(context)]
    except BatchInterruptedError as error:
        # As the failure of one step it would not end the run: the next candidate would be asked.
        raise KeyboardInterrupt(str(error)) from error
    metadata = partition_metadata(published)
    if describe is not None:
        metadata |= describe(published[-1])
    return dg.MaterializeResult(metadata=metadata, data_version=data_version(published))
