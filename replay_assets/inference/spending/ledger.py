"""The ledger of a day's spending: one file that all runs share, locked for every entry.

An attempt is written down before it is sent, at the most it can cost, and once more with what it
did cost. A run that is killed in between leaves the first entry standing: nobody can know whether
that attempt was paid. Entries reach the kernel, not the disk: they outlive the process alone.
"""

import json
import os
from collections import Counter
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import IO
from uuid import uuid4

from replay_assets.errors import JournalError
from replay_assets.lake.files import PRIVATE, growing


@dataclass(frozen=True, slots=True)
class Entry:
    """An amount set aside under a day, to be replaced by what was really spent."""

    id: str
    day: date
    candidate_id: str
    amount_usd: float


@dataclass
class _Day:
    """What is known of a day's file: read up to `offset`."""

    offset: int = 0
    spent_usd: Counter[str] = field(default_factory=Counter)
    open: dict[str, tuple[str, float]] = field(default_factory=dict)

    def take(self, line: bytes) -> None:
        record = json.loads(line)
        if "reserved_usd" in record:
            entry = (record["candidate"], record["reserved_usd"])
            self.open[record["id"]] = entry
            self.spent_usd[entry[0]] += entry[1]
        elif record["id"] in self.open:
            candidate_id, reserved_usd = self.open.pop(record["id"])
            self.spent_usd[candidate_id] += record["spent_usd"] - reserved_usd


class Ledger:
    """Spending by day and candidate, in a folder of a local disk. A day is one of the caller's."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._days: dict[date, _Day] = {}

    def spent_usd(self, day: date, candidate_id: str) -> float:
        """Return what a candidate has spent on a day, attempts under way at their highest price."""
        return self._write(day, None)[candidate_id]

    def reserve(
        self, day: date, candidate_id: str, amount_usd: float, *, limit_usd: float | None
    ) -> Entry | None:
        """Set an amount aside; null, and nothing written, where it would exceed the limit.

        Raises:
            JournalError: it could not be written down.
        """
        entry = Entry(uuid4().hex, day, candidate_id, amount_usd)
        line = {"id": entry.id, "candidate": candidate_id, "reserved_usd": amount_usd}
        limit = None if limit_usd is None else (candidate_id, limit_usd - amount_usd)
        self._write(day, line, limit)
        return entry if entry.id in self._days[day].open else None

    def settle(self, entry: Entry, spent_usd: float) -> None:
        """Replace what was set aside by what was spent."""
        self._write(entry.day, {"id": entry.id, "spent_usd": spent_usd})

    def _write(
        self,
        day: date,
        record: dict[str, object] | None,
        limit: tuple[str, float] | None = None,
    ) -> Counter[str]:
        """Read what others wrote, then append a record unless a candidate is over a limit."""
        known = self._days.setdefault(day, _Day())
        path = self._folder / f"ledger-{day.isoformat()}.jsonl"
        try:
            with growing(path, mode=PRIVATE) as stream:
                _read(stream, known)
                over = limit is not None and known.spent_usd[limit[0]] > limit[1] + 1e-9
                if record is not None and not over:
                    line = json.dumps(record).encode() + b"\n"
                    _append(stream, line)
                    known.take(line)
                    known.offset += len(line)
        except OSError as error:
            raise JournalError(
                f"{path} can't be written: {error.strerror or error}. Nothing more is sent: what "
                "is not noted there can't be held to a budget. Mend that (a full disk, a folder "
                "of another user) and run the same again: it continues."
            ) from error
        return known.spent_usd


def _read(stream: IO[bytes], known: _Day) -> None:
    """Take up what others wrote since."""
    stream.seek(known.offset)
    news = stream.read()
    if news and not news.endswith(b"\n"):
        # Torn by a process that died while writing: it never sent what it could not note.
        news = news[: news.rfind(b"\n") + 1]
        stream.truncate(known.offset + len(news))
    for line in news.splitlines():
        known.take(line)
    known.offset += len(news)


def _append(stream: IO[bytes], line: bytes) -> None:
    """Write a line whole, or leave the file as it was."""
    start = stream.seek(0, os.SEEK_END)
    rest = memoryview(line)
    try:
        while rest:
            rest = rest[stream.write(rest) :]
    except OSError:
        stream.truncate(start)
        raise
