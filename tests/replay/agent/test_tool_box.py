"""What an investigation is offered, and what each of its calls is answered."""

import json
import sys
import threading
from typing import Any

import pytest

from replay_assets.contracts.recorded_call import RecordedCall
from replay_assets.contracts.tools import shipped_tools
from replay_assets.replay.agent.tools.tool_box import ToolBox
from replay_assets.replay.agent.tools.tool_call import Attachment
from replay_assets.tool_calling.cases import read_cases, shipped_cases
from tests.contracts.examples import REQUEST

READS = {"kubectl_get", "kubectl_describe", "get_logs", "get_events", "get_metrics", "get_traces",
         "get_configuration"}  # fmt: skip
OTHERS = {"restart_deployment", "scale_deployment", "send_alert"}
EVIDENCE = """\
Alert: PodDown

--- exec_read_only_kubectl_cmd "kubectl get pods -n shop"
web-0   0/1   Error

--- query_loki {"query": "{app='web'}", "limit": 10}
out of memory

--- eks_events
{"reason": "OOMKilled", "object": "web-0", "namespace": "shop"}"""


def recorded(content: str, name: str | None, arguments: Any) -> RecordedCall:
    return RecordedCall(incident_id="inc-001", content=content, name=name, arguments=arguments)


def names_of(box: ToolBox) -> set[str]:
    return {one["function"]["name"] for one in box.definitions}


def properties_of(box: ToolBox, name: str) -> dict[str, Any]:
    (found,) = (one["function"] for one in box.definitions if one["function"]["name"] == name)
    properties: dict[str, Any] = found["parameters"]["properties"]
    return properties


def test_without_recordings_all_incidents_are_offered_the_same_tools():
    assert names_of(ToolBox("")) == READS | OTHERS
    assert ToolBox("").definitions == ToolBox("Alert: DiskFull").definitions


def test_read_tools_of_the_recorded_session_are_offered_too():
    calls = [
        recorded("a", "query_loki", {"query": "{app='web'}", "limit": 5}),
        recorded("b", "exec_kubectl_cmd", {"cmd": "kubectl get pods"}),
        recorded("c", "rollback_release", {"name": "web"}),
        recorded("d", "has.a.dot", {}),
        recorded("e", None, None),
    ]
    box = ToolBox("", calls)
    assert names_of(box) == READS | OTHERS | {"query_loki", "exec_kubectl_cmd", "kubectl"}
    assert properties_of(box, "query_loki") == {
        "limit": {"type": "integer"},
        "query": {"type": "string"},
    }
    # What takes commands could be asked to change something.
    assert "requires_human_approval" in properties_of(box, "exec_kubectl_cmd")


def test_where_the_evidence_shows_commands_they_can_be_asked_by_their_tool_and_bare():
    """A session may have recorded a bare command in place of arguments, too."""
    box = ToolBox(EVIDENCE, [recorded("nodes", "run", "kubectl get nodes")])
    names = names_of(box) - READS - OTHERS
    assert names == {"exec_read_only_kubectl_cmd", "kubectl", "query_loki", "run"}
    assert box.answer("run", {"command": "kubectl get no"}).text == "nodes"
    assert box.answer("kubectl", {"command": "kubectl get no"}).text == "nodes"


def test_commands_of_other_programs_in_the_evidence_answer_a_tool_of_the_session():
    """The evidence alone offers no shell; a session that used one can read them."""
    evidence = "$ dig +short web.example.com\n192.0.2.7\n\nThe cause is not known."
    dig = {"command": "dig +short  web.example.com"}
    assert names_of(ToolBox(evidence)) == READS | OTHERS
    box = ToolBox(evidence, [recorded("", "shell", {"command": "uptime"})])
    assert (box.answer("shell", dig).kind, box.answer("shell", dig).text) == (
        "evidence",
        "192.0.2.7",
    )


def test_tools_that_change_something_have_the_argument_for_approval():
    box = ToolBox("")
    for tool in shipped_tools().tools:
        has_it = "requires_human_approval" in properties_of(box, tool.name)
        assert has_it == (tool.effect == "change"), tool.name


