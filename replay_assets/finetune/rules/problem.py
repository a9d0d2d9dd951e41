"""What a rule says about a file: each rule has a name, and each problem a line."""

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

Found = tuple[str, str]
"""The name of a rule that a row breaks, and how."""
Rule = Callable[[dict[str, Any]], Iterator[Found]]
"""Yields what is wrong with one row."""


class Problem(NamedTuple):
    """A rule that a line of a file breaks; line 0 is the file itself."""

    line: int
    rule: str
    says: str

    def __str__(self) -> str:
        """Return the problem as one line of text."""
        return (
            f"line {self.line}: {self.rule}: {self.says}"
            if self.line
            else (f"{self.rule}: {self.says}")
        )


def exactly(record: dict[str, Any], keys: set[str], rule: str, where: str = "") -> Iterator[Found]:
    """Yield a problem if an object has other keys than these."""
    if missing := sorted(keys - record.keys()):
        yield rule, f"{where}{', '.join(missing)} is missing"
    if extra := sorted(record.keys() - keys):
        yield rule, f"{where}{', '.join(extra)} is not a field of this flavour"


def filled_text(value: object, rule: str, where: str) -> Iterator[Found]:
    """Yield a problem if a value is not a text, or is blank."""
    if not isinstance(value, str):
        yield rule, f"{where} is {_kind(value)}, not a text"
    elif not value.strip():
        yield rule, f"{where} is empty"


def _kind(value: object) -> str:
    names = {dict: "an object", list: "a list", bool: "a boolean", type(None): "null"}
    return names.get(type(value), f"a {type(value).__name__}")
