"""Reads the tokens that an endpoint reports, in the fields and by the counts of many providers.

`Usage` counts reasoning within completion tokens and cached tokens within prompt tokens. What is
read is never less than what the endpoint charges, because budgets are kept by it.
"""

import re
from collections.abc import Mapping
from typing import Any

from replay_assets.contracts.result import Usage

MOST_TOKENS = 2**63 - 1
"""The largest number an integer column can hold; larger values are not counts."""
COUNT = re.compile(r"[0-9]{1,18}")
_NAMES = {
    "prompt": ("prompt_tokens", "input_tokens", "inputTokens", "promptTokens"),
    "completion": ("completion_tokens", "output_tokens", "outputTokens", "completionTokens"),
    "total": ("total_tokens", "totalTokens"),
    "reasoning": (
        ("completion_tokens_details", "reasoning_tokens"),
        ("output_tokens_details", "reasoning_tokens"),
        "reasoning_tokens",
    ),
    "cached": (
        ("prompt_tokens_details", "cached_tokens"),
        ("input_tokens_details", "cached_tokens"),
        *("prompt_cache_hit_tokens", "cached_tokens", "cache_read_input_tokens"),
    ),
}
"""Where a count may be; a pair is a field within a group. The first one that is not 0 is used."""


def reported_usage(payload: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the usage of a completion or a chunk, which may be in its choice or in `x_groq`."""
    usage = payload.get("usage")
    found: dict[str, Any] = {}
    if isinstance(usage, dict):
        if usage.get("total_tokens"):
            return usage
        merged(found, usage)
    choices = payload.get("choices")
    for holder in (payload.get("x_groq"), choices[0] if choices else None):
        if isinstance(holder, dict) and isinstance(holder.get("usage"), dict):
            merged(found, holder["usage"])
    return found


def merged(usage: dict[str, Any], later: Mapping[str, Any]) -> None:
    """Add a later report to a usage: a count of 0 does not replace one that is known."""
    for name, value in later.items():
        if value or name not in usage:
            usage[name] = value


def usage_of(reported: Mapping[str, Any], *, is_empty: bool) -> Usage:
    """Return the reported tokens; a value that is not a count is unknown (None), never 0.

    Args:
        reported: the usage as the endpoint reports it.
        is_empty: whether the model wrote nothing. Else no tokens are a count that is missing.
    """
    found = {name: _first(reported, places) for name, places in _NAMES.items()}
    prompt, completion, total = found["prompt"], found["completion"], found["total"]
    reasoning, cached = found["reasoning"], found["cached"]
    total = total or None
    prompt = prompt or None  # some gateways report 0 for what they don't count
    if not is_empty:
        completion = completion or None
    if prompt is not None and "cache_read_input_tokens" in reported and _is_native(reported):
        prompt += (cached or 0) + (_count(reported.get("cache_creation_input_tokens")) or 0)
    if total is not None:
        prompt, completion = _rest(total, prompt, completion), _rest(total, completion, prompt)
    if prompt is not None and completion is not None:
        prompt, completion, reasoning = _within(prompt, completion, total, reasoning, cached)
    return Usage(
        prompt_tokens=prompt,
        completion_tokens=completion,
        total_tokens=total,
        reasoning_tokens=reasoning,
        cached_tokens=cached,
    )


def _is_native(reported: Mapping[str, Any]) -> bool:
    """Return whether it is Anthropic's own form, which counts cached tokens next to the input."""
    return "input_tokens" in reported and "prompt_tokens" not in reported


def _rest(total: int, count: int | None, other: int | None) -> int | None:
    """Return a count, or what the other one leaves of the total if it is unknown or 0."""
    return total - other if not count and other is not None and total > other else count


def _within(
    prompt: int, completion: int, total: int | None, reasoning: int | None, cached: int | None
) -> tuple[int, int, int | None]:
    """Return prompt, completion and reasoning tokens, each with what a provider counts next to it.

    A total beyond prompt and completion has tokens of reasoning, or cached tokens of the prompt.
    """
    beyond = 0 if total is None else total - prompt - completion
    if cached is not None and (cached > prompt or (0 < beyond == cached != reasoning)):
        prompt += cached
        beyond -= cached
    if reasoning is not None and reasoning > completion and beyond < reasoning:
        beyond = reasoning
    if beyond <= 0:
        return prompt, completion, reasoning
    return prompt, completion + beyond, beyond if reasoning is None else reasoning


def _first(reported: Mapping[str, Any], places: tuple[str | tuple[str, str], ...]) -> int | None:
    """Return the first count that is not 0; 0 if there are only such, None if there are none."""
    found = None
    for place in places:
        if place.__class__ is str:
            value = reported.get(place)
        elif isinstance(group := reported.get(place[0]), dict):
            value = group.get(place[1])
        else:
            continue
        if value is not None and (count := _count(value)) is not None:
            if count:
                return count
            found = count
    return found


def _count(value: object) -> int | None:
    """Return a count, which some gateways write as a text or as a number with a point."""
    # Not `isinstance`, because True and False are integers too.
    if type(value) is int:
        return value if 0 <= value <= MOST_TOKENS else None
    if isinstance(value, str):
        return int(value) if COUNT.fullmatch(value) else None
    return int(value) if isinstance(value, float) and 0 <= value == value // 1 < 2**53 else None
