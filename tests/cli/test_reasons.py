"""Why a partition failed: the error that a user can act on, not what Dagster or the system adds."""

import sys
from itertools import pairwise
from pathlib import Path

import pytest
from dagster._utils.error import serializable_error_info_from_exc_info

from replay_assets.errors import JournalError, LockedError, ReplayAssetsError
from replay_assets.lake.locks import LocalLocks
from replay_assets.launching import reason_in


class WrappedByDagsterError(Exception):
    """What Dagster raises around the error of a step."""


def recorded(*errors: Exception) -> str:
    """Return the reason of errors that were raised from each other, the first one last."""
    for later, earlier in pairwise(errors):
        later.__cause__ = earlier
    try:
        raise errors[0]
    except Exception:  # noqa: BLE001 - any of them
        return reason_in(serializable_error_info_from_exc_info(sys.exc_info()))


def test_two_backfills_at_once_name_the_process_that_works(tmp_path: Path) -> None:
    """And not the lock's own error, BlockingIOError: [Errno 11]."""
    locks = LocalLocks(tmp_path, ".lock")
    with locks.hold("day"), pytest.raises(LockedError) as caught, locks.hold("day"):
        pass
    assert isinstance(caught.value.__cause__, Exception)
    reason = recorded(WrappedByDagsterError("step failed"), caught.value)
    assert reason == str(caught.value)
    assert "process" in reason


@pytest.mark.parametrize(
    ("errors", "reason"),
    [
        ([JournalError("free the disk"), OSError(28, "No space left")], "free the disk"),
        ([ReplayAssetsError("outer:\n more"), LockedError("inner")], "outer: more"),
        ([WrappedByDagsterError("x"), LockedError("ours"), KeyError("k")], "ours"),
        ([WrappedByDagsterError("x"), ValueError("the bug")], "ValueError: the bug"),
        ([ValueError("the bug")], "ValueError: the bug"),
    ],
)
def test_the_first_of_our_own_errors_is_the_reason(errors: list[Exception], reason: str) -> None:
    """Without one, the last error of the chain, with its type."""
    assert recorded(*errors) == reason


def test_an_error_of_ours_is_found_in_the_context_too() -> None:
    """A library may raise its own error while it handles ours."""
    try:
        try:
            raise LockedError("ours")
        except LockedError:
            raise WrappedByDagsterError("x")  # noqa: B904 - on purpose
    except WrappedByDagsterError:
        assert reason_in(serializable_error_info_from_exc_info(sys.exc_info())) == "ours"
