"""One result per case: right for an oracle, and with its outcome whatever the endpoint does."""

import json
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from starlette.responses import JSONResponse, Response

from replay_assets.contracts.tool_case import ToolCallingResult, ToolCase
from replay_assets.inference import RunStores, SendingGate
from replay_assets.sanitizing import rules_of, token_rules
from replay_assets.tool_calling.cases import read_cases, shipped_cases
from replay_assets.tool_calling.runner import run_cases
from tests.inference.scripted_server import (
    Body,
    Reply,
    Script,
    ScriptedServer,
    candidate,
    completion,
    payload,
    status,
)
from tests.tool_calling.oracle import (
    EVERY_MISTAKE,
    FILE,
    Calls,
    answer_with,
    case_of,
    needs_cases,
    planted,
    right_calls,
)

CASE = case_of(
    {"match": "all", "calls": [{"name": "act", "arguments": {"n": [1]}}]}, n={"type": "integer"}
)
NO_TOOL = case_of({"match": "none"})


@pytest.fixture
def server(shared_server: ScriptedServer) -> Script:
    return shared_server.new_script()


def run(
    server: Script,
    cases: Sequence[ToolCase],
    *,
    stores: RunStores | None = None,
    secrets: Sequence[str] = (),
    **changes: Any,
) -> list[ToolCallingResult]:
    limits = {"concurrency": 8, "timeout_s": 5, "retry_budget_s": 0.05}
    return run_cases(
        cases,
        candidate(server.base_url, **{"limits": limits, **changes}),
        api_key=None,
        stores=stores or RunStores.in_memory(),
        work="run",
        gate=SendingGate(secrets=secrets, rules=token_rules(rules_of(None))),
    )


def called(*calls: tuple[str, Any], finish_reason: str = "tool_calls", **message: Any) -> Reply:
    entries = [{"function": {"name": name, "arguments": text}} for name, text in calls]
    return payload(
        {
            "choices": [
                {
                    "message": {"content": None, "tool_calls": entries, **message},
                    "finish_reason": finish_reason,
                }
            ]
        }
    )


def oracle(cases: Sequence[ToolCase], answer: Callable[[ToolCase], Calls]) -> Reply:
    """A reply that answers each case as `answer` says."""
    by_request = {_request(case.messages[-1], case.tools): case for case in cases}

    async def reply(body: Body) -> Response:
        calls = answer(by_request[_request(body["messages"][-1], body["tools"])])
        entries = [
            {"function": {"name": one.name, "arguments": json.dumps(one.arguments)}}
            for one in calls
        ]
        message = {"content": None if entries else "No tool fits.", "tool_calls": entries or None}
        return JSONResponse({"choices": [{"message": message, "finish_reason": "stop"}]})

    return reply


def _request(message: Any, tools: Any) -> str:
    return json.dumps([message, tools], sort_keys=True)


def test_an_oracle_gets_every_shipped_case_right(server: Script):
    """Asked through the client, in the order of the file."""
    cases = read_cases([shipped_cases()])
    server.answers(oracle(cases, right_calls))
    results = run(server, cases)
    assert [one.case_id for one in results] == [case.id for case in cases]
    assert [one.case_id for one in results if one.right is not True] == []


@needs_cases
def test_an_oracle_gets_every_collected_case_right(server: Script):
    """Their tools and messages are sent as they are."""
    cases = read_cases([FILE])
    server.answers(oracle(cases, right_calls))
    assert [one.case_id for one in run(server, cases) if one.right is not True] == []


@pytest.mark.parametrize("name", [one for one in EVERY_MISTAKE if one != "unreadable arguments"])
def test_a_planted_mistake_costs_what_it_should(server: Script, name: str):
    """Every case in which it can be made, and no other."""
    cases = read_cases([shipped_cases()])[::2]
    made = {case.id for case in cases if planted(case, name) is not None}
    server.answers(oracle(cases, lambda case: answer_with(case, name)))
    code, _ = EVERY_MISTAKE[name]
    assert made
    assert {one.case_id: one.code for one in run(server, cases) if one.code} == dict.fromkeys(
        made, code
    )


def test_the_shipped_cases_are_varied():
    """Eight of the original, sixty and more of our own, a quarter of them without a right tool."""
    cases = read_cases([shipped_cases()])
    own = [case for case in cases if case.category != "original"]
    assert len(cases) - len(own) == 8
    assert len(own) >= 60
    assert sum(case.expected.match == "none" for case in own) >= len(own) / 4
    assert {len(case.expected.calls) for case in cases} >= {0, 1, 2, 3}


