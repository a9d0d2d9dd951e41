"""Keeps raw text out of error messages: Python's own messages often quote the value they got."""

import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import PurePath

from replay_assets.errors import ReplayAssetsError, SanitizingFailedError


@contextmanager
def redacted_errors(incident_id: str) -> Iterator[None]:
    """Raise any unexpected error in the block again with its type and place, but without its text.

    Raises:
        SanitizingFailedError: an error other than the project's own was raised.
    """
    try:
        yield
    except ReplayAssetsError:
        raise
    except Exception as error:  # noqa: BLE001 - the text of any error may quote evidence
        frame = traceback.extract_tb(error.__traceback__)[-1]
        # Without its cause, because a traceback would show the cause's message too.
        raise SanitizingFailedError(
            f"incident {incident_id}: {type(error).__name__} in {frame.name}, line {frame.lineno} "
            f"of {PurePath(frame.filename).name}; its text is not shown, because it may quote the "
            "evidence. Nothing was written; please report this error."
        ) from None
