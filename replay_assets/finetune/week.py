"""A week's export as a partition: its files, its table, and what is recorded of it elsewhere."""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import PurePosixPath
from typing import Any

from upath import UPath

from replay_assets.contracts.arrow import arrow_schema
from replay_assets.contracts.calendar import days_of_week
from replay_assets.contracts.export_policy import ExportPolicy
from replay_assets.contracts.export_row import (
    ALPACA_FORMAT,
    ORIGINAL_FORMAT,
    TrainingLanguage,
    TrainingRow,
)
from replay_assets.contracts.training_manifest import ExportedFile
from replay_assets.finetune.earlier import EarlierExport
from replay_assets.finetune.export import ALPACA, Export, Made
from replay_assets.finetune.flavours import Family, flavour_of, flavours_named
from replay_assets.finetune.rules import Problem, check_lines
from replay_assets.finetune.writing.export import CODE_VERSION, Exported, is_data
from replay_assets.lake import Asset, Lineage, Published, Store, VerifiedFile, assets
from replay_assets.lake.formats import encode_json, json_line
from replay_assets.sanitizing import OutboundPolicy
from replay_assets.source import INCIDENT_EVIDENCE, ExportLogEntry

LOOKBACK_DAYS = 7
FAMILIES: dict[Asset, Family] = {
    assets.SFT_EXPORT: "sft",
    assets.PREFERENCE_EXPORT: "preference",
}


@dataclass(frozen=True)
class WeekExport:
    """Makes the exports of a week.

    Attributes:
        lake: the root that they are written to.
        lineage: a view of all partitions, for one operation.
        candidates: the ids of the candidates whose answers may become rows.
        policy: what exports contain.
        safeguards: the sanitizing rules, and what must not leave.
        language: the language of instruction and headings.
    """

    lake: Store
    lineage: Lineage
    candidates: Sequence[str] = ()
    policy: ExportPolicy = field(default_factory=ExportPolicy)
    safeguards: OutboundPolicy = field(default_factory=OutboundPolicy)
    language: TrainingLanguage = "follow"

    def publish(self, asset: Asset, week: str) -> tuple[Published, list[ExportLogEntry]]:
        """Write a week's files as a partition; return it, and what records its files.

        The files have their content in their names and stay; the table is replaced.
        """
        address = asset.at(week)
        export = Export(
            self.lineage,
            self.lineage.usable_days(address),
            sorted(self.lake.days_of(assets.INCUMBENT_SCORES.name)),
            self.lineage.inputs(address),
            self.candidates,
            self.policy,
            self.safeguards,
            self.language,
        )
        folder, family = self.lake.folder_of(address), FAMILIES[asset]
        with self.lake.writing(address) as partition:
            has_table = family == "sft"
            made = export.write(
                folder,
                name=asset.name,
                day=week,
                flavours=flavours_named(self.policy.flavours, family),
                earlier=earlier_weeks(self.lake, asset, week),
                alongside=self._alongside(asset, week),
                table=partition.table(asset.table, arrow_schema(TrainingRow))
                if has_table
                else None,
            )
            partition.adopt([*made.exported.files, made.exported.manifest_file])
            entries = log_entries(week, folder, made.exported)
            if entries:
                log = {"exports": [asdict(one) for one in entries]}
                partition.file(assets.EXPORT_LOG_FILE, encode_json(log))
            facts = self._facts(export, week, made)
            published = partition.publish(
                inputs=export.inputs, facts=facts, code_version=CODE_VERSION
            )
        return published, entries

    def _alongside(self, asset: Asset, week: str) -> list[EarlierExport]:
        """Return the present export of the week, and those of the other asset until the week."""
        found = _exports(self.lake, asset, [week])
        for other in (one for one in FAMILIES if one != asset):
            weeks = self.lake.weeks_of(other.name)
            found += _exports(self.lake, other, [one for one in weeks if one <= week])
        return found

    def _facts(self, export: Export, week: str, made: Made) -> dict[str, Any]:
        manifest = made.exported.manifest
        return {
            "format": ORIGINAL_FORMAT if self.language == "original" else ALPACA_FORMAT,
            "language": self.language,
            "export_id": manifest.export_id,
            "incidents": made.incidents,
            "rows": sum(manifest.rows.values()),
            "rows_by_file": {one.file: one.rows for one in manifest.files},
            "unusable_days": [one for one in days_of_week(week) if one not in export.days],
            "left_out": manifest.dropped,
            **made.seen.facts(),
            "broken_marks": made.marks,
        }


def earlier_weeks(lake: Store, asset: Asset, week: str) -> list[EarlierExport]:
    """Return the newest export of each earlier week."""
    return _exports(lake, asset, [one for one in lake.weeks_of(asset.name) if one < week])


def _exports(lake: Store, asset: Asset, weeks: Iterable[str]) -> list[EarlierExport]:
    found = (lake.find(asset.at(week)) for week in weeks)
    return [
        EarlierExport(lake.folder_of(one.address), manifest_name(one))
        for one in found
        # An export of a release before these manifests kept no signatures.
        if one is not None and any(map(_is_manifest, one.names(".json")))
    ]


def manifest_name(export: Published) -> str:
    """Return the name of the newest manifest of a published export."""
    return next(filter(_is_manifest, export.names(".json")))


def _is_manifest(name: str) -> bool:
    return PurePosixPath(name).match(assets.TRAINING_MANIFESTS)


def problems_of(export: Published) -> Iterator[tuple[str, Iterator[Problem]]]:
    """Yield each file of rows of a published export, and what is wrong with it."""
    for name in export.names(".jsonl"):
        if is_data(name):
            flavour = flavour_of(name)
            with export.source_of(name).open() as lines:
                yield name, check_lines(lines, flavour)


def log_entries(week: str, folder: UPath, exported: Exported) -> list[ExportLogEntry]:
    """Return the rows that record the files of an export in the source database."""
    return [
        ExportLogEntry(
            week=week,
            checksum_sha256=one.sha256,
            export_type="evidence_snapshot" if one.flavour == ALPACA.name else one.flavour,
            source_table=INCIDENT_EVIDENCE.name,
            source_ids=json_line(_incidents(folder, one)),
            # A relative path, so that the same export has the same content in any lake.
            file_path=one.file,
            record_count=one.rows,
            size_bytes=one.bytes,
            metadata=json_line({"lookback_days": LOOKBACK_DAYS, "week": week}),
        )
        for one in exported.manifest.files
    ]


def _incidents(folder: UPath, file: ExportedFile) -> list[str]:
    path, way_out = folder / file.lineage_file, "Materialise that week again."
    with VerifiedFile(path, file.lineage_sha256, way_out).open() as lines:
        return sorted({json.loads(line)["incident_id"] for line in lines})
