"""Lines that can't be loaded: the first ones in full, the numbers of all, in bounded memory."""

from collections import defaultdict
from itertools import groupby
from pathlib import Path

SHOWN, NUMBERED = 20, 100_000
"""Lines shown with their reasons, and lines whose numbers are kept: a file may be all bad."""


class BadLines:
    """What can't be used, by file and line."""

    def __init__(self) -> None:
        self.count = 0
        self._shown: list[str] = []
        self._rest: dict[Path, list[int]] = defaultdict(list)

    def add(self, path: Path, line: int, reason: str) -> None:
        """Note a line and why it can't be used."""
        self.count += 1
        if len(self._shown) < SHOWN:
            self._shown.append(f"{path}, line {line}: {reason}")
        elif self.count <= NUMBERED:
            self._rest[path].append(line)

    def __str__(self) -> str:
        """Return one line per reason, then the numbers of the further lines."""
        tail = []
        if (more := self.count - len(self._shown)) > 0:
            where = "; ".join(f"{path.name} {ranges(lines)}" for path, lines in self._rest.items())
            tail = [f"also {where}: … and {more} more"]
        return "\n".join(self._shown + tail)


def ranges(lines: list[int]) -> str:
    """Return line numbers in short: `line 4`, or `lines 4-7, 9`."""
    ordered = sorted(set(lines))
    runs = [
        [line for _, line in run]
        for _, run in groupby(enumerate(ordered), key=lambda pair: pair[1] - pair[0])
    ]
    texts = [f"{run[0]}-{run[-1]}" if len(run) > 1 else str(run[0]) for run in runs]
    return f"line{'s' if len(ordered) > 1 else ''} {', '.join(texts)}"
