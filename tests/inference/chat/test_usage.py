"""Tokens as many providers report them: never less than what they charge."""

import json
from typing import Any

import pytest

from replay_assets.inference.chat.protocol import read_completion

PLAIN = {"prompt_tokens": 100, "completion_tokens": 20, "total_tokens": 120}
NONE = dict.fromkeys(PLAIN, 0)
DETAIL = {"completion_tokens_details": {"reasoning_tokens": 1000}}


def tokens_of(content: str = "x", **payload: Any) -> tuple[int | None, ...]:
    """Return prompt, completion, reasoning and cached tokens of a completion."""
    choice = {"message": {"content": content}, **payload.pop("choice", {})}
    found = read_completion(json.dumps({"choices": [choice], **payload}).encode())
    assert found is not None
    usage = found.usage
    return (
        usage.prompt_tokens,
        usage.completion_tokens,
        usage.reasoning_tokens,
        usage.cached_tokens,
    )


@pytest.mark.parametrize(
    ("usage", "tokens"),
    [
        (PLAIN, (100, 20, None, None)),
        ({"input_tokens": 100, "output_tokens": 20}, (100, 20, None, None)),
        ({"prompt_tokens": "100", "completion_tokens": 20.0}, (100, 20, None, None)),
        ({"prompt_tokens": True, "completion_tokens": -1}, (None, None, None, None)),
        ({**PLAIN, "total_tokens": 1120}, (100, 1020, 1000, None)),
        ({**PLAIN, **DETAIL, "total_tokens": 1120}, (100, 1020, 1000, None)),
        ({**PLAIN, **DETAIL}, (100, 1020, 1000, None)),
        ({"prompt_tokens": 100, "completion_tokens": 1020, **DETAIL}, (100, 1020, 1000, None)),
        ({"prompt_tokens": 100, "total_tokens": 120}, (100, 20, None, None)),
        ({**PLAIN, "cached_tokens": 90}, (100, 20, None, 90)),
        ({**PLAIN, "prompt_cache_hit_tokens": 90}, (100, 20, None, 90)),
        (
            {**PLAIN, "prompt_tokens_details": {"cached_tokens": 0}, "prompt_cache_hit_tokens": 9},
            (100, 20, None, 9),
        ),
        ({**PLAIN, "prompt_tokens_details": {"cached_tokens": 90}}, (100, 20, None, 90)),
        ({"input_tokens": 9, "output_tokens": 2, "cache_read_input_tokens": 90}, (99, 2, None, 90)),
        ({**PLAIN, "total_tokens": 210, "cached_tokens": 90}, (190, 20, None, 90)),
        (NONE, (None, None, None, None)),
        ({**PLAIN, "completion_tokens": 0, "total_tokens": 100}, (100, None, None, None)),
        ({**PLAIN, "prompt_tokens": 0, "completion_tokens": 20}, (100, 20, None, None)),
        ({**PLAIN, "prompt_tokens": 0, "total_tokens": 20}, (None, 20, None, None)),
        ({"inputTokens": 100, "outputTokens": 20, "totalTokens": 120}, (100, 20, None, None)),
        (
            {
                "input_tokens": 900,
                "output_tokens": 2,
                "cache_read_input_tokens": 90,
                "cache_creation_input_tokens": 10,
            },
            (1000, 2, None, 90),
        ),
        (None, (None, None, None, None)),
        ([PLAIN], (None, None, None, None)),
    ],
)
def test_tokens_are_read_as_the_provider_charges_them(
    usage: Any, tokens: tuple[int | None, ...]
) -> None:
    """Reasoning is counted within completion tokens, cached tokens within prompt tokens."""
    assert tokens_of(usage=usage) == tokens


def test_an_empty_answer_may_have_no_tokens() -> None:
    """A filter may have removed it; its prompt was read."""
    usage = {"prompt_tokens": 100, "completion_tokens": 0, "total_tokens": 100}
    assert tokens_of("", usage=usage) == (100, 0, None, None)


@pytest.mark.parametrize("nothing", [{}, {"usage": None}, {"usage": NONE}], ids=repr)
@pytest.mark.parametrize(
    "place", [{"choice": {"usage": PLAIN}}, {"x_groq": {"usage": PLAIN}}], ids=["choice", "groq"]
)
def test_usage_may_be_in_another_place(nothing: dict[str, Any], place: dict[str, Any]) -> None:
    """Kimi reports it in the choice, Groq in a field of its name."""
    assert tokens_of(**nothing, **place) == (100, 20, None, None)


@pytest.mark.parametrize(
    "reports",
    [
        [None, PLAIN, NONE],
        [{**PLAIN, "completion_tokens": 1}, PLAIN, None],
        [{"prompt_tokens": 100, "completion_tokens": 0}, {"completion_tokens": 20}],
    ],
    ids=["none_at_the_end", "growing", "in_two_chunks"],
)
def test_the_reports_of_a_stream_are_one(reports: list[Any]) -> None:
    """The last count of each kind that is not 0."""
    chunks = [{"choices": [{"delta": {"content": "x"}}], "usage": usage} for usage in reports]
    body = "".join(f"data: {json.dumps(chunk)}\n\n" for chunk in chunks) + "data: [DONE]\n\n"
    found = read_completion(body.encode())
    assert found is not None
    assert (found.usage.prompt_tokens, found.usage.completion_tokens) == (100, 20)
