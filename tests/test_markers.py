"""What `-m "not integration"` leaves out: all that the default run leaves out, and more."""

import re

import pytest

from tests.conftest import SLOW_MARKS, SLOW_TIMEOUT_S, pytest_collection_modifyitems


def made_item(request: pytest.FixtureRequest, mark: str) -> pytest.Function:
    """A collected test of this module with a mark."""
    item: pytest.Function = pytest.Function.from_parent(
        request.node.parent, name="made", callobj=lambda: None
    )
    item.add_marker(mark)
    pytest_collection_modifyitems([item])
    return item


def test_the_default_run_leaves_out_the_slow_marks(pytestconfig: pytest.Config) -> None:
    """A mark that only one of the two lists names would run in one of the two quick commands."""
    options = " ".join(pytestconfig.getini("addopts"))
    assert sorted(re.findall(r"not (\w+)", options)) == sorted(SLOW_MARKS)


@pytest.mark.parametrize("mark", SLOW_MARKS)
def test_the_quick_run_leaves_out_each_slow_mark(request: pytest.FixtureRequest, mark: str) -> None:
    """Also with the extra installed that a mark needs; and each has the longer time limit."""
    item = made_item(request, mark)
    assert item.get_closest_marker("integration")
    limit = item.get_closest_marker("timeout")
    assert limit is not None
    assert limit.args == (SLOW_TIMEOUT_S,)


def test_other_tests_are_in_the_quick_run(request: pytest.FixtureRequest) -> None:
    """The rule above could not fail if every test were an integration test."""
    item = made_item(request, "filterwarnings")
    assert item.get_closest_marker("integration") is None
