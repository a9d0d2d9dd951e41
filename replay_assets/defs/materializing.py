"""Makes each partition of a run, and describes what was made for the UI."""

from collections.abc import Callable

import dagster as dg

from replay_assets.defs.metadata import Metadata, data_version, partition_metadata
from replay_assets.lake import Published


def materialize(
    context: dg.AssetExecutionContext,
    make: Callable[[str], Published],
    describe: Callable[[Published], Metadata] | None = None,
) -> dg.MaterializeResult[None]:
    """Make each partition of a run, one after another.

    Args:
        context: of the run, which names the partitions.
        make: publishes one partition, given its day or its week.
        describe: returns what the UI shows of the last one, besides counts, digest and path.
    """
    published = [make(key) for key in context.partition_keys]
    metadata = partition_metadata(published)
    if describe is not None:
        metadata |= describe(published[-1])
    return dg.MaterializeResult(metadata=metadata, data_version=data_version(published))