@pytest.mark.parametrize(
    ("reply", "outcome", "code"),
    [
        (called(("act", '{"n": 1}')), "answered", None),
        (called(("act", {"n": 1})), "answered", None),
        (called(("act", '{"n": 1}'), finish_reason="length"), "answered", None),
        (called(("act", '{"n": ')), "answered", "malformed_arguments"),
        (called(("act", '{"n": '), finish_reason="length"), "length_stop", "malformed_arguments"),
        (called(("act", "[1]")), "answered", "malformed_arguments"),
        (called(("act", f'{{"n": {"[" * 400}{"]" * 400}}}')), "answered", "malformed_arguments"),
        (
            called(tool_calls=[], finish_reason="function_call_filter: MALFORMED_FUNCTION_CALL"),
            "answered",
            "malformed_arguments",
        ),
        (
            status(400, '{"error": {"code": "tool_use_failed", "failed_generation": "<function"}}'),
            "answered",
            "malformed_arguments",
        ),
        (called(("act", "")), "answered", "missing_parameter"),
        (called(("ACT", '{"n": 1}')), "answered", "unknown_tool"),
        (called(("look", '{"n": 1}')), "answered", "wrong_tool"),
        (called(("act", '{"n": 1}'), ("act", '{"n": 1}')), "answered", "superfluous_call"),
        (called(("act", '{"n": 1, "m": 2}')), "answered", "unexpected_parameter"),
        (called(("act", '{"n": "1"}')), "answered", "wrong_type"),
        (called(("act", '{"n": 2}')), "answered", "wrong_value"),
        (
            called(tool_calls=None, content="No tool fits.", finish_reason="stop"),
            "answered",
            "no_call",
        ),
        (called(content="I think", finish_reason="length"), "length_stop", "no_call"),
        (called(content="", refusal="I can't.", finish_reason="stop"), "model_refusal", "no_call"),
        (called(content="", finish_reason="content_filter"), "model_refusal", "no_call"),
        (status(400, '{"error": "the model does not support tools"}'), "tools_refused", None),
        (status(400, '{"error": {"message": "prompt is too long"}}'), "request_rejected", None),
        (
            status(
                400, '{"error": {"message": "Invalid name", "param": "tools[0].function.name"}}'
            ),
            "request_rejected",
            None,
        ),
        (status(500), "infrastructure_failure", None),
        (payload({"answer": 1}), "infrastructure_failure", None),
    ],
)
def test_every_reply_gives_one_result(server: Script, reply: Reply, outcome: str, code: str | None):
    """A failed call is not graded, and not wrong."""
    server.answers(reply)
    (result,) = run(server, [CASE])
    assert (result.outcome, result.code) == (outcome, code)
    is_graded = outcome in ("answered", "length_stop", "model_refusal")
    assert (result.right, result.name_right is None) == (
        (code is None) if is_graded else None,
        not is_graded,
    )


@pytest.mark.parametrize(
    ("reason", "outcome", "right"),
    [
        *((one, "answered", True) for one in ("tool_calls", "stop", "STOP", "end_turn", None)),
        *((one, "answered", True) for one in ("function_call", "eos_token", "something_new")),
        *((one, "answered", True) for one in ("length", "MAX_TOKENS", "content_filter")),
        *((one, "infrastructure_failure", None) for one in ("error", "overloaded", "abort")),
    ],
)
def test_a_complete_call_counts_whatever_the_finish_reason(
    server: Script, reason: Any, outcome: str, right: bool | None
):
    """Unless the provider reports that it failed: then the answer is not the model's."""
    server.answers(called(("act", '{"n": 1}'), finish_reason=reason))
    (result,) = run(server, [CASE])
    assert (result.outcome, result.right) == (outcome, right)


def test_several_calls_of_one_answer_are_graded_together(server: Script):
    """In any order; one of them missing has its code."""
    calls = [{"name": "act", "arguments": {"n": [1]}}, {"name": "look", "arguments": {"n": [2]}}]
    case = case_of({"match": "all", "calls": calls}, n={"type": "integer"})
    server.answers(called(("look", '{"n": 2}'), ("act", '{"n": 1}')), called(("act", '{"n": 1}')))
    assert run(server, [case])[0].right is True
    assert run(server, [case])[0].code == "missing_call"


@pytest.mark.parametrize("cut", [b"\xe6", b"\xe6\xa9", b"\\", b"\\u6a", b'"', b"{"])
def test_arguments_may_be_streamed_in_pieces_cut_anywhere(server: Script, cut: bytes):
    """Within the bytes of a character, and within an escape."""
    where = {"match": "all", "calls": [{"name": "act", "arguments": {"where": ["機房\n機"]}}]}
    text = '{"where": "機房\\n\\u6a5f"}'.encode()
    place = text.index(cut) + len(cut)
    server.answers(streamed(text[:place], text[place:]))
    (result,) = run(server, [case_of(where, where={"type": "string"})], stream=True)
    assert (result.outcome, result.code) == ("answered", None)


