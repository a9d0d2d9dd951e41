"""The journal: finished calls, on disk before they count, found again by their key.

One record a line, each with its checksum, after a header that says what the run was about. A record
is written at once, so it outlives this process, and synced with its group within `GROUP_S`, so it
outlives the machine; only then does it count. A torn last record is cut off when the file is opened
again; damage before it is an error, because an answer that was paid for stood there.

A write or a sync that failed seals the journal until it is opened again: a record after a torn one
would be lost with it, and a second sync succeeds without the pages that the first one lost.

Behind the `Journal` protocol, because an object store will follow. This is the one module besides
`lake/files.py` that writes files: those are written whole, this one grows.
"""

import asyncio
import hashlib
import os
import re
import threading
import zlib
from collections.abc import AsyncIterator
from contextlib import ExitStack, closing, suppress
from pathlib import Path
from typing import Any, Protocol

import msgspec

from replay_assets.errors import JournalError
from replay_assets.inference.call.call import Call
from replay_assets.lake.files import sync_folder

GROUP_S = 0.1
"""How long records gather before they are synced together: a sync costs 0.2 ms, a record 10 us."""
PRIVATE = 0o600
"""Answers lie here before they are parsed: an escape may still hide what a rule would find."""

LINE = re.compile(rb'\{"crc32":"(?P<crc32>[0-9a-f]{8})","record":(?P<record>.*)\}\n', re.DOTALL)

Header = dict[str, Any]
"""What a run is about: two runs with the same header ask for the same."""


class Journal(Protocol):
    """Where a run keeps its finished calls until they are results."""

    def get(self, key: str) -> Call | None:
        """Return the newest call with a key."""
        ...

    def covers(self, calls: "CallFile") -> bool:
        """Tell whether it has something of every key that a file has an answer to."""
        ...

    def append(self, call: Call) -> None:
        """Keep a call.

        Raises:
            JournalError: it could not be written; nothing may be sent any more.
        """
        ...

    def groups(self) -> AsyncIterator[list[Call]]:
        """Make what is appended durable, group by group; yield the calls that count from now on.

        Raises:
            JournalError: a group could not be made durable; nothing may be sent any more.
        """
        ...

    def settle(self) -> list[Call]:
        """Make the rest durable, and return the calls that count by it.

        Raises:
            JournalError: it could not be synced.
        """
        ...

    def close(self) -> None:
        """Let go of it."""
        ...


