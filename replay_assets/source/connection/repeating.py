"""Repeats a read that the server cancelled because of other work, such as a standby's replay."""

import logging
import time
from collections.abc import Callable
from typing import TypeVar

from replay_assets.errors import InterruptedReadError, SourceError

PAUSES_S = (1.0, 5.0, 15.0)
"""Seconds before each repetition: a standby cancels reads that block the changes it must apply."""
Result = TypeVar("Result")

log = logging.getLogger(__name__)


def repeated(read: Callable[[], Result]) -> Result:
    """Return what a read returns; repeat it from its start if the server cancels it.

    Raises:
        SourceError: it was cancelled each time; the message says what to change.
    """
    for pause in PAUSES_S:
        try:
            return read()
        except InterruptedReadError as error:
            log.warning("%s; the read is repeated in %g s", error, pause)
            time.sleep(pause)
    try:
        return read()
    except InterruptedReadError as error:
        raise SourceError(
            f"{error}. It was tried {len(PAUSES_S) + 1} times. On a standby set "
            "hot_standby_feedback = on, or a longer max_standby_streaming_delay; or read from the "
            "primary, or at a quieter time."
        ) from error
