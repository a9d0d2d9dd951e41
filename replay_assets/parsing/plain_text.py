"""Texts from outside as plain text: in one line, or in a cell of a Markdown table."""

import re
from unicodedata import category

_MARKUP = re.compile(r"[\\|`*\[\]~]|(?<![^\W_])_|_(?![^\W_])")
"""What begins markup; an underscore within a word does not."""


def one_line(value: object) -> str:
    """Return a value as one line of visible text: without control and direction characters."""
    # A character that turns the direction of text could make a line read as another one.
    kept = (" " if category(one) in ("Cc", "Zl", "Zp") else one for one in str(value))
    return " ".join("".join(one for one in kept if category(one) != "Cf").split())


def markdown_cell(value: object) -> str:
    """Return a value as plain text in a Markdown table: one line that starts no markup."""
    text = _MARKUP.sub(r"\\\g<0>", one_line(value).replace("&", "&amp;"))
    return text.replace("<", "&lt;").replace(">", "&gt;")
