"""A candidate's price, digest and limits."""

from contextlib import nullcontext
from datetime import date
from typing import Any

import pytest
from pydantic import ValidationError

from replay_assets.candidates.candidate import Candidate
from replay_assets.candidates.catalogue import Catalogue
from replay_assets.contracts.result import Usage


@pytest.mark.parametrize(
    ("prices", "tokens", "cost"),
    [
        (None, (1000, 100), None),
        ({"input": 0.1, "output": 1.0}, (1000, 100), 0.0002),
        ({"input": 0, "output": 0}, (1000, 100), 0.0),
        ({"input": 0.1, "output": 1.0}, (None, 100), None),
        ({"input": 0.1, "output": 1.0}, (1000, None), None),
    ],
    ids=["unpriced", "priced", "free", "no_prompt_tokens", "no_completion_tokens"],
)
def test_what_is_unpriced_is_null_and_never_0(
    prices: dict[str, float] | None, tokens: tuple[int | None, int | None], cost: float | None
) -> None:
    """Unknown is not free."""
    candidate = Candidate.model_validate(
        {"id": "x", "model": "m", "base_url": "http://h/v1", "prices_usd_per_million": prices}
    )
    usage = Usage(prompt_tokens=tokens[0], completion_tokens=tokens[1])
    price = candidate.prices_on(date(2026, 9, 21))
    found = price and price.cost_usd(usage)
    assert found == (cost if cost is None else pytest.approx(cost))


@pytest.mark.parametrize(
    ("change", "same"),
    [
        ({"limits": {"rpm": 3}}, True),
        ({"scheduled": False}, True),
        ({"sampling": {"temperature": 0.7}}, False),
        ({"sampling": {"seed": 7}}, False),
        ({"sampling": {"temperature": None}}, False),
        ({"sampling": {"max_tokens": None}}, False),
        ({"stream": True, "stream_options": False}, True),
        ({"prompt_variant": "contract_tuned"}, False),
        ({"model": "other"}, False),
    ],
    ids=["limits", "scheduled", "temperature", "seed", "no_temperature", "no_length", "stream",
         "variant", "model"],
)  # fmt: skip
def test_the_digest_changes_with_what_shapes_an_answer(change: dict[str, Any], same: bool) -> None:
    """A faster key is the same candidate, another temperature is not."""
    base = {"id": "x", "model": "m", "base_url": "http://h/v1"}
    digests = {Candidate.model_validate(one).digest() for one in (base, {**base, **change})}
    assert (len(digests) == 1) is same


@pytest.mark.parametrize(
    ("sampling", "limits", "bound"),
    [
        ({}, {}, 900),
        ({"max_tokens": None}, {}, None),
        ({"max_tokens": None, "max_completion_tokens": 5000}, {}, 5000),
        ({"max_tokens": 900, "max_completion_tokens": 5000}, {}, 5000),
        ({"max_tokens": None, "max_completion_tokens": "5000"}, {}, None),
        ({"max_tokens": None}, {"answer_tokens": 8000}, 8000),
        ({"max_tokens": 900}, {"answer_tokens": 8000}, 8000),
    ],
)
def test_a_budget_needs_the_greatest_length_of_an_answer(
    sampling: dict[str, Any], limits: dict[str, Any], bound: int | None
) -> None:
    """By any name that is sent, or as a figure that is only reserved."""
    base = {"id": "x", "model": "m", "base_url": "http://h/v1"}
    entry = {**base, "sampling": sampling, "limits": limits}
    assert Candidate.model_validate(entry).bound_of_answer == bound
    priced = {**entry, "prices_usd_per_million": {"input": 1, "output": 1}, "budget_usd": 1}
    with pytest.raises(ValidationError, match="answer_tokens") if bound is None else nullcontext():
        Candidate.model_validate(priced)


def test_candidates_of_one_endpoint_and_model_share_its_limits(shipped: Catalogue) -> None:
    """A key's limit does not double with a second prompt variant."""
    keys = [shipped.get(one).limit_key for one in ("nemotron-mini", "nemotron-mini-tuned")]
    assert keys[0] == keys[1] != shipped.get("nemotron-70b").limit_key
    assert keys[0].replace("_", "").isalnum()
