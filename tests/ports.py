"""A port for a test's server that starts later, or that must be free on several addresses."""

import secrets
import socket

PORTS = range(20_000, 32_768)
"""Linux gives ports above these, macOS and Windows far higher ones, to sockets without a port."""


def free_port() -> int:
    """Return a port that is free on every IPv4 address.

    A server that asks the system for any port does not get it, so it is still free when a process
    that needs seconds to start listens on it.
    """
    for port in secrets.SystemRandom().sample(PORTS, 100):
        with socket.socket() as one:
            try:
                one.bind(("", port))
            except OSError:  # in use on some address
                continue
            return port
    raise AssertionError(f"none of 100 ports from {PORTS.start} to {PORTS.stop - 1} is free")
