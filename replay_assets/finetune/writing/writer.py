"""Writes rows into the files of each flavour and split, with their lineage, row by row."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from replay_assets.contracts.manifest import FileEntry
from replay_assets.contracts.training_manifest import ExportedFile, KtoWeights, Split
from replay_assets.finetune.flavours import Flavour
from replay_assets.finetune.rows import Row
from replay_assets.finetune.writing.lengths import LengthStatistics, TokenCounter
from replay_assets.finetune.writing.lines import encode_record, lineage_line, lineage_of
from replay_assets.lake.file_sets import FileSet, LinesWriter

SPLITS: tuple[Split, ...] = ("train", "validation")
LINEAGE = ".lineage.jsonl"
WIDEST_RATIO = 4 / 3
"""TRL recommends that the weighted ratio of wanted to unwanted answers is from 1 to this."""


@dataclass
class _Output:
    """One flavour's file of one split."""

    flavour: Flavour
    split: Split
    lines: LinesWriter
    lineage: LinesWriter
    lengths: LengthStatistics = field(default_factory=LengthStatistics)


@dataclass
class RowWriter:
    """Writes the rows of one export; call `write` in the order that the files must have.

    Args:
        files: the files of the export.
        flavours: what is written.
        day: the day that names the files.
        tokens: counts tokens.
    """

    files: FileSet
    flavours: Sequence[Flavour]
    day: str
    tokens: TokenCounter = field(default_factory=TokenCounter)
    rows: Counter[str] = field(default_factory=Counter)
    label_sources: Counter[str] = field(default_factory=Counter)
    judged: Counter[str] = field(default_factory=Counter)
    incidents: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._outputs: dict[Split, list[_Output]] = {
            split: [self._open(flavour, split) for flavour in self.flavours] for split in SPLITS
        }

    def write(self, row: Row, split: Split) -> None:
        """Write a row in each flavour that takes it."""
        outputs = [one for one in self._outputs[split] if one.flavour.takes(row)]
        if not outputs:
            return
        length, lineage = self.tokens.tokens(row), lineage_of(row)
        for output in outputs:
            line = encode_record(output.flavour.render(row))
            output.lineage.write(lineage_line(output.lines.records, line, lineage))
            output.lines.write(line)
            output.lengths.add(length)
        self.rows[split] += 1
        if any(one.flavour.is_judged for one in outputs):
            self.judged[row.kind] += 1
        self.label_sources[row.label_source] += 1
        self.incidents[row.incident_id] = row.scenario_group

    def exported(self, entries: Sequence[FileEntry]) -> tuple[ExportedFile, ...]:
        """Return the files with rows, given the entries of all published files."""
        found = []
        waiting = iter(entries)
        for output in (one for split in SPLITS for one in self._outputs[split]):
            if not output.lines.records:
                continue
            data, lineage = next(waiting), next(waiting)
            found.append(
                ExportedFile(
                    flavour=output.flavour.name,
                    split=output.split,
                    file=data.path,
                    sha256=data.sha256,
                    bytes=data.size_bytes,
                    rows=output.lines.records,
                    lineage_file=lineage.path,
                    lineage_sha256=lineage.sha256,
                    lengths=output.lengths.summary(),
                )
            )
        return tuple(sorted(found, key=lambda one: (one.flavour, one.split)))

    def _open(self, flavour: Flavour, split: Split) -> _Output:
        stem = f"{flavour.name}.{split}.{self.day}"
        lines = self.files.lines(f"{stem}.jsonl")
        return _Output(
            flavour, split, lines, self.files.lines(f"{stem}{LINEAGE}", named_after=lines)
        )


def kto_weights(kinds: Mapping[str, int]) -> KtoWeights:
    """Return the weights that balance wanted and unwanted answers; the rarer ones get more."""
    wanted, unwanted = kinds.get("positive", 0), kinds.get("negative", 0)
    if not wanted or not unwanted:
        return KtoWeights(
            desirable=wanted,
            undesirable=unwanted,
            desirable_weight=None,
            undesirable_weight=None,
            desirable_weight_interval=None,
        )
    ratio = unwanted / wanted
    return KtoWeights(
        desirable=wanted,
        undesirable=unwanted,
        desirable_weight=round(max(1.0, ratio), 4),
        undesirable_weight=round(max(1.0, 1 / ratio), 4),
        desirable_weight_interval=(round(ratio, 4), round(WIDEST_RATIO * ratio, 4)),
    )