def streamed(*pieces: bytes) -> Reply:
    """A reply that streams the arguments of one call in pieces, each in an event."""
    heads = [b'"name": "act", ', *[b""] * (len(pieces) - 1)]
    events = [
        b'data: {"choices": [{"index": 0, "delta": {"tool_calls": [{"index": 0, "function": '
        b'{%b"arguments": "%b"}}]}}]}\n\n' % (head, _escaped(piece))
        for head, piece in zip(heads, pieces, strict=True)
    ]
    events.append(b'data: {"choices": [{"delta": {}, "finish_reason": "tool_calls"}]}\n\n')

    async def reply(_: Body) -> Response:
        content = b"".join([*events, b"data: [DONE]\n\n"])
        return Response(content, media_type="text/event-stream")

    return reply


def _escaped(piece: bytes) -> bytes:
    """A piece of JSON within a JSON text; `json.dumps` takes whole characters only."""
    return piece.replace(b"\\", b"\\\\").replace(b'"', b'\\"')


def test_silence_is_right_if_no_tool_is(server: Script):
    """Also in the form of a refusal."""
    server.answers(called(tool_calls=None, content="None."), called(refusal="I can't."))
    assert run(server, [NO_TOOL])[0].right is True
    assert run(server, [NO_TOOL])[0].right is True


def test_a_case_without_any_tool_is_asked_as_text(server: Script):
    """An empty list of tools is rejected by many endpoints."""
    server.answers(completion("There is no tool."))
    (result,) = run(server, [NO_TOOL.model_copy(update={"tools": []})])
    assert result.right is True
    assert {"tools", "tool_choice", "response_format"}.isdisjoint(server.bodies[0])


def test_calls_in_the_text_are_counted_and_graded_only_if_the_candidate_says_so(server: Script):
    """Else they are what a user of this endpoint would get: no call."""
    server.answers(completion('<tool_call>{"name": "act", "arguments": {"n": 1}}</tool_call>'))
    (result,) = run(server, [CASE])
    assert (result.calls_in_text, result.calls, result.code) == (1, [], "no_call")
    (result,) = run(server, [CASE], grade_calls_in_text=True)
    assert (result.calls_in_text, result.right) == (1, True)


@pytest.mark.parametrize(
    ("content", "code"),
    [
        ('{"calls": [{"name": "act", "arguments": {"n": 1}}]}', None),
        ('Here:\n```json\n{"calls": [{"name": "act", "arguments": {"n": 1}}]}\n```', None),
        ('{"calls": []}', "no_call"),
        ("No tool fits.", "no_call"),
    ],
)
def test_a_prompted_candidate_is_asked_in_text(server: Script, content: str, code: str | None):
    """Its tools are in the prompt, its calls in a JSON answer."""
    server.answers(completion(content))
    (result,) = run(server, [CASE], tool_mode="prompted")
    assert result.code == code
    assert "tools" not in server.bodies[0]
    assert '"name": "act"' in server.bodies[0]["messages"][0]["content"]


def test_a_finished_run_asks_nothing_again(server: Script):
    """Answers are kept; a failed call is asked again."""
    stores, cases = RunStores.in_memory(), [CASE, NO_TOOL.model_copy(update={"id": "two"})]
    server.answers(called(("act", '{"n": 1}')))
    first = run(server, cases, stores=stores)
    asked = len(server.bodies)
    assert run(server, cases, stores=stores) == first
    assert len(server.bodies) == asked


@pytest.mark.parametrize(
    ("text", "outcome"),
    [
        ("Mail ann@example.org about 203.0.113.7.", "answered"),
        ("Use the key in-use-key-12345.", "gate_refused"),
        ("Use ghp_" + "a1B2c3D4" * 4 + "e5F6.", "gate_refused"),
    ],
)
def test_the_gate_looks_for_keys_and_tokens_only(server: Script, text: str, outcome: str):
    """Case files hold no incident: their mail and IP addresses may be sent."""
    server.answers(called(("act", json.dumps({"n": 1, "to": "ann@example.org"}))))
    case = CASE.model_copy(update={"messages": [{"role": "user", "content": text}]})
    (result,) = run(server, [case], secrets=["in-use-key-12345"])
    assert (result.outcome, result.right is None) == (outcome, outcome == "gate_refused")
    if outcome == "answered":  # graded as it came
        assert result.calls[0].arguments == {"n": 1, "to": "ann@example.org"}
