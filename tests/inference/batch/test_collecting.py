"""Searches for reference cycles: rare during a run, as before after it."""

import gc
from collections.abc import Iterator

import pytest

from replay_assets.inference.batch.collecting import NEW_OBJECTS, rare_collections


@pytest.fixture(autouse=True)
def restored() -> Iterator[None]:
    """Restore the thresholds of this process."""
    before = gc.get_threshold()
    yield
    gc.set_threshold(*before)


@pytest.mark.parametrize(
    ("before", "during"), [(700, NEW_OBJECTS), (0, 0), (2 * NEW_OBJECTS, 2 * NEW_OBJECTS)]
)
def test_cycles_are_searched_for_rarely_and_as_before_afterwards(before: int, during: int) -> None:
    """Also after an error; a process that searches for none is left as it is."""
    gc.set_threshold(before, 10, 10)
    seen = []

    def fail() -> None:
        with rare_collections():
            seen.append(gc.get_threshold())
            raise LookupError

    with pytest.raises(LookupError):
        fail()
    assert seen == [(during, 10, 10)]
    assert gc.get_threshold() == (before, 10, 10)
