"""Writes one export: the files of its flavours, and the manifest that makes it complete."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from upath import UPath

from replay_assets.contracts.manifest import FileEntry
from replay_assets.contracts.training_manifest import TRAINING_VERSION, Split, TrainingManifest
from replay_assets.finetune.flavours import Flavour
from replay_assets.finetune.rows import Row
from replay_assets.finetune.writing.lengths import TokenCounter
from replay_assets.finetune.writing.readme import (
    DATASET_INFO,
    README,
    dataset_info,
    readme,
)
from replay_assets.finetune.writing.writer import LINEAGE, SPLITS, RowWriter, kto_weights
from replay_assets.lake.assets import MANIFEST_FILE, RESERVED_FILE
from replay_assets.lake.digests import digest_of
from replay_assets.lake.file_sets import file_set
from replay_assets.lake.files import read, sha256
from replay_assets.lake.formats import decode_json, encode_json
from replay_assets.lake.published import named_by_content

CODE_VERSION = "3"
SIGNATURES = "signatures"


def is_data(file_name: str) -> bool:
    """Return whether a file of lines has rows, and not their lineage."""
    return file_name.endswith(".jsonl") and not file_name.endswith(LINEAGE)


@dataclass(frozen=True)
class ExportPlan:
    """What an export writes, and what its manifest says about the rows beyond the rows themselves.

    Attributes:
        name: begins the id of the export.
        day: its first day, which the files have in their names.
        flavours: what is written.
        tokens: counts tokens.
        reserved: the content of `reserved.jsonl`.
        signatures: what the rows look like, for later exports.
        facts: fields of the manifest that are known before the first row is written.
    """

    name: str
    day: str
    flavours: Sequence[Flavour]
    tokens: TokenCounter = field(default_factory=TokenCounter)
    reserved: bytes = b""
    signatures: bytes = b""
    facts: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Exported:
    """A published export: its manifest, and the entries of all its files by their names."""

    manifest: TrainingManifest
    manifest_file: FileEntry
    files: tuple[FileEntry, ...]


def write_export(folder: UPath, rows: Iterable[tuple[Row, Split]], plan: ExportPlan) -> Exported:
    """Write rows, in the given order and in constant memory; the manifest is the last file.

    Nothing is overwritten: the same content changes nothing, other content gets other names.
    """
    with file_set(folder) as files:
        writer = RowWriter(files, plan.flavours, plan.day, plan.tokens)
        for row, split in rows:
            writer.write(row, split)
        if plan.signatures and writer.incidents:
            # Not named as a table: readers look for tables by the end of the name.
            files.file(f"{SIGNATURES}.{plan.day}.bin", plan.signatures)
        made: list[TrainingManifest] = []

        def manifest_of(entries: Sequence[FileEntry]) -> bytes:
            manifest = _manifest(plan, writer, entries)
            content = encode_json(manifest.as_json())
            made.append(manifest)
            name = named_by_content(MANIFEST_FILE, sha256(content))
            files.current(README, readme(manifest, name))
            if plan.reserved or (folder / RESERVED_FILE).exists():
                files.current(RESERVED_FILE, plan.reserved)
            if (info := dataset_info(manifest, _earlier(folder / DATASET_INFO))) is not None:
                files.current(DATASET_INFO, info)
            return content

        entries, manifest_file = files.publish(MANIFEST_FILE, manifest_of)
    return Exported(made[0], manifest_file, tuple(entries))


def _manifest(
    plan: ExportPlan, writer: RowWriter, entries: Sequence[FileEntry]
) -> TrainingManifest:
    files = writer.exported(entries)
    signatures = [one.path for one in entries if one.path.startswith(f"{SIGNATURES}.")]
    has_verdicts = any(one.is_judged for one in plan.flavours)
    manifest = TrainingManifest(
        schema_version=TRAINING_VERSION,
        export_id="",
        incident_ids=tuple(sorted(writer.incidents)),
        scenario_groups=tuple(sorted({group for group in writer.incidents.values() if group})),
        week=plan.day,
        code_version=CODE_VERSION,
        flavours=tuple(one.name for one in plan.flavours),
        files=files,
        rows={split: writer.rows[split] for split in SPLITS},
        reserved_digest=sha256(plan.reserved),
        signatures_file="".join(signatures),
        tokenizer=plan.tokens.described,
        label_sources=dict(sorted(writer.label_sources.items())),
        kto=kto_weights(writer.judged) if has_verdicts else None,
        **{"clusters": {}, **plan.facts},
    )
    name = f"{plan.name}-{plan.day}-{digest_of(manifest.as_json())[:16]}"
    return manifest.model_copy(update={"export_id": name})


def _earlier(path: UPath) -> dict[str, Any]:
    return decode_json(read(path), str(path)) if path.exists() else {}
