"""OpenAI's chat protocol: building a request's body and reading a response.

A response that is not a chat completion is kept separate from a completion without useful content:
the first is a fault of the infrastructure, the second is the model's answer.
"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import msgspec

from replay_assets.candidates import Candidate
from replay_assets.inference.call import AssistantMessage, Message, ResponseMode, ending_of
from replay_assets.inference.chat.error_text import says_error
from replay_assets.inference.chat.event_stream import is_stream, joined, joined_lines, without_bom
from replay_assets.inference.chat.json_values import decoded, whole_text
from replay_assets.inference.chat.message_parts import Texts, texts_of
from replay_assets.inference.chat.response_format import end_of_body
from replay_assets.inference.chat.tool_calls import calls_of
from replay_assets.inference.chat.usage import reported_usage, usage_of
from replay_assets.parsing.reasoning import split_reasoning


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
    tools: Sequence[Mapping[str, Any]] = (),
) -> ChatBody:
    """Return the body of a request."""
    own = {
        **candidate.sampling.model_dump(mode="json", exclude_none=True),
        "model": candidate.model,
        "messages": messages,
    }
    if candidate.stream:
        own["stream"] = True
        if candidate.stream_options:
            # A stream reports its usage only if asked to; without usage its cost is unknown.
            own["stream_options"] = {"include_usage": True}
    if tools:
        own["tools"], own["tool_choice"] = tools, "auto"
    end = end_of_body(mode, schema)
    # The end is appended as bytes: it is encoded only once per run, and searched once.
    return ChatBody(msgspec.json.encode(own)[:-1] + end, end)


def read_completion(body: bytes) -> AssistantMessage | None:
    """Return the content of a successful response, streamed or not; None if not a completion."""
    body = without_bom(body)
    try:
        payload = joined(body) if is_stream(body) else _json(body)
        choice = payload["choices"][0]
        message = choice.get("message")
        # Without a text, some servers leave the message out.
        if message is None and ending_of(_finish_reason(choice)) in ("cut", "refused"):
            message = {}
        if any(map(says_error, (payload, choice, message))):
            return None
        return _message_of(payload, choice, message)
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
        return None


def _json(body: bytes) -> Any:  # noqa: ANN401 - any JSON value
    """Return the JSON value of a body, which may be followed by the end mark of a stream.

    Chunks in lines, without the fields of events, are joined.
    """
    try:
        return decoded(body)
    except ValueError:
        whole = body.rstrip()
        if whole.endswith(b"[DONE]") and b"\ndata:" in whole:
            return decoded(whole[: whole.rindex(b"data:")])
        return joined_lines(whole)


def _message_of(
    payload: dict[str, Any], choice: dict[str, Any], message: dict[str, Any]
) -> AssistantMessage:
    texts, calls = texts_of(message), calls_of(message)
    if not (texts.content or calls):
        texts = _answer_in_content(texts)
    content, thought = split_reasoning(_without_half_pairs(texts.content))
    return AssistantMessage(
        content=content,
        reasoning=_without_half_pairs(texts.reasoning) or thought,
        refusal=_without_half_pairs(texts.refusal),
        finish_reason=_finish_reason(choice),
        usage=usage_of(reported_usage(payload), is_empty=not (calls or any(texts))),
        calls=calls,
    )


def _answer_in_content(texts: Texts) -> Texts:
    """Return the texts of a message with a JSON object in the content, not in the reasoning.

    vLLM's parsers of reasoning return an answer there that was kept to a schema, or that began
    without reasoning: the content is then null. No model reasons in one JSON object.
    """
    reasoning = (texts.reasoning or "").strip()
    if not reasoning.startswith("{"):
        return texts
    try:
        decoded(reasoning.encode("utf-8", "replace"))
    except (ValueError, RecursionError):
        return texts
    return Texts(reasoning, None, texts.refusal)


def _finish_reason(choice: Mapping[str, Any]) -> str | None:
    """Return why a choice ended: in the provider's word, if a gateway has made `stop` of it."""
    reason = choice.get("finish_reason")
    if isinstance(reason, dict):  # SGLang writes its details too
        reason = reason.get("type")
    reason, native = _text(reason), None
    if "native_finish_reason" in choice:
        native = _text(choice["native_finish_reason"])
    if native is None or ending_of(reason) != "finished":
        return reason
    return native if reason is None or ending_of(native) != "finished" else reason


def _text(value: Any) -> str | None:  # noqa: ANN401 - any JSON value
    return _without_half_pairs(value) if isinstance(value, str) else None


def _without_half_pairs(text: Any) -> str | None:  # noqa: ANN401 - any JSON value
    """Return a text without half surrogate pairs; None if it is None."""
    return None if text is None else whole_text(str(text))