def test_the_tools_of_the_shipped_cases_are_those_of_the_contract():
    tools = shipped_tools().by_name
    shipped = [tool for case in read_cases([shipped_cases()]) for tool in case.tools]
    assert len({tool["function"]["name"] for tool in shipped} & tools.keys()) == 5
    assert all(tool == tools[tool["function"]["name"]].definition() for tool in shipped)


def test_repeated_recordings_are_returned_in_order_and_then_the_last_again():
    pods = {"resource": "pods", "namespace": "shop"}
    calls = [recorded(text, "kubectl_get", pods) for text in ("first", "second")]
    box = ToolBox("", calls)
    asked = [box.answer("kubectl", {"command": "get po -n shop"}).kind]
    found = [box.answer("kubectl_get", pods) for _ in range(3)]
    assert asked == ["not_offered"]
    assert [(one.text, one.kind) for one in found] == [
        ("first", "recorded"), ("second", "recorded"), ("second", "recorded"),
    ]  # fmt: skip


def test_a_recording_comes_before_the_evidence():
    calls = [recorded("recorded", "kubectl_get", {"resource": "pod", "namespace": "shop"})]
    box = ToolBox(EVIDENCE, calls)
    assert box.answer("kubectl_get", {"resource": "pods", "namespace": "shop"}).text == "recorded"


@pytest.mark.parametrize(
    ("name", "arguments", "text"),
    [
        ("kubectl_get", {"namespace": "shop", "resource": "pods"}, "web-0   0/1   Error"),
        ("kubectl", {"command": "kubectl -n shop get pods"}, "web-0   0/1   Error"),
        ("query_loki", {"limit": "10", "query": "{app='web'}"}, "out of memory"),
        ("get_events", {"namespace": "shop", "name": "web-0"}, "OOMKilled"),
    ],
)
def test_a_section_of_the_evidence_answers_the_read_that_it_names(
    name: str, arguments: dict[str, Any], text: str
):
    answer = ToolBox(EVIDENCE).answer(name, arguments)
    assert answer.kind == "evidence"
    assert text in answer.text


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("kubectl_get", {"resource": "pods", "namespace": "data"}),
        ("kubectl_get", {"resource": "pods", "namespace": "shop", "output": "yaml"}),
        # The events do not mention it.
        ("get_events", {"namespace": "shop", "name": "db-0"}),
        ("get_metrics", {"query": "up"}),
    ],
)
def test_a_read_that_was_never_recorded_is_a_miss(name: str, arguments: dict[str, Any]):
    answer = ToolBox(EVIDENCE).answer(name, arguments)
    assert (answer.kind, answer.is_miss, answer.is_mutating) == ("not_recorded", True, False)


def test_recordings_of_other_incidents_are_not_used():
    other = recorded("pods", "kubectl_get", {"resource": "pods"})
    other = other.model_copy(update={"incident_id": "inc-002"})
    assert ToolBox.of(REQUEST, [other]).answer("kubectl_get", {"resource": "pods"}).is_miss


def test_a_tool_that_was_not_offered_is_refused_and_is_not_a_miss():
    answer = ToolBox("").answer("delete_everything", "{}")
    assert (answer.kind, answer.is_miss, answer.is_mutating) == ("not_offered", False, False)
    assert "kubectl_get" in answer.text


DEEP = f'{{"resource": {"[" * 400}{"]" * 400}}}'


@pytest.mark.parametrize(
    "arguments", ['{"resource": ', "[1]", '"pods"', "{" * 100_000, DEEP, json.loads(DEEP)]
)
def test_arguments_that_cannot_be_read_are_answered_with_the_error(arguments: Any):
    answer = ToolBox("").answer("kubectl_get", arguments)
    assert (answer.kind, answer.is_miss) == ("malformed_arguments", False)
    assert "arguments" in answer.text


