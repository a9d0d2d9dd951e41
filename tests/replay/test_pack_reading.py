"""Every line of a pack is checked, each finding has its code and its line."""

import codecs
import json
from pathlib import Path
from typing import Any

import pytest

from replay_assets.contracts.self_grading import SELF_GRADING_FIELDS
from replay_assets.errors import ContractError
from replay_assets.replay.pack_reading import read_pack
from tests.replay.packs import original_request, pack_bytes, request

FLAGS = {"request_only": True, "not_replacement_evidence": True}


def findings(*requests: Any) -> list[str]:
    """Return what is found in a pack."""
    return read_pack(pack_bytes(*requests), candidate_id="mine").findings


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"schema_version": "agent_nemotron_replay_request_v9"}, "request_schema_mismatch"),
        ({"schema_version": None}, "request_schema_mismatch"),
        ({"user_prompt": 5}, "request_schema_mismatch"),
        ({"incident_context": []}, "request_schema_mismatch"),
        ({"surprise": 1}, "request_schema_mismatch"),
        ({"response_contract": {"required": 5}}, "request_schema_mismatch"),
        ({"response_contract": {"required": [1]}}, "request_schema_mismatch"),
        ({"response_contract": {"fields": ["x"]}}, "request_schema_mismatch"),
        ({"incident_context": {"half": "\ud83d"}}, "request_schema_mismatch"),
        ({"incident_context": {"number": float("nan")}}, "request_schema_mismatch"),
        (
            {"incident_context": json.loads('{"a":' * 300 + "1" + "}" * 300)},
            "request_schema_mismatch",
        ),
        ({"candidate_id": "somebody-else"}, "request_candidate_mismatch"),
        ({"candidate_id": ""}, "request_candidate_mismatch"),
        ({"metadata": {**FLAGS, "request_only": False}}, "request_not_request_only"),
        ({"metadata": {"not_replacement_evidence": True}}, "request_not_request_only"),
        ({"metadata": {**FLAGS, "request_only": "true"}}, "request_not_request_only"),
        (
            {"metadata": {**FLAGS, "not_replacement_evidence": 1}},
            "request_missing_not_replacement_evidence",
        ),
        (
            {"metadata": {**FLAGS, "candidate_variant_id": "tuned"}},
            "request_unknown_candidate_variant",
        ),
        ({"incident_context": {"executionSuccess": True}}, "request_self_grading_leak"),
        ({"source_metadata": {"a": [{"rca-correct": 1}]}}, "request_self_grading_leak"),
        ({"user_prompt": 'log {"repair_success": true} end'}, "request_self_grading_leak"),
    ],
)
def test_a_wrong_request_is_found_by_code_and_line(changes: dict[str, Any], code: str) -> None:
    """Lines count from 1, and a right one before it does not hide it."""
    assert findings(request(), {**request(), **changes}) == [f"{code}:line_2"]


@pytest.mark.parametrize("metadata", [None, [], "flags"], ids=repr)
def test_metadata_of_another_type_lacks_both_flags(metadata: object) -> None:
    """No flag is ever taken for set."""
    assert findings(request(metadata=metadata)) == [
        "request_not_request_only:line_1",
        "request_missing_not_replacement_evidence:line_1",
    ]


@pytest.mark.parametrize("field", SELF_GRADING_FIELDS)
@pytest.mark.parametrize("place", ["incident_context", "source_metadata", "user_prompt"])
def test_a_self_grading_field_is_a_leak_wherever_a_model_could_read_it(
    place: str, field: str
) -> None:
    """All nine, in all three places."""
    value = {"deep": [{field: None}]}
    leak = json.dumps(value) if place == "user_prompt" else value
    assert findings({**request(), place: leak}) == ["request_self_grading_leak:line_1"]


def test_the_words_of_a_field_in_prose_are_no_leak() -> None:
    """The original's substring search refused this evidence."""
    assert (
        findings(request(user_prompt="log: execution_error: timeout, repair_success unknown")) == []
    )


