"""Recorded calls in a pack: each output with its call, none from the first change on."""

import json
from typing import Any

import pytest

from replay_assets.contracts.recorded_call import RecordedCall
from replay_assets.contracts.vocabulary import load_vocabulary
from replay_assets.replay.agent.tools.tool_box import ToolBox
from replay_assets.request_packs.builder import RequestPack, build_pack
from tests.request_packs.rows import Row, evidence_row, tool_message

READ: tuple[str, dict[str, Any]] = ("kubectl_get", {"resource": "pods", "namespace": "shop"})
SCALE: tuple[str, dict[str, Any]] = (
    "scale_deployment",
    {"deployment": "web", "namespace": "shop", "replicas": 3},
)
FAKE = "FAKE-" + "orders-pw-1"


def called(*calls: tuple[str, Any], ids: tuple[str, ...] = ("call-1", "call-2", "call-3")) -> Row:
    """Return a message that calls tools, with arguments as text unless they are given as such."""
    entries = [
        {
            "id": one_id,
            "type": "function",
            "function": {
                "name": name,
                "arguments": arguments if isinstance(arguments, str) else json.dumps(arguments),
            },
        }
        for one_id, (name, arguments) in zip(ids, calls, strict=False)
    ]
    said = tool_message("", role="assistant", tool_call_id=None)
    return {**said, "tool_calls": json.dumps(entries)}


def pack_of(*messages: Row, row: Row | None = None) -> RequestPack:
    return build_pack(
        [row or evidence_row()], messages, day="2026-09-21", vocabulary=load_vocabulary()
    )


def outputs_of(*messages: Row) -> list[tuple[Any, ...]]:
    found = pack_of(*messages).tool_output
    return [(one["name"], one["arguments"], one["content"]) for one in found]


def test_an_output_is_stored_with_the_call_of_the_same_id():
    second = ("get_logs", {"pod": "web-0", "namespace": "shop"})
    found = outputs_of(
        called(READ, second),
        tool_message("lines", tool_call_id="call-2"),
        tool_message("pods", tool_call_id="call-1"),
    )
    assert found == [(*second, "lines"), (*READ, "pods")]


def test_an_id_that_is_used_again_means_the_newest_call():
    again = ("kubectl_get", {"resource": "nodes"})
    found = outputs_of(called(READ), tool_message("pods"), called(again), tool_message("nodes"))
    assert found == [(*READ, "pods"), (*again, "nodes")]


def test_an_output_without_its_call_is_kept():
    assert outputs_of(tool_message("pods")) == [(None, None, "pods")]


@pytest.mark.parametrize(
    "change",
    [SCALE, ("exec_read_only_kubectl_cmd", {"command": "kubectl delete pod web-0"})],
)
def test_outputs_from_the_first_change_on_are_left_out(change: tuple[str, Any]):
    """They show what production did. What one message calls is done in its order."""
    found = outputs_of(
        called(READ, change, READ),
        tool_message("before", tool_call_id="call-1"),
        tool_message("changed", tool_call_id="call-2"),
        tool_message("after", tool_call_id="call-3"),
        called(READ),
        tool_message("later"),
    )
    assert found == [(*READ, "before")]


def test_sending_something_is_not_a_change():
    sent = ("send_alert", {"severity": "info", "message": "look"})
    found = outputs_of(called(sent), tool_message("sent"), called(READ), tool_message("pods"))
    assert [one[2] for one in found] == ["sent", "pods"]


def test_arguments_have_the_placeholders_of_the_evidence():
    row = evidence_row(evidence_summary="10.0.0.5 refused connections")
    call = ("kubectl_describe", {"resource": "node", "name": "10.0.0.5"})
    (output,) = pack_of(called(call), tool_message("10.0.0.5 is up"), row=row).tool_output
    assert output["arguments"] == {"resource": "node", "name": "<IP_PRIV_1>"}
    assert output["content"] == "<IP_PRIV_1> is up"


def test_what_an_agent_wrote_into_a_call_never_changes_a_request():
    """Even if only the call names a value as a secret that the evidence has too."""
    row = evidence_row(evidence_summary=f"the job logs in with {FAKE}")
    call = ("psql", {"password": FAKE, "host": "10.9.9.9"})
    plain = pack_of(tool_message(f"{FAKE} denied"), row=row)
    pack = pack_of(called(call), tool_message(f"{FAKE} denied"), row=row)
    assert pack.requests == plain.requests
    assert FAKE not in json.dumps(pack.tool_output)


@pytest.mark.parametrize(
    "arguments", ['{"resource": ', f'{{"a": {"[" * 400}{"]" * 400}}}', "[" * 100_000]
)
def test_arguments_that_are_not_an_object_are_stored_as_text(arguments: str):
    """Or nested too deep: one such call must not end the pack of the whole day."""
    assert outputs_of(called(("kubectl_get", arguments)), tool_message("error")) == [
        ("kubectl_get", arguments, "error")
    ]


def test_a_line_of_an_earlier_release_is_read():
    old = {"incident_id": "inc-1", "session_id": "s", "position": 2, "tool_call_id": "call-1",
           "content": "pods"}  # fmt: skip
    assert RecordedCall.model_validate(old).name is None


def test_labels_and_outcomes_change_no_offered_tool_and_no_answer():
    """Only what was collected before the outcome was known decides what an agent can read."""
    messages = [called(READ), tool_message("10.0.0.5 ready"), called(SCALE), tool_message("scaled")]
    outcome = {
        "verification_result": "failed",
        "repair_success": False,
        "repair_error": "rolled back",
        "coordinator_output": '{"decision": "other"}',
        "matched_playbook_id": "pb-9",
    }
    boxes = []
    for changes in ({}, outcome):
        pack = pack_of(*messages, row=evidence_row(**changes))
        recordings = [RecordedCall.model_validate(one) for one in pack.tool_output]
        boxes.append(ToolBox.of(pack.requests[0], recordings))
    assert boxes[0].definitions == boxes[1].definitions
    events: dict[str, Any] = {"namespace": "shop"}
    calls = [READ, SCALE, ("get_events", events), READ]
    answers = [[box.answer(*call) for call in calls] for box in boxes]
    assert answers[0] == answers[1]
    assert [one.kind for one in answers[0]] == ["recorded", "dry_run", "not_recorded", "recorded"]
