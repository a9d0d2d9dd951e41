"""Figures of investigations that the UI plots over days."""

import pytest

from replay_assets.defs.agent_replay import miss_rate


@pytest.mark.parametrize(
    ("outcomes", "rate"),
    [
        (["recorded", "evidence", "not_recorded", "not_recorded"], 0.5),
        (["recorded", "not_recorded", "dry_run", "not_offered", "malformed_arguments"], 0.5),
        (["dry_run"], None),
        ([], None),
    ],
)
def test_the_rate_of_tool_misses_is_of_all_reads(outcomes: list[str], rate: float | None):
    """The report says so; changes, and calls that can't be answered, read nothing."""
    tools = [{"outcome": one, "is_miss": one == "not_recorded"} for one in outcomes]
    assert miss_rate(tools) == rate
