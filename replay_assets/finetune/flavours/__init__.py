"""The flavours of training files: no single form of JSONL is read by every trainer.

A new flavour is one function that renders a row, its entry in the table of its module, and its
rules in `finetune/rules/`.
"""

from collections.abc import Sequence

from replay_assets.errors import ConfigurationError
from replay_assets.finetune.flavours.flavour import Family, Flavour
from replay_assets.finetune.flavours.plain import PLAIN
from replay_assets.finetune.flavours.preference import PREFERENCE
from replay_assets.finetune.flavours.tools import TOOLS

__all__ = ["BY_NAME", "Family", "Flavour", "flavour_of", "flavours_named"]

BY_NAME: dict[str, Flavour] = {one.name: one for one in (*PLAIN, *TOOLS, *PREFERENCE)}


def flavours_named(names: Sequence[str], family: Family | None = None) -> tuple[Flavour, ...]:
    """Return the flavours with some names, of one family if it is given, in the table's order.

    Raises:
        ConfigurationError: there is no flavour of that name.
    """
    for name in names:
        if name not in BY_NAME:
            raise ConfigurationError(
                f"{name!r} is not a flavour of training files; use one of {', '.join(BY_NAME)}"
            )
    return tuple(
        one for one in BY_NAME.values() if one.name in names and family in (None, one.family)
    )


def flavour_of(file_name: str) -> str:
    """Return the flavour that begins the name of a file of an export.

    Raises:
        ConfigurationError: it begins with no flavour.
    """
    for name in BY_NAME:
        if file_name.startswith(f"{name}."):
            return name
    raise ConfigurationError(
        f"the name {file_name!r} does not begin with a flavour ({', '.join(BY_NAME)}); name it "
        "with --flavour"
    )
