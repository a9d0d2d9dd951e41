"""Requests: what a pack of ours leaves out, and what one of the original's form may carry."""

import pytest

from replay_assets.contracts.request import CANDIDATE_ID, CONTRACT_TUNED, ReplayRequest
from replay_assets.errors import ContractError
from tests.contracts.examples import REQUEST


def test_a_request_of_ours_names_no_candidate_and_no_variant():
    """A pack is the same for every candidate, byte for byte; that makes comparisons paired."""
    record = REQUEST.as_json()
    assert "candidate_id" not in record
    assert "candidate_variant_id" not in record["metadata"]


def test_a_request_of_the_original_keeps_what_it_names():
    """An approved pack of the original's form can be read and written without loss."""
    record = {**REQUEST.as_json(), "candidate_id": CANDIDATE_ID}
    record["metadata"] = {
        **record["metadata"],
        "candidate_variant_id": CONTRACT_TUNED,
        "approved_by": "an operator",
    }
    assert ReplayRequest.read(record).as_json() == record


@pytest.mark.parametrize("flag", ["request_only", "not_replacement_evidence"])
@pytest.mark.parametrize("value", [False, None], ids=["false", "null"])
def test_a_request_must_carry_both_safety_flags(flag: str, value: bool | None):
    """A record that is not marked as request only is not one."""
    record = REQUEST.as_json()
    record["metadata"][flag] = value
    with pytest.raises(ContractError, match=flag):
        ReplayRequest.read(record)


def test_a_request_asks_only_for_the_fields_its_contract_requires():
    """Where a pack does not ask for a root cause, its absence breaks nothing."""
    assert REQUEST.asks_for("root_cause")
    assert not REQUEST.asks_for("action_id")
    bare = REQUEST.model_copy(update={"response_contract": {}})
    assert not bare.asks_for("root_cause")
