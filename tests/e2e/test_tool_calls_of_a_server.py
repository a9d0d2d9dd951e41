"""Tool-calling cases asked of a real inference server: llama.cpp's, with a random model.

The model writes random tokens; its mark of a call, which is made likely, starts a grammar that the
server makes of the tools.
"""

from collections.abc import Iterator
from typing import Any

import pytest

from replay_assets.candidates.candidate import Candidate
from replay_assets.contracts.tool_case import ToolCallingResult
from replay_assets.inference import RunStores, SendingGate
from replay_assets.sanitizing import rules_of, token_rules
from replay_assets.tool_calling.cases import read_cases, shipped_cases
from replay_assets.tool_calling.runner import run_cases

pytestmark = pytest.mark.llama
CASES = read_cases([shipped_cases()])[::4]


@pytest.fixture(scope="module")
def entry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    """A candidate at llama.cpp's server with a model made here."""
    pytest.importorskip("xllamacpp")
    from tests.e2e.tiny_model import CALL_MARKS, CALL_TEMPLATE, END, serving, write_tiny_model

    model = tmp_path_factory.mktemp("model") / "tiny.gguf"
    tokens = write_tiny_model(model, marks=CALL_MARKS)
    bias = {'"': 5.0, CALL_MARKS[0]: 7.0, END: 5.0}
    with serving(model, template=CALL_TEMPLATE) as base_url:
        yield {
            "id": "tiny",
            "model": "tiny",
            "base_url": base_url,
            "sampling": {
                "temperature": 1.0,
                "seed": 7,
                "max_tokens": 150,
                "logit_bias": {str(tokens.index(token)): value for token, value in bias.items()},
            },
            "limits": {"concurrency": 2, "timeout_s": 60},
        }


def asked(entry: dict[str, Any], **more: Any) -> list[ToolCallingResult]:
    return run_cases(
        CASES,
        Candidate.model_validate({**entry, **more}),
        api_key=None,
        stores=RunStores.in_memory(),
        work="tiny",
        gate=SendingGate(rules=token_rules(rules_of(None))),
    )


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
def test_each_case_has_one_result_whatever_the_model_calls(entry: dict[str, Any], stream: bool):
    """Calls bound by a grammar name a tool of their case; only a cut one can't be read."""
    results = asked(entry, stream=stream)
    assert [one.case_id for one in results] == [case.id for case in CASES]
    assert {one.outcome for one in results} <= {"answered", "length_stop"}
    assert any(one.calls for one in results)
    for case, one in zip(CASES, results, strict=True):
        assert {call.name for call in one.calls} <= case.functions.keys()
        assert one.code != "malformed_arguments" or one.outcome == "length_stop"
        assert one.usage is not None


def test_without_tool_calls_the_same_model_is_graded_too(entry: dict[str, Any]):
    """Tools in the prompt, and a JSON answer that the server's grammar keeps."""
    results = asked(entry, tool_mode="prompted")
    assert [one.case_id for one in results] == [case.id for case in CASES]
    assert {one.outcome for one in results} <= {"answered", "length_stop"}
