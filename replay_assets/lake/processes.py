"""Which process does a work, and whether it has ended: a killed process can't say so itself."""

import os
import socket
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from replay_assets.lake.files import is_alive

ENDED_STATES = frozenset("ZX")
"""Of Linux: a killed process is a zombie until its parent notices, which may be never."""


@dataclass(frozen=True)
class Process:
    """A process of a machine; `started` differs in a later process with the same id."""

    host: str
    pid: int
    started: str = ""

    @classmethod
    def this(cls) -> Self:
        """Return the running process."""
        return cls(socket.gethostname(), os.getpid(), _started(os.getpid()))

    @classmethod
    def parse(cls, text: str) -> Self | None:
        """Return the process that `str` has written as a text; None if it is not such a text."""
        host, _, rest = text.partition(":")
        pid, _, started = rest.partition(":")
        return cls(host, int(pid), started) if host and pid.isdecimal() else None

    def __str__(self) -> str:
        return f"{self.host}:{self.pid}:{self.started}"

    def has_ended(self) -> bool:
        """Return whether the process is known to have ended.

        Process ids of another machine have no meaning here, so such a process may still run.
        """
        if self.host != socket.gethostname():
            return False
        if not is_alive(self.pid) or _state(self.pid) in ENDED_STATES:
            return True
        return self.started not in ("", _started(self.pid))


def _started(pid: int) -> str:
    """Return when a process started, in ticks since the boot; empty where that is not known."""
    # The 22nd field, after the 2nd, a name in brackets that may contain anything.
    return (_status(pid).split() or [""] * 20)[19]


def _state(pid: int) -> str:
    return (_status(pid).split() or [""])[0]


def _status(pid: int) -> str:
    """Return what Linux reports of a process, from its state on; empty on other systems."""
    try:
        return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2]
    except OSError:  # another system, or the process has just ended
        return ""
