"""Which of the collected rows are written, and in which split."""

import hashlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from replay_assets.contracts.training_manifest import Split
from replay_assets.finetune.collecting import Collected
from replay_assets.finetune.rows import Row, decode_row

VALIDATION_SHARE = 0.1


@dataclass(frozen=True)
class Selected:
    """The rows to write, as numbers in the spool, in the order of their ids.

    Attributes:
        numbers: each row's number and split.
        dropped: how many rows were left out, by reason.
        facts: what the manifest says about the selection.
        reserved: the lines of `reserved.jsonl`.
    """

    numbers: list[tuple[int, Split]]
    dropped: Counter[str] = field(default_factory=Counter)
    facts: dict[str, Any] = field(default_factory=dict)
    reserved: tuple[bytes, ...] = ()

    def rows(self, collected: Collected) -> Iterator[tuple[Row, Split]]:
        """Yield the rows one by one, in the order that files must have."""
        for number, split in self.numbers:
            yield decode_row(collected.spool.get(number)), split


def select(collected: Collected) -> Selected:
    """Return all rows, split by scenario group."""
    ordered = sorted(collected.items, key=lambda one: one.row_id)
    numbers = [
        (one.number, split_of(decode_row(collected.spool.get(one.number)))) for one in ordered
    ]
    return Selected(numbers)


def split_of(row: Row) -> Split:
    """Return the split of a row: the same for all rows of a scenario group, in every week."""
    group = row.scenario_group or row.incident_id
    place = int.from_bytes(hashlib.sha256(group.encode()).digest()[:8]) / 2**64
    return "validation" if place < VALIDATION_SHARE else "train"
