"""SIGINT, SIGTERM and SIGHUP end a command within two seconds, whatever it does.

Python calls a handler only between two steps of Python code, so not while it waits for a database;
Dagster replaces handlers during each step; and an error that a handler raises may be caught where
another one was expected. So the system also writes each signal to a socket, which a thread watches.
"""

import gc
import os
import signal
import socket
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from types import FrameType

import click

from replay_assets.errors import ReplayAssetsError

GRACE_S = 1.5
"""Seconds in which a command may end by itself; answers are stored and partitions are atomic."""
CHECK_S = 0.1
SHOW_CURSOR = "\x1b[?25h"
"""A progress bar hides it in a terminal."""
STATUS = 128
"""The exit status of a command that a signal ended is this plus the signal's number, in shells."""
SIGNALS = tuple(
    getattr(signal, one) for one in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, one)
)

_records: list[socket.socket] = []


def received() -> int | None:
    """Return the first signal that asked the running command to end; None if there was none."""
    for one in _records:
        with suppress(BlockingIOError):  # no signal
            for number in one.recv(4096, socket.MSG_PEEK):
                if number in SIGNALS:
                    return number
    return None


@contextmanager
def ended_by_signals(words: Callable[[], str]) -> Iterator[None]:
    """Let a signal end the command in a `with` block: print why, and exit with its status.

    Args:
        words: returns what is printed, unless one of our errors says more.

    Raises:
        click.exceptions.Exit: a signal was received; its status is that of shells.
    """
    if threading.current_thread() is not threading.main_thread():
        yield  # Python allows handlers in the main thread only
        return
    with _recording() as record, _handlers(record), _watching(words):
        try:
            yield
        except BaseException as error:  # whatever the signal has led to
            if (number := received()) is None:
                raise
            click.echo(error if isinstance(error, ReplayAssetsError) else words(), err=True)
            # Python's last search for garbage, in all that Dagster has loaded, can take 2 s.
            gc.freeze()
            raise click.exceptions.Exit(STATUS + number) from error


@contextmanager
def _recording() -> Iterator[socket.socket]:
    """Let the system write each signal to a socket, before any handler is called; yield it."""
    reader, writer = socket.socketpair()
    reader.setblocking(False)
    writer.setblocking(False)
    before = signal.set_wakeup_fd(writer.fileno(), warn_on_full_buffer=False)
    _records.append(reader)
    try:
        yield writer
    finally:
        _records.remove(reader)
        signal.set_wakeup_fd(before)
        reader.close()
        writer.close()


@contextmanager
def _watching(words: Callable[[], str]) -> Iterator[None]:
    """End the process if a signal has not ended it within `GRACE_S`."""
    done = threading.Event()

    def watch() -> None:
        while not done.wait(CHECK_S):
            number = received()
            if number is not None and not done.wait(GRACE_S):
                try:
                    click.echo(SHOW_CURSOR if sys.stdout.isatty() else "", nl=False)
                    click.echo(words(), err=True)
                finally:
                    os._exit(STATUS + number)

    thread = threading.Thread(target=watch, daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()


@contextmanager
def _handlers(record: socket.socket) -> Iterator[None]:
    """Let the signals raise KeyboardInterrupt; SIGINT and SIGHUP stay ignored where they were.

    An ignored SIGINT, as in a script's background, is blocked instead: Dagster would give SIGTERM
    the handler of SIGINT, and nothing but SIGKILL would end the command.
    """

    def interrupt(number: int, _: FrameType | None) -> None:
        with suppress(BlockingIOError):  # it is full of signals
            record.send(bytes([number]))  # an event loop may have replaced the system's socket
        raise KeyboardInterrupt

    before = {one: signal.getsignal(one) for one in SIGNALS}
    ignored = {one for one in SIGNALS if before[one] is signal.SIG_IGN and one != signal.SIGTERM}
    blocked_before = signal.pthread_sigmask(signal.SIG_BLOCK, ignored) if ignored else None
    for one in SIGNALS:
        signal.signal(one, interrupt)
    try:
        yield
    finally:
        for one, handler in before.items():
            signal.signal(one, handler)
        if blocked_before is not None:
            signal.pthread_sigmask(signal.SIG_SETMASK, blocked_before)
