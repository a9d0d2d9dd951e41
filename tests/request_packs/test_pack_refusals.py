"""What stops a pack from being written, and what does not."""

import base64
import json
import traceback
from collections.abc import Callable
from typing import Any

import pytest

from replay_assets.errors import LabelLeakError, ResidualSecretError, SanitizingFailedError
from replay_assets.lake.assets import AUDIT_FILE, PACK_FILE, TOOL_OUTPUT_FILE
from replay_assets.lake.formats import decode_jsonl
from replay_assets.lake.store import Publication
from replay_assets.sanitizing import IncidentSanitizer
from replay_assets.sanitizing.gates.outbound_policy import OutboundPolicy
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
    """The complete pack, and the incident is named: a pack with a gap would look complete."""
    rows = [evidence_row(), evidence_row(id="ev-2", incident_id="inc-2", **changes)]
    with pytest.raises(LabelLeakError, match=r"incident inc-2: .*forbidden_key") as caught:
        published(rows)
    assert "Remove the field from the evidence" in str(caught.value)


def test_a_held_out_key_in_recorded_tool_output_stops_the_pack(
    published: Callable[..., Publication],
) -> None:
    """The tools' output is replayed to agents later, so the same gate checks it."""
    with pytest.raises(LabelLeakError, match=r"incident inc-1: .*execution_success"):
        published([evidence_row()], [tool_message('{"execution_success": true}')])


def test_a_secret_outside_of_sanitized_fields_stops_the_pack(
    published: Callable[..., Publication],
) -> None:
    """Row ids are not sanitized: one that contains an address is rejected and not shown."""
    with pytest.raises(ResidualSecretError, match=r"inc-1: .*email in source_metadata") as caught:
        published([evidence_row(id="mei@example.com")])
    assert "mei@" not in str(caught.value)


@pytest.mark.parametrize("kind", ["canaries", "secrets"])
@pytest.mark.parametrize("place", ["user_prompt", "tool_output"])
def test_a_canary_or_a_key_in_use_that_no_rule_finds_stops_the_pack(
    published: Callable[..., Publication], kind: str, place: str
) -> None:
    """It would be blocked before sending too; here it does not even reach the lake."""
    value = "tern" + "-7f3a-FAKE"
    text = f"said {base64.b64encode(f'u:{value}'.encode()).decode()}"
    row = evidence_row(**({"evidence_summary": text} if place == "user_prompt" else {}))
    messages = [tool_message(text)] if place == "tool_output" else []
    policy = (
        OutboundPolicy(canaries=[value]) if kind == "canaries" else OutboundPolicy(secrets=[value])
    )
    with pytest.raises(ResidualSecretError, match=rf"inc-1: .* in {place}") as caught:
        published([row], messages, policy=policy)
    assert value not in str(caught.value)


def test_an_unexpected_error_does_not_quote_the_evidence(
    published: Callable[..., Publication], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Python's own errors repeat the value they failed on, and events store them."""
    secret = "FAKE-" + "text-of-the-evidence"

    def stumble(self: IncidentSanitizer, value: object, key: str = "") -> object:
        raise ValueError(f"bad value {value!r}")

    monkeypatch.setattr(IncidentSanitizer, "value", stumble)
    with pytest.raises(SanitizingFailedError, match="incident inc-1: ValueError in stumble") as one:
        published([evidence_row(evidence_summary=secret, alertname=secret)])
    shown = "".join(traceback.format_exception(one.value))
    assert secret not in shown


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
    """Any JSON that a database contains must become a line that every reader accepts."""
    (request,) = decode_jsonl(published([evidence_row(labels=labels)]).files[PACK_FILE], "pack")
    assert request["incident_context"]["labels"] == context


def test_a_day_without_incidents_is_an_empty_pack(
    published: Callable[..., Publication],
) -> None:
    """An empty day is a file without lines, with its audit."""
    files = published([]).files
    assert files[PACK_FILE] == files[TOOL_OUTPUT_FILE] == b""
    assert json.loads(files[AUDIT_FILE])["masked_by_category"] == {}
