"""The journal: a file of finished calls, found by their keys. A call counts once it is on disk.

The first line is a header that says what the run is about; each further line is one record with its
checksum. A record is written immediately, so it is not lost if this process dies. It is synced with
its group within `GROUP_S`, so it is not lost if the machine fails; only then does it count. An
incomplete last record is cut off when the file is opened again. Damage before it is an error,
because an answer that was paid for may be lost.

After a failed write or sync nothing more is written until the journal is opened again: a record
after an incomplete one would be lost with it, and a second sync can succeed although the first one
lost pages.

Only this module and `lake/files.py` write files: that module writes complete files, this one
appends.
"""

import asyncio
import hashlib
import os
import re
import threading
import zlib
from collections import Counter
from collections.abc import AsyncIterator, KeysView, Mapping
from collections.abc import Set as AbstractSet
from contextlib import ExitStack, closing, suppress
from pathlib import Path

import msgspec

from replay_assets.errors import JournalError
from replay_assets.inference.call import Call
from replay_assets.inference.call_store.protocols import Header
from replay_assets.lake.files import PRIVATE, sync_folder
from replay_assets.volumes import volume_note

GROUP_S = 0.1
"""Seconds during which records are collected and then synced together: a sync takes 0.2 ms, writing
a record 10 us."""

LINE = re.compile(rb'\{"crc32":"(?P<crc32>[0-9a-f]{8})","record":(?P<record>.*)\}\n', re.DOTALL)


class CallFile:
    """The calls of a file, by key; memory holds only the position of each call.

    `spent_usd` is what was paid for the calls that were in the file when it was opened.

    Raises:
        JournalError: a record before the last is damaged; the message names file and line.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.header: Header | None = None
        self.end = 0
        self.spent_usd = 0.0
        self.spent_by_member: Counter[str] = Counter()
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
        """The keys of its calls, each as a digest."""
        return self._offsets.keys()

    def answers_beyond(self, keys: AbstractSet[bytes]) -> bool:
        """Return whether it has an answer whose key is not among the keys of another file."""
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
                # Also of a call that a later one with the same key replaces: both were paid for.
                self.spent_usd += call.spent_usd
                self.spent_by_member.update(call.spent_by_member)


class FileJournal:
    """A journal on a local disk.

    An existing journal is read when it is opened, and an incomplete last record is cut off.

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
                # Unbuffered, so that a record is not lost if this process dies.
                self._file = opened.enter_context(path.open("ab", buffering=0))
                path.chmod(PRIVATE)
                self._calls = opened.enter_context(closing(CallFile(path)))
                self._file.truncate(self._calls.end)
                if self._calls.header is None:
                    self._calls.header = header
                    self._calls.end = self._write(msgspec.json.encode(header))
                self._sync()
                # Without this, a new file itself may be lost in a power cut.
                sync_folder(path.parent)
            except OSError as error:
                raise _unwritable(path, error) from error
            self._opened = opened.pop_all()

    @property
    def spent_usd(self) -> float:
        """What was paid for the calls that were in it when it was opened."""
        return self._calls.spent_usd

    @property
    def spent_by_member(self) -> Mapping[str, float]:
        """The part of it that each member of a route took."""
        return self._calls.spent_by_member

    def get(self, key: str) -> Call | None:
        """Return the newest call with a key."""
        return self._calls.get(key)

    @property
    def keys(self) -> KeysView[bytes]:
        """The keys of its calls, each as a digest."""
        return self._calls.keys

    def append(self, call: Call) -> None:
        """Write a call; it counts once its group is synced."""
        self._require_sound()
        try:
            self._calls.note(call.key, self._write(call.encoded()))
        except OSError as error:
            self._failure = error
            with suppress(OSError):  # else the incomplete record is cut off at the next opening
                self._file.truncate(self._calls.end)
            self._appended.set()  # so that `groups` raises it too
            raise _unwritable(self.path, error) from error
        self._unsynced.append(call)
        self._appended.set()

    async def groups(self) -> AsyncIterator[list[Call]]:
        """Sync appended calls in a thread, group by group; yield the calls that count now."""
        while True:
            self._require_sound()
            await self._appended.wait()
            await asyncio.sleep(GROUP_S)
            self._appended.clear()
            # What is appended during the sync may not be on disk: it counts with the next group.
            size = len(self._unsynced)
            await asyncio.to_thread(self._sync)
            group, self._unsynced = self._unsynced[:size], self._unsynced[size:]
            yield group

    def settle(self) -> list[Call]:
        """Sync the remaining calls and return those that count now."""
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
        # One write to an unbuffered file may take only a part of the line.
        while rest:
            rest = rest[self._file.write(rest) :]
        return len(line)

    def _sync(self) -> None:
        """Sync what is written, one sync at a time; after a failure every later sync fails too.

        The operating system reports a failure only once, perhaps to a sync whose caller was
        cancelled.
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
    """Return the header of a file of calls; None if the file is missing or its header incomplete.

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
    """Return a record in JSON as a line with its checksum."""
    return b'{"crc32":"%08x","record":%b}\n' % (zlib.crc32(content), content)


def checked(line: bytes) -> bytes | None:
    """Return the record of a line in JSON; None if the line is damaged or incomplete."""
    found = LINE.fullmatch(line)
    if found is None or zlib.crc32(found["record"]) != int(found["crc32"], 16):
        return None
    return found["record"]


def _short(key: str) -> bytes:
    """Return 16 bytes that represent a key, so that 50,000 keys take only a few megabytes."""
    return hashlib.blake2b(key.encode(), digest_size=16).digest()


def _damaged(path: Path, line: int) -> JournalError:
    return JournalError(
        f"{path}, line {line}: damaged, its checksum does not match. Restore the file from a "
        "copy, or move it away: its questions are then asked (and paid for) again."
    )


def _unwritable(path: Path, error: OSError) -> JournalError:
    return JournalError(
        f"{path} can't be written: {error.strerror or error}.{volume_note(path, error)} Nothing "
        "more is sent, because an answer that is not kept would be paid for twice. Free the disk "
        "and run the same again: it continues."
    )
