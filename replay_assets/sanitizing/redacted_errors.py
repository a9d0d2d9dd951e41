"""Keeps raw text out of errors while it is in hand: Python's own often quote what they met."""

import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import PurePath

from replay_assets.errors import ReplayAssetsError, SanitizingFailedError


@contextmanager
def redacted_errors(incident_id: str) -> Iterator[None]:
    """Raise what breaks off within the block again, by its kind and place, without its words.

    Raises:
        SanitizingFailedError: anything but the project's own errors was raised.
    """
    try:
        yield
    except ReplayAssetsError:
        raise
    except Exception as error:  # noqa: BLE001 - whatever it is, its text may be evidence
        frame = traceback.extract_tb(error.__traceback__)[-1]
        raise SanitizingFailedError(
            f"incident {incident_id}: {type(error).__name__} in {frame.name}, line {frame.lineno} "
            f"of {PurePath(frame.filename).name}; its text is not shown, it may quote the "
            "evidence. Nothing was written; please report it."
        ) from None
