"""Results: their outcomes, and their rows in the lake."""

from typing import get_args

import pytest

from replay_assets.contracts.arrow import arrow_schema
from replay_assets.contracts.result import (
    GRADED_OUTCOMES,
    OUTCOMES,
    UNGRADED_OUTCOMES,
    Outcome,
    ResultRow,
    result_row,
    total,
)
from replay_assets.lake.formats import arrow_table
from tests.contracts.examples import RESULT


def test_every_outcome_is_either_graded_or_not():
    """An outcome in neither list would be missing from the week's numbers."""
    assert set(OUTCOMES) == set(get_args(Outcome))
    assert not set(GRADED_OUTCOMES) & set(UNGRADED_OUTCOMES)


def test_a_result_fills_every_column_of_its_table():
    """No one would notice a column that is always null."""
    row = result_row(RESULT)
    assert set(row) == set(ResultRow.model_fields)
    assert [name for name in ResultRow.model_fields if row[name] is None] == [
        "candidate_variant_id",
        "cost_usd",
        "error",
        "possibly_paid_usd",
    ]
    assert arrow_table([row], arrow_schema(ResultRow)).to_pylist() == [row]


def test_the_answer_columns_of_a_failed_result_are_null():
    """Without an answer there is nothing to write into them; a default would be a guess."""
    failed = RESULT.model_copy(
        update={"outcome": "infrastructure_failure", "model_output": {}, "trace_events": []}
    )
    row = result_row(failed)
    for name in ("proposed_action", "action_id", "root_cause_category", "prompt_tokens"):
        assert row[name] is None


@pytest.mark.parametrize(
    ("counts", "expected"),
    [
        pytest.param([900, 40], 940, id="call and repair call"),
        pytest.param([0], 0, id="a reported zero"),
        pytest.param([900, None], None, id="one call unreported"),
        pytest.param([None], None, id="none reported"),
        pytest.param([], None, id="no call"),
    ],
)
def test_an_unreported_token_count_makes_the_sum_unknown(
    counts: list[int | None], expected: int | None
):
    """A sum of the known counts would make a candidate look cheaper than it is."""
    assert total(counts) == expected
