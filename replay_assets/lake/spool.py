"""A temporary file of records: written in any order, read in any other, in little memory.

The file has no name, so that nothing is left of it after a crash.
"""

import os
import tempfile
from array import array
from types import TracebackType
from typing import Self

from upath import UPath

from replay_assets.lake.files import is_local

BUFFER_BYTES = 1 << 20


class Spool:
    """Records on disk, each with a number.

    Args:
        folder: where the file is, so that it needs no space on another disk. None, or a folder of
            an object store: the system's folder for temporary files.
    """

    def __init__(self, folder: UPath | None = None) -> None:
        local = folder is not None and is_local(folder)
        if folder is not None and local:
            folder.mkdir(parents=True, exist_ok=True)
        # Closed by `close`: the records are needed as long as the spool is.
        self._file = tempfile.TemporaryFile(dir=str(folder) if local else None)  # noqa: SIM115
        self._ends = array("Q", [0])
        self._buffer = bytearray()

    def __len__(self) -> int:
        """Return the number of records."""
        return len(self._ends) - 1

    def add(self, record: bytes) -> int:
        """Add a record; return its number."""
        self._buffer += record
        self._ends.append(self._ends[-1] + len(record))
        if len(self._buffer) >= BUFFER_BYTES:
            self._flush()
        return len(self) - 1

    def get(self, number: int) -> bytes:
        """Return a record by its number."""
        self._flush()
        start, end = self._ends[number], self._ends[number + 1]
        return os.pread(self._file.fileno(), end - start, start)

    def close(self) -> None:
        """Remove the file."""
        self._file.close()

    def __enter__(self) -> Self:
        """Return the spool itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Remove the file."""
        self.close()

    def _flush(self) -> None:
        if self._buffer:
            self._file.write(self._buffer)
            self._file.flush()
            self._buffer = bytearray()
