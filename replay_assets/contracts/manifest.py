"""The manifest: what one partition of one asset consists of.

It is written last, so a partition without a manifest is incomplete. `content_digest` covers the
records without their timing fields, so two runs with the same content have the same digest.
`inputs` holds the digests that the partition was made from, by asset.
"""

from typing import Any, ClassVar

from replay_assets.contracts.record import Part, Record

MANIFEST_VERSION = "partition_manifest_v1"


class FileEntry(Part):
    """One file of the partition, by its path below the root."""

    path: str
    sha256: str
    size_bytes: int
    records: int | None


class PartitionManifest(Record):
    """Files, counts, inputs and content digest of a partition."""

    VERSION: ClassVar[str] = MANIFEST_VERSION

    asset: str
    candidate_id: str | None
    partition: str
    code_version: str
    content_digest: str
    inputs: dict[str, str]
    facts: dict[str, Any]
    files: list[FileEntry]
