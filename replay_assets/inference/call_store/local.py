"""Kept calls as files on a local disk, in one folder per work.

    replay_journal.jsonl         calls of the run that is in progress or was interrupted
    replay_calls.jsonl           calls of the newest results
    replay_calls.aside-1.jsonl   calls of an earlier subject, or of a run that asked more questions
    .replay.lock                 held while a run uses the folder

The calls are stored next to the results, not in them and not in the lake: they are the answers
before parsing, and only masked text is published.
"""

import re
from pathlib import Path

from upath import UPath

from replay_assets.inference.call_store.cache import FileAnswerCache
from replay_assets.inference.call_store.journal import CallFile, FileJournal, header_of
from replay_assets.inference.call_store.kept import ShelvedCallStores
from replay_assets.inference.call_store.protocols import Header, RunName
from replay_assets.lake.files import remove, rename
from replay_assets.lake.locks import LocalLocks

JOURNAL_FILE = "replay_journal.jsonl"
CALLS_FILE = "replay_calls.jsonl"
ASIDE_FILE = "replay_calls.aside-{number}.jsonl"
ASIDE = re.compile(r"replay_calls\.aside-(?P<number>[0-9]+)\.jsonl")
LOCK_FILE = ".replay.lock"


class LocalCallStores(ShelvedCallStores):
    """Keeps the calls of each work in a folder below `root`, and shared answers below `cache`."""

    def __init__(self, root: Path, *, cache: Path) -> None:
        super().__init__(
            LocalLocks(root, LOCK_FILE),
            lambda work: FolderShelf(root / work),
            lambda version: FileAnswerCache(cache, version=version),
        )


class FolderShelf:
    """The runs of one work as files of a folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def header_of(self, run: RunName) -> Header | None:
        """Return the header of a run's file."""
        return header_of(self._path(run))

    def calls_of(self, run: RunName) -> CallFile:
        """Open a run's file to read it."""
        return CallFile(self._path(run))

    def journal(self, header: Header) -> FileJournal:
        """Open the journal's file."""
        return FileJournal(self._path("journal"), header)

    def move(self, run: RunName, to: RunName) -> None:
        """Rename a run's file."""
        rename(self._path(run), self._path(to))

    def remove(self, run: RunName) -> None:
        """Remove a run's file."""
        remove(UPath(self._path(run)))

    def asides(self) -> list[int]:
        """Return the numbers in the names of the files that were moved aside."""
        names = [ASIDE.fullmatch(path.name) for path in self._folder.glob("*")]
        return sorted(int(name["number"]) for name in names if name is not None)

    def _path(self, run: RunName) -> Path:
        if isinstance(run, int):
            return self._folder / ASIDE_FILE.format(number=run)
        return self._folder / {"journal": JOURNAL_FILE, "calls": CALLS_FILE}[run]
