"""OpenAI's chat protocol: building a request's body and reading a response.

A response that is not a chat completion is kept separate from a completion without useful content:
the first is a fault of the infrastructure, the second is the model's answer.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import msgspec

from replay_assets.candidates import Candidate
from replay_assets.contracts.result import Usage
from replay_assets.inference.call.completion import AssistantMessage, ResponseMode
from replay_assets.inference.call.question import Message
from replay_assets.inference.chat.reasoning import split_reasoning
from replay_assets.inference.chat.response_format import end_of_body

MOST_TOKENS = 2**63 - 1
"""The largest number an integer column can hold; larger values are not counts."""
REASONING_FIELDS = ("reasoning_content", "reasoning")


class ChatBody(NamedTuple):
    """The body of a request, and the end that all bodies of its run share."""

    content: bytes
    end: bytes


def chat_body(
    candidate: Candidate,
    messages: Sequence[Message],
    *,
    mode: ResponseMode,
    schema: Mapping[str, Any] | None,
) -> ChatBody:
    """Return the body of a request."""
    own = {
        **candidate.sampling.model_dump(mode="json", exclude_none=True),
        "model": candidate.model,
        "messages": messages,
    }
    if candidate.stream:
        # A stream reports its usage only if asked to; without usage its cost is unknown.
        own |= {"stream": True, "stream_options": {"include_usage": True}}
    end = end_of_body(mode, schema)
    # The end is appended as bytes: it is encoded only once per run, and searched once.
    return ChatBody(msgspec.json.encode(own)[:-1] + end, end)


def read_completion(body: bytes, *, streamed: bool) -> AssistantMessage | None:
    """Return the content of a successful response; None if it is not a completion."""
    try:
        payload = _joined(body) if streamed else _decoded(body)
        choice = payload["choices"][0]
        message = choice["message"]
        if not isinstance(message, dict) or not isinstance(message.get("content"), str | None):
            return None
        return _message_of(payload, choice, message)
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
        return None


def _message_of(
    payload: dict[str, Any], choice: dict[str, Any], message: dict[str, Any]
) -> AssistantMessage:
    content = _without_half_pairs(message.get("content"))
    reasoning = next((message[name] for name in REASONING_FIELDS if message.get(name)), None)
    content, thought = split_reasoning(content)
    return AssistantMessage(
        content=content,
        reasoning=_without_half_pairs(reasoning) or thought,
        refusal=_without_half_pairs(message.get("refusal")),
        finish_reason=_without_half_pairs(choice.get("finish_reason")),
        usage=_usage(payload.get("usage")),
    )


def _joined(body: bytes) -> dict[str, Any]:
    """Return the chunks of a stream joined to one completion.

    Raises:
        ValueError: the stream is incomplete: it has no finish reason and no end mark.
    """
    texts: dict[str, list[str]] = {name: [] for name in ("content", "refusal", *REASONING_FIELDS)}
    finish_reason, usage, done = None, None, False
    for line in body.split(b"\n"):
        if not line.startswith(b"data:"):
            continue
        data = line[5:].strip()
        if data == b"[DONE]":
            done = True
            continue
        chunk = _decoded(data)
        usage = chunk.get("usage") or usage
        for choice in _choices(chunk):
            finish_reason = choice.get("finish_reason") or finish_reason
            for name, parts in texts.items():
                if part := (choice.get("delta") or {}).get(name):
                    parts.append(part)
    if not done and finish_reason is None:
        raise ValueError("an incomplete stream")
    message = {name: "".join(parts) or None for name, parts in texts.items()}
    return {"choices": [{"message": message, "finish_reason": finish_reason}], "usage": usage}


def _choices(chunk: dict[str, Any]) -> Any:  # noqa: ANN401 - any JSON value
    """Return the choices of a chunk; empty if it has only the usage, as some gateways send it.

    Raises:
        LookupError: it has neither, like an error sent within a stream.
    """
    if chunk.get("usage") and not chunk.get("error"):
        return chunk.get("choices") or ()
    return chunk["choices"]


def _decoded(body: bytes) -> Any:  # noqa: ANN401 - any JSON value
    """Return a JSON value; half surrogate pairs and NaN are accepted: some servers write them."""
    try:
        return msgspec.json.decode(body)
    except ValueError:
        return json.loads(body)


def _usage(reported: Any) -> Usage:  # noqa: ANN401 - any JSON value
    """Return the reported tokens; a value that is not a count is unknown (None), never 0."""
    if not isinstance(reported, dict):
        return Usage()
    return Usage(
        prompt_tokens=_count(reported.get("prompt_tokens")),
        completion_tokens=_count(reported.get("completion_tokens")),
        total_tokens=_count(reported.get("total_tokens")),
        reasoning_tokens=_detail(reported, "completion_tokens_details", "reasoning_tokens"),
        cached_tokens=_detail(reported, "prompt_tokens_details", "cached_tokens"),
    )


def _detail(reported: dict[str, Any], group: str, name: str) -> int | None:
    details = reported.get(group)
    return _count(details.get(name)) if isinstance(details, dict) else None


def _count(value: object) -> int | None:
    # Not `isinstance`, because True and False are integers too.
    return value if type(value) is int and 0 <= value <= MOST_TOKENS else None


def _without_half_pairs(text: Any) -> str | None:  # noqa: ANN401 - any JSON value
    """Return a text without half surrogate pairs, which JSON can contain but files can't."""
    return None if text is None else str(text).encode("utf-8", "replace").decode()
