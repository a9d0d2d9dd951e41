"""The regular-expression engine: google-re2 where it is installed, else the standard library's.

Searches for anchors go over whole texts and are RE2's: linear, at 100-300 MB/s. What stands at a
hit is verified by small patterns of the standard library, with a cap on every count. Texts are
UTF-8 bytes throughout, so no offset is ever converted and `[A-Za-z]` can mean no Chinese character.
"""

import re
import warnings
from collections.abc import Iterator
from functools import cache
from typing import Literal, Protocol

try:
    import re2 as re2
except ImportError:  # no wheel for this platform: musl, some ARM systems
    re2 = None

EngineName = Literal["re2", "re"]
AUTOMATON_BYTES = 64 << 20
"""RE2's budget for one pattern's states; its default of 8 MB makes it start over in mixed text."""


class Hit(Protocol):
    """Where a pattern matched."""

    def span(self) -> tuple[int, int]:
        """Return the offsets of its first byte and behind its last."""


class Scanner(Protocol):
    """A compiled pattern that looks for its next match from an offset on."""

    def search(self, data: bytes, pos: int = 0, /) -> Hit | None:
        """Return the first match at or behind `pos`."""

    def finditer(self, data: bytes, /) -> Iterator[Hit]:
        """Yield every match, left to right."""


def default_engine() -> EngineName:
    """Return the engine in use; the first call without google-re2 warns that it will be slow."""
    return "re2" if re2 is not None else _slow_engine()


@cache
def _slow_engine() -> EngineName:
    warnings.warn(
        "google-re2 is not installed: sanitizing gives the same output with Python's own `re`,"
        " about ten times slower; install google-re2 where a wheel for your platform exists",
        RuntimeWarning,
        stacklevel=2,
    )
    return "re"


def uncached_scanner(pattern: bytes, engine: EngineName) -> Scanner:
    """Compile a pattern in RE2's syntax for whole texts of bytes; both engines find the same."""
    if engine == "re" or re2 is None:
        return re.compile(pattern)
    options = re2.Options()
    options.encoding = re2.Options.Encoding.LATIN1
    options.max_mem = AUTOMATON_BYTES
    options.log_errors = False
    compiled: Scanner = re2.compile(pattern, options)
    return compiled


@cache
def scanner(pattern: bytes, engine: EngineName) -> Scanner:
    """Compile one of the shipped patterns once."""
    return uncached_scanner(pattern, engine)