class CallFile:
    """The calls of a file, by key: only where each stands is held in memory.

    `spent_usd` is what was paid for those that were there when it was opened.

    Raises:
        JournalError: a record before the last is damaged; the message names file and line.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.header: Header | None = None
        self.end = 0
        self.spent_usd = 0.0
        self._offsets: dict[bytes, int] = {}
        self._stream = path.open("rb")
        try:
            self._read()
        except BaseException:
            self._stream.close()
            raise

    def get(self, key: str) -> Call | None:
        """Return the newest call with a key."""
        offset = self._offsets.get(_short(key))
        return None if offset is None else self._at(offset)

    def answers_beyond(self, other: "CallFile") -> bool:
        """Tell whether it has an answer to a key that another file has nothing of."""
        beyond = self._offsets.keys() - other._offsets.keys()
        return any(self._at(self._offsets[key]).is_answer for key in beyond)

    def note(self, key: str, size: int) -> None:
        """Take up a record of a size that was appended."""
        self._offsets[_short(key)] = self.end
        self.end += size

    def close(self) -> None:
        """Let go of the file."""
        self._stream.close()

    def _at(self, offset: int) -> Call:
        self._stream.seek(offset)
        content = checked(self._stream.readline())
        if content is None:
            raise JournalError(f"{self.path}: the record at byte {offset} changed while in use")
        return Call.decoded(content)

    def _read(self) -> None:
        for number, line in enumerate(self._stream, start=1):
            content = checked(line)
            if content is None:
                if self._stream.read(1):
                    raise _damaged(self.path, number)
                break
            if number == 1:
                self.header, self.end = msgspec.json.decode(content), len(line)
            else:
                call = Call.decoded(content)
                self.note(call.key, len(line))
                self.spent_usd += call.spent_usd


class FileJournal:
    """A journal on a local disk.

    Opening one that exists reads it back and cuts off a torn last record.

    Raises:
        JournalError: it is damaged, or can't be written.
    """

    def __init__(self, path: Path, header: Header) -> None:
        self.path = path
        self._unsynced: list[Call] = []
        self._appended = asyncio.Event()
        self._syncing = threading.Lock()
        self._failure: OSError | None = None
        with ExitStack() as opened:
            try:
                path.parent.mkdir(parents=True, exist_ok=True)
                self._file = opened.enter_context(path.open("ab", buffering=0))
                path.chmod(PRIVATE)
                self._calls = opened.enter_context(closing(CallFile(path)))
                self._file.truncate(self._calls.end)
                if self._calls.header is None:
                    self._calls.header = header
                    self._calls.end = self._write(msgspec.json.encode(header))
                self._sync()
                sync_folder(path.parent)
            except OSError as error:
                raise _unwritable(path, error) from error
            self._opened = opened.pop_all()

    @property
    def spent_usd(self) -> float:
        """What was paid for the calls that were here when it was opened."""
        return self._calls.spent_usd

    def get(self, key: str) -> Call | None:
        """Return the newest call with a key."""
        return self._calls.get(key)

    def covers(self, calls: CallFile) -> bool:
        """Tell whether it has something of every key that a file has an answer to."""
        return not calls.answers_beyond(self._calls)

    def append(self, call: Call) -> None:
        """Write a call; it counts once its group is synced."""
        self._require_sound()
        try:
            self._calls.note(call.key, self._write(call.encoded()))
        except OSError as error:
            self._failure = error
            with suppress(OSError):  # what is torn is cut off at the next opening at the latest
                self._file.truncate(self._calls.end)
            self._appended.set()  # whoever waits for a group is to hear of it
            raise _unwritable(self.path, error) from error
        self._unsynced.append(call)
        self._appended.set()

    async def groups(self) -> AsyncIterator[list[Call]]:
        """Sync what is appended off the event loop, group by group; yield what counts by it."""
        while True:
            self._require_sound()
            await self._appended.wait()
            await asyncio.sleep(GROUP_S)
            self._appended.clear()
            size = len(self._unsynced)
            await asyncio.to_thread(self._sync)
            group, self._unsynced = self._unsynced[:size], self._unsynced[size:]
            yield group

    def settle(self) -> list[Call]:
        """Sync what is left, and return the calls that count by it."""
        self._sync()
        group, self._unsynced = self._unsynced, []
        return group

    def close(self) -> None:
        """Let go of the file."""
        self._opened.close()

    def _write(self, content: bytes) -> int:
        """Write a record in JSON; return the size of its line in bytes."""
        line = line_of(content)
        rest = memoryview(line)
        while rest:
            rest = rest[self._file.write(rest) :]
        return len(line)

    def _sync(self) -> None:
        """Sync what is written; a failure stays known, also where nobody waits for it any more.

        The system tells it once. One sync at a time: whoever comes during one hears how it ended.
        """
        with self._syncing:
            self._require_sound()
            try:
                os.fsync(self._file.fileno())
            except OSError as error:
                self._failure = error
                raise _unwritable(self.path, error) from error

    def _require_sound(self) -> None:
        if self._failure is not None:
            raise _unwritable(self.path, self._failure) from self._failure


def header_of(path: Path) -> Header | None:
    """Return the header of a file of calls; null where there is no such file, or it was torn there.

    Raises:
        JournalError: the header is damaged; what was paid for may stand behind it.
    """
    try:
        with path.open("rb") as stream:
            line = stream.readline()
    except FileNotFoundError:
        return None
    content = checked(line)
    if content is None and line.endswith(b"\n"):
        raise _damaged(path, 1)
    header: Header | None = None if content is None else msgspec.json.decode(content)
    return header


def line_of(content: bytes) -> bytes:
    """Return a record in JSON as a line that carries its checksum."""
    return b'{"crc32":"%08x","record":%b}\n' % (zlib.crc32(content), content)


def checked(line: bytes) -> bytes | None:
    """Return the record of a line in JSON; null where the line is not whole."""
    found = LINE.fullmatch(line)
    if found is None or zlib.crc32(found["record"]) != int(found["crc32"], 16):
        return None
    return found["record"]


def _short(key: str) -> bytes:
    """Return 16 bytes that stand for a key: 50,000 of them are a few megabytes."""
    return hashlib.blake2b(key.encode(), digest_size=16).digest()


def _damaged(path: Path, line: int) -> JournalError:
    return JournalError(
        f"{path}, line {line}: damaged, its checksum does not match. Put the file back from "
        "a copy, or move it away: what it holds is asked again."
    )


def _unwritable(path: Path, error: OSError) -> JournalError:
    return JournalError(
        f"{path} can't be written: {error.strerror or error}. Nothing more is sent, because an "
        "answer that is not kept would be paid for twice. Free the disk and run the same again: it "
        "continues."
    )
