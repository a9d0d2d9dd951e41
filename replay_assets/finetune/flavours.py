"""The training formats of an export, each written to a separate file.

A new flavour is one entry here, the function that turns an example into its row, and the record of
that row in `contracts`.
"""

from collections.abc import Callable
from dataclasses import dataclass

from replay_assets.contracts.export_row import ALPACA_FORMAT
from replay_assets.contracts.record import Part
from replay_assets.finetune.alpaca import alpaca_row
from replay_assets.finetune.example import Example


@dataclass(frozen=True)
class Flavour:
    """One training format: `format` names it and its version in the manifest."""

    name: str
    format: str
    row_of: Callable[[Example], Part]

    @property
    def file_name(self) -> str:
        """The name of the training file in the export's partition."""
        return f"sft.{self.name}.train.jsonl"


ALPACA = Flavour("alpaca", ALPACA_FORMAT, alpaca_row)
FLAVOURS = (ALPACA,)
LOGGED = ALPACA
"""The flavour that the source's `finetune_exports` records: it has one row per week."""