@pytest.mark.parametrize(
    ("name", "arguments", "problems"),
    [
        ("restart_deployment", {"deployment": "web", "namespace": "shop"}, ()),
        ("restart_deployment", {"deployment": "web"}, ("namespace is missing",)),
        ("scale_deployment", {"deployment": "web", "namespace": "shop", "replicas": 11},
         ("replicas must be from 0 to 10",)),
        ("scale_deployment", {"deployment": "web", "namespace": "shop", "replicas": True},
         ("replicas must be of the type integer",)),
        ("restart_deployment", {"deployment": "web", "namespace": "shop", "now": 1},
         ("there is no parameter now",)),
        ("kubectl", {"command": "kubectl rollout restart deployment/<HOST_1> -n shop"}, ()),
        ("kubectl", {"command": "kubectl delete pods --all -n shop"},
         ("the command is forbidden",)),
    ],
)  # fmt: skip
def test_changes_are_only_dry_runs_validated_by_schema_and_policy(
    name: str, arguments: dict[str, Any], problems: tuple[str, ...]
):
    answer = ToolBox(EVIDENCE).answer(name, {**arguments, "requires_human_approval": True})
    assert (answer.kind, answer.is_mutating) == ("dry_run", True)
    assert answer.approval_requested is True
    assert answer.problems == problems
    assert answer.text.startswith("Dry run: nothing was changed")


@pytest.mark.parametrize("asked", [None, False])
def test_a_change_without_a_request_for_approval_is_against_policy(asked: bool | None):
    arguments: dict[str, Any] = {"deployment": "web", "namespace": "shop"}
    arguments |= {} if asked is None else {"requires_human_approval": asked}
    answer = ToolBox("").answer("restart_deployment", json.dumps(arguments))
    assert answer.approval_requested is asked
    assert answer.problems == ("approval by a person was not requested",)


def test_sending_is_a_dry_run_that_needs_no_approval():
    answer = ToolBox("").answer("send_alert", {"severity": "info", "message": "look"})
    assert (answer.kind, answer.is_mutating, answer.problems) == ("dry_run", False, ())


def test_a_read_only_tool_asked_to_delete_changes_something():
    calls = [recorded("pods", "exec_read_only_kubectl_cmd", {"command": "kubectl get pods"})]
    box = ToolBox("", calls)
    assert box.answer("exec_read_only_kubectl_cmd", {"command": "kubectl get pods"}).text == "pods"
    deleted = box.answer("exec_read_only_kubectl_cmd", {"command": "kubectl delete pod web-0"})
    assert (deleted.kind, deleted.is_mutating) == ("dry_run", True)


def test_files_that_a_recorded_tool_returned_are_collected():
    mark = '__tools_attachment__={"filepath": "/tmp/heap.png", "mimetype": "image/png"}'
    box = ToolBox("", [recorded(f"done {mark}", "query_loki", {"query": "x"})])
    answer = box.answer("query_loki", {"query": "x"})
    assert answer.attachments == (Attachment("/tmp/heap.png", "image/png"),)


def test_looking_at_a_call_does_not_answer_it():
    pods = {"resource": "pods"}
    box = ToolBox("", [recorded(text, "kubectl_get", pods) for text in ("first", "second")])
    call = box.read("kubectl_get", json.dumps(pods))
    assert (call.arguments, call.is_offered, call.is_mutating) == (pods, True, False)
    assert box.answer("kubectl_get", pods).text == "first"


def test_nothing_opens_a_socket_a_file_or_a_process():
    """By an audit hook: Python reports each of them before it happens."""
    box = ToolBox(EVIDENCE, [recorded("a", "kubectl_get", {"resource": "nodes"})])
    forbidden = ("socket", "subprocess", "os", "open", "ctypes")
    happened: list[str] = []
    watching, here = True, threading.get_ident()

    def hook(event: str, _: tuple[Any, ...]) -> None:
        # Servers of other tests run in other threads.
        if watching and threading.get_ident() == here and event.split(".")[0] in forbidden:
            happened.append(event)

    sys.addaudithook(hook)
    calls = [
        ("kubectl_get", '{"resource": "nodes"}'),
        ("kubectl", '{"command": "kubectl delete namespace shop"}'),
        ("kubectl", '{"command": "kubectl get pods -n shop; curl http://127.0.0.1:9"}'),
        ("restart_deployment", '{"deployment": "web", "namespace": "shop"}'),
        ("send_alert", '{"severity": "critical", "message": "x"}'),
        ("kubectl_get", "{"),
        ("shell", '{"command": "touch /tmp/x"}'),
    ]
    kinds = [box.answer(name, arguments).kind for name, arguments in calls]
    watching = False
    assert kinds == ["recorded", "dry_run", "not_recorded", "dry_run", "dry_run",
                     "malformed_arguments", "not_offered"]  # fmt: skip
    assert happened == []
