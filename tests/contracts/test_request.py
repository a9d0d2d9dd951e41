"""Requests: what our packs omit, and what a pack in the original system's form may contain."""

import pytest

from replay_assets.contracts.request import CANDIDATE_ID, CONTRACT_TUNED, ReplayRequest
from replay_assets.errors import ContractError
from tests.contracts.examples import REQUEST


def test_our_requests_name_no_candidate_and_no_variant():
    """A pack is byte for byte the same for every candidate, so comparisons are paired."""
    record = REQUEST.as_json()
    assert "candidate_id" not in record
    assert "candidate_variant_id" not in record["metadata"]


def test_a_request_in_the_original_form_keeps_all_its_fields():
    """An approved pack in that form can be read and written without loss."""
    record = {**REQUEST.as_json(), "candidate_id": CANDIDATE_ID}
    record["metadata"] = {
        **record["metadata"],
        "candidate_variant_id": CONTRACT_TUNED,
        "approved_by": "an operator",
    }
    assert ReplayRequest.read(record).as_json() == record


@pytest.mark.parametrize("flag", ["request_only", "not_replacement_evidence"])
@pytest.mark.parametrize("value", [False, None], ids=["false", "null"])
def test_a_request_must_contain_both_safety_flags(flag: str, value: bool | None):
    """A record without them could be evidence that was taken for a request."""
    record = REQUEST.as_json()
    record["metadata"][flag] = value
    with pytest.raises(ContractError, match=flag):
        ReplayRequest.read(record)
