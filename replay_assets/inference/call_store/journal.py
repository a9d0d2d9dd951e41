"""The journal: finished calls, on disk before they count, found again by their key.

One record a line, each with its checksum, after a header that says what the run was about. A record
is written at once, so it outlives this process, and synced with its group within `GROUP_S`, so it
outlives the machine; only then does it count. A torn last record is cut off when the file is opened
again; damage before it is an error, because an answer that was paid for is lost with it.

A write or a sync that failed seals the journal until it is opened again: a record after a torn one
would be lost with it, and a second sync succeeds without the pages that the first one lost.

This is the one module besides `lake/files.py` that writes files: those are written whole, this one
grows.
"""

import asyncio
import hashlib
import os
import re
import threading
import zlib
from collections.abc import AsyncIterator, KeysView
from collections.abc import Set as AbstractSet
from contextlib import ExitStack, closing, suppress
from pathlib import Path

import msgspec

from replay_assets.errors import JournalError
from replay_assets.inference.call.call import Call
from replay_assets.inference.call_store.protocols import Header
from replay_assets.lake.files import PRIVATE, sync_folder

GROUP_S = 0.1
"""How long records gather before they are synced together: a sync costs 0.2 ms, a record 10 us."""

LINE = re.compile(rb'\{"crc32":"(?P<crc32>[0-9a-f]{8})","record":(?P<record>.*)\}\n', re.DOTALL)


class CallFile:
    """The calls of a file, by key: only the position of each is held in memory.

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

    @property
    def keys(self) -> KeysView[bytes]:
        """The keys that it has a call of, each as its digest."""
        return self._offsets.keys()

    def answers_beyond(self, keys: AbstractSet[bytes]) -> bool:
        """Tell whether it has an answer to a key that is not among those of another file."""
        beyond = self._offsets.keys() - keys
        return any(self._at(self._offsets[key]).is_answer for key in beyond)

    def note(self, key: str, size: int) -> None:
        """Remember a record that was appended, by its size."""
        self._offsets[_short(key)] = self.end
        self.end += size

    def close(self) -> None:
        """Close the file."""
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

    @property
    def keys(self) -> KeysView[bytes]:
        """The keys that it has a call of, each as its digest."""
        return self._calls.keys

    def append(self, call: Call) -> None:
        """Write a call; it counts once its group is synced."""
        self._require_sound()
        try:
            self._calls.note(call.key, self._write(call.encoded()))
        except OSError as error:
            self._failure = error
            with suppress(OSError):  # what is torn is cut off at the next opening at the latest
                self._file.truncate(self._calls.end)
            self._appended.set()  # so that `groups` raises it too
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
        """Close the file."""
        self._opened.close()

    def _write(self, content: bytes) -> int:
        """Write a record in JSON; return the size of its line in bytes."""
        line = line_of(content)
        rest = memoryview(line)
        while rest:
            rest = rest[self._file.write(rest) :]
        return len(line)

    def _sync(self) -> None:
        """Sync what is written, one sync at a time; after a failure every later sync fails too.

        The system reports a failure once only, perhaps to a sync that was cancelled meanwhile.
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
    """Return the header of a file of calls; None where there is no such file, or it was torn there.

    Raises:
        JournalError: the header is damaged; calls that were paid for may follow it.
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
    """Return the record of a line in JSON; None where the line is not complete."""
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
