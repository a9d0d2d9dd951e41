"""What stops a pack from being written, and what does not."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from replay_assets.errors import LabelLeakError, ResidualSecretError
from replay_assets.lake.formats import decode_jsonl
from replay_assets.lake.store import Publication
from replay_assets.request_packs.builder import (
    AUDIT_FILE,
    PACK_FILE,
    TOOL_OUTPUT_FILE,
)
from tests.request_packs.rows import evidence_row, tool_message


@pytest.mark.parametrize(
    "changes",
    [
        {"labels": json.dumps({"repairSucceeded": "true"})},
        {"labels": json.dumps({"env": {"acceptable-actions": ["x"]}})},
        {"evidence_summary": 'agent said {"expected_root_cause": "disk"} at 10:00'},
        {"evidence_kind": '{"rca_correct": true}'},
    ],
    ids=["label", "nested_label", "json_in_the_evidence", "kind"],
)
def test_a_held_out_key_in_the_evidence_stops_the_pack(
    published: Callable[..., Publication], changes: dict[str, Any]
) -> None:
    """The whole pack, by the incident's name: a pack with a hole would look whole."""
    rows = [evidence_row(), evidence_row(id="ev-2", incident_id="inc-2", **changes)]
    with pytest.raises(LabelLeakError, match=r"incident inc-2: .*forbidden_key") as caught:
        published(rows)
    assert "Take the field out of the evidence" in str(caught.value)


def test_a_held_out_key_in_recorded_tool_output_stops_the_pack(
    published: Callable[..., Publication],
) -> None:
    """The tools' output is replayed to agents later: it is held to the same gate."""
    with pytest.raises(LabelLeakError, match=r"incident inc-1: .*execution_success"):
        published([evidence_row()], [tool_message('{"execution_success": true}')])


def test_a_secret_that_sanitizing_does_not_reach_stops_the_pack(
    published: Callable[..., Publication],
) -> None:
    """Row ids are kept as they are: one that holds a person's address is refused, unseen."""
    with pytest.raises(ResidualSecretError, match=r"inc-1: .*email") as caught:
        published([evidence_row(id="mei@example.com")])
    assert "mei@" not in str(caught.value)


def test_the_words_of_a_field_in_prose_do_not_stop_a_pack(
    published: Callable[..., Publication],
) -> None:
    """Evidence may mention an `execution_error`."""
    row = evidence_row(evidence_summary="the runner logged execution_error: timeout")
    assert published([row]).facts["requests"] == 1


@pytest.mark.parametrize(
    ("labels", "context"),
    [(None, {}), ("null", {}), ('{"a": NaN}', {"a": "nan"}), (r'{"a": "\ud83d"}', {"a": "?"})],
    ids=["absent", "null", "not_a_number", "half_a_character"],
)
def test_odd_labels_do_not_stop_a_day(
    published: Callable[..., Publication], labels: str | None, context: dict[str, Any]
) -> None:
    """What a database holds as JSON must end up as a line that any reader takes."""
    (request,) = decode_jsonl(published([evidence_row(labels=labels)]).files[PACK_FILE], "pack")
    assert request["incident_context"]["labels"] == context


def test_a_day_without_incidents_is_an_empty_pack(
    published: Callable[..., Publication],
) -> None:
    """An empty day is a file of no lines, with its audit."""
    files = published([]).files
    assert files[PACK_FILE] == files[TOOL_OUTPUT_FILE] == b""
    assert json.loads(files[AUDIT_FILE])["masked_by_category"] == {}
