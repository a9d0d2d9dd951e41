"""One export of some days: reads rows from the lake, selects some, writes them into a folder."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from upath import UPath

from replay_assets.contracts.export_policy import ExportPolicy
from replay_assets.contracts.export_row import TrainingLanguage, TrainingRow
from replay_assets.contracts.label import LABEL_VERSION
from replay_assets.contracts.score import SCORE_VERSION
from replay_assets.contracts.training_manifest import Split
from replay_assets.finetune.collecting import Collector
from replay_assets.finetune.earlier import EarlierExport, signatures_of_export
from replay_assets.finetune.flavours import BY_NAME, Flavour
from replay_assets.finetune.reserved import reserved_file
from replay_assets.finetune.reserving import ReservedReader
from replay_assets.finetune.rows import Row
from replay_assets.finetune.selecting import Selected, selected
from replay_assets.finetune.writing.export import Exported, ExportPlan, write_export
from replay_assets.finetune.writing.lengths import TokenCounter
from replay_assets.lake import Lineage, TableWriter
from replay_assets.lake.digests import digest_of
from replay_assets.lake.formats import arrow_table
from replay_assets.lake.spool import Spool
from replay_assets.sanitizing import OutboundPolicy

ALPACA = BY_NAME["sft.alpaca"]
BATCH_ROWS = 1_000


@dataclass(frozen=True)
class Export:
    """What an export is made from.

    Attributes:
        lineage: a view of all partitions, for one operation.
        days: the days that can be used, oldest first.
        history: all days of the lake: their reserved incidents are refused too.
        inputs: the digests of the partitions that it is made from, by name.
        candidates: the ids of the candidates whose answers may become rows.
        policy: what exports contain.
        safeguards: the sanitizing rules, and what must not leave.
        language: the language of instruction and headings.
    """

    lineage: Lineage
    days: Sequence[str]
    history: Sequence[str] = ()
    inputs: Mapping[str, str] = field(default_factory=dict)
    candidates: Sequence[str] = ()
    policy: ExportPolicy = field(default_factory=ExportPolicy)
    safeguards: OutboundPolicy = field(default_factory=OutboundPolicy)
    language: TrainingLanguage = "follow"

    def write(
        self,
        folder: UPath,
        *,
        name: str,
        day: str,
        flavours: Sequence[Flavour],
        earlier: Sequence[EarlierExport] = (),
        alongside: Sequence[EarlierExport] = (),
        table: TableWriter | None = None,
    ) -> "Made":
        """Write an export into a folder.

        Args:
            folder: the folder.
            name: begins the id of the export.
            day: the day that its files have in their names.
            flavours: what is written.
            earlier: exports whose rows are not written again, and whose clusters keep their side.
            alongside: exports whose clusters keep their side, as an earlier one of the same week.
            table: gets the rows of the Alpaca flavour too.
        """
        with Spool(folder) as spool:
            collected = Collector(
                self.lineage,
                self.days,
                self.candidates,
                self.policy,
                self.safeguards,
                self.language,
            ).collect(spool)
            rules = self.safeguards.rules
            reader = ReservedReader(self.lineage, self.history, rules, self.candidates)
            chosen = selected(collected, reserved := reader.read(), earlier, alongside, self.policy)
            seen = RowsSeen(table)
            plan = ExportPlan(
                name=name,
                day=day,
                flavours=flavours,
                tokens=TokenCounter(self.policy.tokenizer),
                reserved=reserved_file([*reserved.incidents.values(), *chosen.selection.refused]),
                signatures=signatures_of_export(chosen.selection),
                facts=self._facts(chosen, earlier),
            )
            exported = write_export(folder, seen.of(chosen.rows()), plan)
            seen.end()
        return Made(exported, collected.incidents, collected.marks, seen)

    def _facts(self, chosen: Selected, earlier: Sequence[EarlierExport]) -> dict[str, Any]:
        collected, selection = chosen.collected, chosen.selection
        return {
            "source_digest": digest_of(dict(sorted(self.inputs.items()))),
            "dropped": dict(sorted((collected.left_out + Counter(selection.dropped)).items())),
            "deduplication": selection.facts(),
            "clusters": selection.incidents_by_cluster,
            "labels": {
                "incident_label": LABEL_VERSION,
                "replay_score": SCORE_VERSION,
                "judges": collected.judges,
            },
            "parent_manifests": tuple(one.manifest_file for one in earlier),
            "media_tags": collected.media_tags,
            "settings": {**self.policy.described(), "language": self.language},
        }


@dataclass
class RowsSeen:
    """Counts rows as they pass to the files, and writes those of the Alpaca flavour as a table."""

    table: TableWriter | None = None
    languages: Counter[str] = field(default_factory=Counter)
    without_reasoning: int = 0
    _waiting: list[dict[str, Any]] = field(default_factory=list)

    def of(self, rows: Iterator[tuple[Row, Split]]) -> Iterator[tuple[Row, Split]]:
        """Yield rows unchanged."""
        for row, split in rows:
            self.without_reasoning += not row.has_reasoning
            if self.table is not None and ALPACA.takes(row):
                self._waiting.append(training_row(row).model_dump())
                self.languages[self._waiting[-1]["language"]] += 1
                if len(self._waiting) >= BATCH_ROWS:
                    self.end()  # to limit the memory in use
            yield row, split

    def end(self) -> None:
        """Write the rows of the table that are still in memory."""
        if self.table is not None:
            self.table.write(arrow_table(self._waiting, self.table.schema))
            self._waiting = []

    def facts(self) -> dict[str, Any]:
        """Return what the manifest of the partition says about the rows."""
        return {
            "rows_without_reasoning": self.without_reasoning,
            "rows_by_language": dict(sorted(self.languages.items())),
        }


@dataclass(frozen=True)
class Made:
    """A published export, and counts that its manifest does not have.

    Attributes:
        exported: the manifest and the files.
        incidents: how many incidents were read.
        marks: how often texts had a mark of trainers, by its spelling.
        seen: counts of the rows.
    """

    exported: Exported
    incidents: int
    marks: dict[str, int]
    seen: RowsSeen


def training_row(row: Row) -> TrainingRow:
    """Return a row as one of the table that has the same columns in every week."""
    record, metadata = ALPACA.render(row), row.metadata
    return TrainingRow(
        instruction=record["instruction"],
        input=record["input"],
        output=record["output"],
        incident_id=row.incident_id,
        alertname=metadata.get("alertname") or None,
        verification_result=metadata.get("verification_result") or None,
        collected_at=datetime.fromisoformat(row.at),
        schema_version=metadata.get("schema_version") or None,
        matched_playbook_id=metadata.get("matched_playbook_id") or None,
        language=metadata.get("language") or "zh",
        has_reasoning=row.has_reasoning,
    )
