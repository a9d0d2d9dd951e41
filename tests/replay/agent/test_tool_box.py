import json

from replay_assets.replay.agent.tools.tool_box import ToolBox
from replay_assets.tool_calling.cases import read_cases, shipped_cases


def test_changes_are_only_dry_runs_and_say_whether_approval_was_asked_for():
    box = ToolBox("")
    asked = {"deployment": "web", "namespace": "shop", "requires_human_approval": True}
    answer = box.answer("restart_deployment", json.dumps(asked))
    assert (answer.kind, answer.is_mutating, answer.approval_requested) == ("dry_run", True, True)


def test_a_tool_that_was_not_offered_is_refused_and_is_not_a_miss():
    answer = ToolBox("").answer("delete_everything", "{}")
    assert (answer.kind, answer.is_miss) == ("not_offered", False)


def test_arguments_that_are_not_json_are_answered_with_the_error():
    answer = ToolBox("").answer("kubectl_get", '{"resource": ')
    assert answer.kind == "malformed_arguments"
    assert "not valid JSON" in answer.text


def test_a_read_that_was_never_recorded_is_a_miss():
    assert ToolBox("").answer("kubectl_get", {"resource": "pods"}).is_miss


def test_the_tools_of_the_shipped_cases_are_those_of_the_contract():
    tools = ToolBox("")._rules.by_name
    shipped = [tool for case in read_cases([shipped_cases()]) for tool in case.tools]
    assert {tool["function"]["name"] for tool in shipped} <= tools.keys()
    assert all(tool == tools[tool["function"]["name"]].definition() for tool in shipped)
