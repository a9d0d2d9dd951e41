"""The fields of a file compared with the columns of a table: what is missing, and why."""

from collections.abc import Sequence
from functools import lru_cache

from replay_assets.contracts.names import words_of
from replay_assets.source.schema import nearest

OTHER_SEPARATORS = ";\t|,"
_words = lru_cache(maxsize=1024)(words_of)


def separator_in(names: Sequence[str]) -> str | None:
    """Return what seems to separate the fields of a header that was read as a single one."""
    if len(names) != 1:
        return None
    return next((one for one in OTHER_SEPARATORS if one in names[0]), None)


@lru_cache(maxsize=256)
def missing_fields(
    names: tuple[str, ...], columns: tuple[str, ...], required: tuple[str, ...]
) -> tuple[str, ...]:
    """Return what is wrong with the fields of a record or a header: one text for each column.

    A field with nearly the name of a column would be ignored, and the column would be null without
    a message.
    """
    problems = []
    for column in columns:
        if column in names:
            continue
        similar = [name for name in names if _words(name) == _words(column)]
        if similar:
            problems.append(f"{column} is missing: {similar[0]!r} must be spelled {column!r}")
        elif column in required:
            problems.append(f"{column} is missing{nearest(column, names)}")
    return tuple(problems)
