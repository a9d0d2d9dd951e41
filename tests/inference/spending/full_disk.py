"""A disk that is full for this process only."""

import resource
import signal
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def full_disk(size: int = 0) -> Iterator[None]:
    """Let no file of this process grow beyond `size` bytes."""
    present = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, present[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, present)
        signal.signal(signal.SIGXFSZ, handler)
