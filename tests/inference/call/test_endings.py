"""How an answer ended, under every provider's word and spelling; and what is not an answer."""

from dataclasses import replace
from typing import Any

import pytest

from replay_assets.contracts.result import Usage
from replay_assets.inference.call.endings import Ending, ending_of
from tests.inference.calls import answered

WORDS: dict[Ending, str] = {
    "finished": "|stop|STOP|end_turn|eos_token|tool_calls|unknown",
    "cut": "length|MAX_TOKENS|maxTokens|max-tokens|FinishReason.MAX_TOKENS|FINISH_REASON_MAX_TOKENS"
    "|model_context_window_exceeded",
    "refused": "content_filter|ContentFiltered|SAFETY|FinishReason.RECITATION|sensitive|refusal"
    "|content_filter: PROHIBITED_CONTENT|guardrail_intervened",
    "failed": "error|ERROR|network_error|insufficient_system_resource|abort|timeout"
    "|MALFORMED_FUNCTION_CALL|FINISH_REASON_UNSPECIFIED|internal server error",
}


@pytest.mark.parametrize("ending", WORDS)
def test_a_finish_reason_is_read_in_any_spelling(ending: Ending) -> None:
    """A word that is not known changes nothing: the text is read."""
    words = WORDS[ending].split("|")
    assert {word: ending_of(word) for word in words} == dict.fromkeys(words, ending)


@pytest.mark.parametrize(
    ("changes", "is_answer"),
    [
        ({}, True),
        ({"finish_reason": "network_error"}, False),
        ({"content": "", "reasoning": None, "finish_reason": None}, False),
        ({"content": "", "reasoning": None}, True),
        ({"content": "", "reasoning": None, "usage": Usage(completion_tokens=0)}, False),
        ({"content": "", "finish_reason": "length", "usage": Usage(completion_tokens=0)}, True),
    ],
    ids=["answer", "failed", "nothing", "empty_answer", "no_token", "no_token_left"],
)
def test_a_kept_failure_of_a_provider_is_not_an_answer(
    changes: dict[str, Any], is_answer: bool
) -> None:
    """Earlier releases kept them as answers: such a question is asked again."""
    call = answered("key")
    assert call.completion is not None
    completion = replace(call.completion, **changes)
    assert answered("key", completion=completion).is_answer is is_answer