def test_the_contract_may_list_what_it_forbids() -> None:
    """`forbidden` names the very fields that an answer must not hold."""
    assert findings(request(response_contract={"forbidden": list(SELF_GRADING_FIELDS)})) == []


@pytest.mark.parametrize(
    "line",
    [b"{", b"[]", b"5", b"null", b'"x"', b"{}garbage", b"\xff\xfe", b"[" * 100_000],
    ids=["cut", "list", "number", "null", "text", "trailing", "not_utf8", "nested_without_end"],
)
def test_a_line_that_is_no_request_is_a_finding(line: bytes) -> None:
    """Never an exception: the report must name the line."""
    pack = read_pack(pack_bytes(request()) + line + b"\n" + pack_bytes(request()), candidate_id="m")
    assert pack.findings == ["request_schema_mismatch:line_2"]
    assert [one.number for one in pack.lines()] == [1, 3]


def test_one_line_may_have_several_findings() -> None:
    """One code per finding, all of them."""
    wrong = original_request(variant="x", incident_context={"false_repair": 1})
    assert findings({**wrong, "candidate_id": "other"}) == [
        "request_candidate_mismatch:line_1",
        "request_unknown_candidate_variant:line_1",
        "request_self_grading_leak:line_1",
    ]


def test_blank_lines_count_as_lines_and_are_no_requests() -> None:
    """A number must lead an editor to the line."""
    pack = read_pack(b"\n \n" + pack_bytes(request(), {}), candidate_id="mine")
    assert [one.number for one in pack.lines()] == [3]
    assert [finding.rpartition(":")[2] for finding in pack.findings] == ["line_4"] * 2


def test_a_byte_order_mark_is_no_part_of_the_first_request() -> None:
    """Editors on Windows write it; a line that holds nothing else is blank."""
    plain = read_pack(pack_bytes(request()), candidate_id="mine")
    for start in (codecs.BOM_UTF8, codecs.BOM_UTF8 + b"\n"):
        pack = read_pack(start + pack_bytes(request()), candidate_id="mine")
        assert (pack.findings, pack.digest) == ([], plain.digest)
        assert [one.request for one in pack.lines()] == [one.request for one in plain.lines()]


def test_a_line_separator_within_a_text_does_not_end_a_line() -> None:
    """Only a line feed does; U+2028 in evidence is text."""
    line = json.dumps(request(user_prompt="a\u2028b\u0085c"), ensure_ascii=False).encode()
    pack = read_pack(line, candidate_id="mine")
    assert next(pack.lines()).request.user_prompt == "a\u2028b\u0085c"


@pytest.mark.parametrize(
    ("one", "of_candidate", "used"),
    [
        (request(), None, None),
        (request(), "contract_tuned", "contract_tuned"),
        (original_request(), "contract_tuned", None),
        (original_request(variant="contract_tuned"), None, "contract_tuned"),
        (request(candidate_id="mine"), "contract_tuned", None),
    ],
    ids=["ours_base", "ours_tuned", "original_base", "original_tuned", "named"],
)
def test_a_pack_that_names_its_candidate_names_its_variant_too(
    one: dict[str, Any], of_candidate: str | None, used: str | None
) -> None:
    """Ours leave both to the runner."""
    pack = read_pack(pack_bytes(one), candidate_id="mine")
    assert pack.findings == []
    assert next(pack.lines()).variant(of_candidate) == used


def test_a_pack_that_changes_while_it_is_replayed_is_refused(tmp_path: Path) -> None:
    """Its lines are read more than once, and answers belong to the lines that were asked."""
    path = tmp_path / "pack.jsonl"
    path.write_bytes(pack_bytes(request("a"), request("b")))
    pack = read_pack(path, candidate_id="mine")
    assert [one.request.incident_id for one in pack.lines()] == ["a", "b"]
    path.write_bytes(pack_bytes(request("b"), request("a")))
    with pytest.raises(ContractError, match="changed while it was replayed"):
        list(pack.lines())
