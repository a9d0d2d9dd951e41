"""The manifest of an export: what is in its files, and what a model that learns them has seen.

An export writes it next to its rows, as the last file. The catalogue's `trained_on` names it: a
review leaves these incidents out, because the candidate has seen them.
"""

from collections.abc import Iterable, Mapping
from functools import cached_property
from typing import Any, ClassVar, Literal

from pydantic import Field

from replay_assets.contracts.record import Part, Reader, Record

TRAINING_VERSION = "training_manifest_v2"
TRAINING_VERSION_1 = "training_manifest_v1"

Split = Literal["train", "validation"]


def from_version_1(record: Mapping[str, Any]) -> dict[str, Any]:
    """Convert a record of version 1, which said only what a model has seen."""
    return {**record, "schema_version": TRAINING_VERSION}


class Lengths(Part):
    """How long the rows of a file are, in tokens.

    A trainer cuts longer rows without a message: TRL at 1024 tokens unless another length is set.
    """

    p50: int
    p95: int
    max: int
    above_1k: int
    above_2k: int
    above_4k: int
    above_8k: int


class ExportedFile(Part):
    """One file of an export, its lineage, and its lengths."""

    flavour: str
    split: Split
    file: str
    sha256: str
    bytes: int
    rows: int
    lineage_file: str
    lineage_sha256: str
    lengths: Lengths


class KtoWeights(Part):
    """How many answers are wanted and unwanted, and weights that balance them.

    With `undesirable_weight` 1, TRL recommends a `desirable_weight` within the interval; None if a
    class is empty.
    """

    desirable: int
    undesirable: int
    desirable_weight: float | None
    undesirable_weight: float | None
    desirable_weight_interval: tuple[float, float] | None


class Tokenizer(Part):
    """What counted the tokens: a local file with its checksum, or the estimate."""

    name: str
    sha256: str | None


class TrainingManifest(Record):
    """The files of an export, and the incidents behind their rows.

    Attributes:
        export_id: the id of the export.
        incident_ids: the incidents whose rows were exported.
        scenario_groups: their scenario groups; every incident of these groups is left out.
        clusters: incidents that are nearly the same as an exported one, by cluster.
        week: the first day of the export, which its files have in their names.
        code_version: the version of the code that made it.
        flavours: the flavours that were asked for, also those without a row.
        files: the files with rows; a file without a row is not written.
        rows: the rows of each split: a row that several flavours have counts once.
        source_digest: the digest of all partitions that the rows were made from.
        dropped: how many rows and incidents were left out, by reason.
        deduplication: its parameters, and the number of clusters.
        reserved_digest: the digest of the list of reserved incidents.
        signatures_file: what the rows look like, for later exports; no text can be read from it.
        tokenizer: what counted the tokens.
        label_sources: how many rows each source of labels decided.
        labels: versions of what labels were made with, such as the judge.
        kto: the weights of the flavours with a verdict per answer.
        media_tags: how often a text had a tag that a trainer takes for an image, video or audio.
        settings: the settings that decide which rows are written, and how.
        parent_manifests: the manifests of earlier exports that rows were compared with.
    """

    VERSION: ClassVar[str] = TRAINING_VERSION
    EARLIER: ClassVar[Mapping[str, Reader]] = {TRAINING_VERSION_1: from_version_1}

    export_id: str
    incident_ids: tuple[str, ...]
    scenario_groups: tuple[str, ...]
    clusters: dict[str, tuple[str, ...]]
    week: str = ""
    code_version: str = ""
    flavours: tuple[str, ...] = ()
    files: tuple[ExportedFile, ...] = ()
    rows: dict[str, int] = Field(default_factory=dict)
    source_digest: str = ""
    dropped: dict[str, int] = Field(default_factory=dict)
    deduplication: dict[str, Any] = Field(default_factory=dict)
    reserved_digest: str = ""
    signatures_file: str = ""
    tokenizer: Tokenizer | None = None
    label_sources: dict[str, int] = Field(default_factory=dict)
    labels: dict[str, Any] = Field(default_factory=dict)
    kto: KtoWeights | None = None
    media_tags: dict[str, int] = Field(default_factory=dict)
    settings: dict[str, Any] = Field(default_factory=dict)
    parent_manifests: tuple[str, ...] = ()

    @cached_property
    def _incidents(self) -> frozenset[str]:
        return frozenset(self.incident_ids).union(*self.clusters.values())

    @cached_property
    def _groups(self) -> frozenset[str]:
        return frozenset(self.scenario_groups)

    def covers(self, incident_id: str, scenario_group: str) -> bool:
        """Return whether a model that was trained on this has seen an incident, or one like it."""
        return incident_id in self._incidents or scenario_group in self._groups


def is_trained_on(
    manifests: Iterable[TrainingManifest], incident_id: str, scenario_group: str
) -> bool:
    """Return whether any of several exports covers an incident."""
    return any(one.covers(incident_id, scenario_group) for one in manifests)
