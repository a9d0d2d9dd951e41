"""Whether a port is free, and which process listens on it: looked at before anything is started."""

import errno
import os
import socket
from dataclasses import dataclass
from pathlib import Path

from replay_assets.errors import ConfigurationError

PROC = Path("/proc")
LISTENING = "0A"
"""The state of a listening socket in Linux's lists of TCP sockets."""
LAST_PORT = 65_535


def require_free_port(host: str, port: int) -> None:
    """Raise an error unless the UI can listen on a port of this machine.

    Raises:
        ConfigurationError: it can't; the message names the process that listens, where the system
            shows it, and the option that chooses another port or address.
    """
    problems = _problems(host, port)
    if errno.EADDRINUSE in problems:
        raise _taken(host, port)
    # As servers do: an address without IPv6 is left out if the host has another one.
    if None not in problems:
        reason = os.strerror(problems[0] or 0)
        raise ConfigurationError(
            f"the UI can't listen on {host}:{port}: {reason}. Nothing was started. Use another "
            "--port (below 1024 needs privileges), or an address of this machine: --host "
            "127.0.0.1, or 0.0.0.0 for all."
        )
    # Another UI on the same port of another address would be a second daemon on one instance.
    if any(one.is_dagster for one in _listeners(port)):
        raise _taken(host, port)


def _problems(host: str, port: int) -> list[int | None]:
    """Return for each address of a host why a server can't listen on it; None if it can."""
    try:
        addresses = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except (OSError, UnicodeError) as error:
        raise ConfigurationError(
            f"--host is {host!r}, which is not the name or address of a machine. Use --host "
            "127.0.0.1, or 0.0.0.0 for all addresses of this machine."
        ) from error
    found: list[int | None] = []
    for family, kind, protocol, _, address in addresses:
        try:
            with socket.socket(family, kind, protocol) as one:
                _listen(one, address)
            found.append(None)
        except OSError as error:
            found.append(error.errno)
    return found


def _listen(one: socket.socket, address: tuple[int | str | bytes, ...]) -> None:
    # As servers do, else a port would count as taken for a minute after its server has ended.
    if os.name != "nt":
        one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if one.family == socket.AF_INET6:
        one.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
    one.bind(address)
    one.listen(1)


def _taken(host: str, port: int) -> ConfigurationError:
    listeners = _listeners(port)
    by = f" by {', '.join(map(str, listeners))}" if listeners else ""
    other = port + 1 if port < LAST_PORT else port - 1
    return ConfigurationError(
        f"port {port} is in use{by}, so the UI can't listen on {host}:{port}. Nothing was started. "
        f"Open what runs there, end that process, or choose another port with --port {other}."
    )


@dataclass(frozen=True)
class _Listener:
    pid: int
    name: str
    is_dagster: bool

    def __str__(self) -> str:
        what = f"a Dagster UI, {self.name}" if self.is_dagster else self.name
        return f"{what} (process {self.pid})"


def _listeners(port: int) -> list[_Listener]:
    """Return the processes that listen on a port, as far as Linux shows them to this user."""
    sockets = {f"socket:[{inode}]" for inode in _listening_inodes(port)}
    found = []
    for folder in PROC.glob("[0-9]*") if sockets else ():
        try:
            if any(str(one.readlink()) in sockets for one in (folder / "fd").iterdir()):
                # The arguments are not shown, because they may contain a password.
                name = (folder / "comm").read_text().strip()
                is_dagster = b"dagster" in (folder / "cmdline").read_bytes()
                found.append(_Listener(int(folder.name), name, is_dagster))
        except OSError:  # it has ended, or belongs to another user
            continue
    return sorted(found, key=lambda one: one.pid)


def _listening_inodes(port: int) -> set[str]:
    """Return the sockets of this machine that listen on a port, as Linux lists them."""
    found = set()
    for table in ("tcp", "tcp6"):
        try:
            lines = (PROC / "net" / table).read_text().splitlines()[1:]
        except OSError:  # another system, or without IPv6
            continue
        for line in lines:
            _, local, _, state, *rest = line.split()
            if state == LISTENING and int(local.rpartition(":")[2], 16) == port:
                found.add(rest[5])
    return found
