"""The regular-expression engine: google-re2 if it is installed, else the standard library's.

RE2 searches complete texts for anchors: in linear time, at 100-300 MB/s. Each hit is then verified
with small patterns of the standard library, with a limit on every repetition. Texts are UTF-8 bytes
everywhere, so no offset is ever converted and `[A-Za-z]` can't match a Chinese character.
"""

import re
import warnings
from collections.abc import Iterator
from functools import cache
from typing import Literal, Protocol

try:
    import re2 as re2
except ImportError:  # some platforms have no wheel: musl, some ARM systems
    re2 = None

EngineName = Literal["re2", "re"]
AUTOMATON_BYTES = 64 << 20
"""RE2's memory budget for the states of one pattern; with the default 8 MB it often starts over."""


class Hit(Protocol):
    """A match of a pattern."""

    def span(self) -> tuple[int, int]:
        """Return the offsets of its first byte and after its last byte."""


class Scanner(Protocol):
    """A compiled pattern that searches for its next match from an offset on."""

    def search(self, data: bytes, pos: int = 0, /) -> Hit | None:
        """Return the first match at or after `pos`."""

    def finditer(self, data: bytes, /) -> Iterator[Hit]:
        """Yield every match, left to right."""


def default_engine() -> EngineName:
    """Return the engine in use; without google-re2 the first call warns that it will be slow."""
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
    """Compile a pattern in RE2's syntax for complete texts; both engines find the same matches."""
    if engine == "re" or re2 is None:
        return re.compile(pattern)
    options = re2.Options()
    options.encoding = re2.Options.Encoding.LATIN1
    options.max_mem = AUTOMATON_BYTES
    # Errors are raised; RE2 would also write them to stderr.
    options.log_errors = False
    compiled: Scanner = re2.compile(pattern, options)
    return compiled


@cache
def scanner(pattern: bytes, engine: EngineName) -> Scanner:
    """Compile one of the shipped patterns, once."""
    return uncached_scanner(pattern, engine)


class TextScanner(Protocol):
    """A compiled pattern that searches texts, not bytes."""

    def search(self, text: str, /) -> object | None:
        """Return the first match; None if there is none."""


def text_scanner(pattern: str) -> TextScanner:
    """Compile a pattern in RE2's syntax for texts, in any case; `^` and `$` match at lines.

    Letters and boundaries of words are those of ASCII: Chinese has no blanks between words.
    """
    if default_engine() == "re" or re2 is None:
        return re.compile(pattern, re.IGNORECASE | re.MULTILINE | re.ASCII)
    options = re2.Options()
    options.max_mem = AUTOMATON_BYTES
    options.log_errors = False
    compiled: TextScanner = re2.compile(f"(?im){pattern}", options)
    return compiled
