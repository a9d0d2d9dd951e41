"""The name of a real table, as a mapping file writes it: `table`, `schema.table`, or quoted."""

import re
from typing import NamedTuple, Self

_QUOTED, _BARE = r'"((?:[^"]|"")+)"', r'([^".]+)'
_NAME = re.compile(rf"(?:(?:{_QUOTED}|([^\"]+))\.)?(?:{_QUOTED}|{_BARE})", re.DOTALL)
FORM = (
    "is not a table's name; write table or schema.table, and quote a part that holds a dot inside "
    "the text: '\"ops.incident snapshots\"'"
)


class TableName(NamedTuple):
    """A table and its schema; None if the name has no schema."""

    schema: str | None
    name: str

    @classmethod
    def of(cls, text: str) -> Self:
        """Return the name that a text spells. The last dot outside of quotes ends the schema.

        Raises:
            ValueError: the text is not a name, such as one with a quote that is not closed.
        """
        found = _NAME.fullmatch(text)
        if found is None:
            raise ValueError(FORM)
        quoted_schema, schema, quoted, bare = found.groups()
        return cls(_unquoted(quoted_schema) or schema, _unquoted(quoted) or bare)

    def __str__(self) -> str:
        """Return the text that spells the name."""
        return ".".join(_spelled(part) for part in self if part is not None)

    def __repr__(self) -> str:
        """Return the text in quotes, as messages show names."""
        return repr(str(self))


def _unquoted(text: str | None) -> str | None:
    return text.replace('""', '"') if text is not None else None


def _spelled(part: str) -> str:
    if "." not in part and '"' not in part:
        return part
    return '"{}"'.format(part.replace('"', '""'))
