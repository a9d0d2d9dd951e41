"""Which of the collected rows are written, and in which split: the decisions of `selection`."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from replay_assets.contracts.export_policy import ExportPolicy
from replay_assets.contracts.training_manifest import Split
from replay_assets.finetune.collecting import Collected
from replay_assets.finetune.duplicates.fingerprints import fingerprints_of
from replay_assets.finetune.earlier import EarlierExport, earlier_rows
from replay_assets.finetune.reserved import Reserved
from replay_assets.finetune.rows import Row, decode_row
from replay_assets.finetune.selection import Selection, SelectionSettings, select


@dataclass(frozen=True)
class Selected:
    """The decisions on the collected rows."""

    collected: Collected
    selection: Selection

    def rows(self) -> Iterator[tuple[Row, Split]]:
        """Yield the rows that are written, in the order that files must have."""
        for place in self.selection.kept:
            number = self.collected.items[place].number
            split = self.selection.splits[place]
            if split is not None:
                yield decode_row(self.collected.spool.get(number)), split


def selected(
    collected: Collected,
    reserved: Reserved,
    earlier: Sequence[EarlierExport],
    alongside: Sequence[EarlierExport],
    policy: ExportPolicy,
) -> Selected:
    """Decide on all collected rows, whatever flavours are written.

    So that a cluster is on the same side in the exports of all flavours.
    """
    rows = (decode_row(collected.spool.get(one.number)) for one in collected.items)
    settings = SelectionSettings(policy.validation_share, policy.same_answer_cap)
    selection = select(fingerprints_of(rows), earlier_rows(earlier, alongside), reserved, settings)
    return Selected(collected, selection)
