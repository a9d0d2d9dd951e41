"""The OpenAI-compatible application of the baselines: `/v1/models` and `/v1/chat/completions`."""

import json
from functools import lru_cache
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from replay_assets.inference.baselines.baselines import BASELINES, Conversation, answer_text
from replay_assets.inference.baselines.investigating import (
    calls_of_sections,
    is_investigation,
    with_results,
)
from replay_assets.inference.baselines.tool_use import called_tools

CHARACTERS_PER_TOKEN = 4
NO_TOOL = "None of the tools."


class BadRequestError(ValueError):
    """A request that can't be answered; `status` is the HTTP status of the error."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


@lru_cache(maxsize=1)
def embedded_app() -> Starlette:
    """Return the application of the built-in candidates: no latency, no faults."""

    async def completions(request: Request) -> Response:
        return completion_response(await request.body())

    return Starlette(routes=[models_route(), completions_route(completions)])


def models_route() -> Route:
    """Return the route that lists the baselines."""

    async def models(_: Request) -> Response:
        data = [{"id": name, "object": "model", "owned_by": "replay_assets"} for name in BASELINES]
        return JSONResponse({"object": "list", "data": data})

    return Route("/v1/models", models)


def completions_route(endpoint: Any) -> Route:  # noqa: ANN401 - what Starlette takes
    """Return the route of chat completions, answered by `endpoint`."""
    return Route("/v1/chat/completions", endpoint, methods=["POST"])


def completion_response(body: bytes) -> Response:
    """Return the answer to a request body, or an error response with the reason."""
    try:
        return JSONResponse(completion_of(body))
    except BadRequestError as problem:
        return error_response(problem.status, str(problem))


def completion_of(body: bytes, *, content: str | None = None) -> dict[str, Any]:
    """Return the completion that answers a request body; `content` replaces the answer's text.

    Raises:
        BadRequestError: the body is not a chat request, or names an unknown model.
    """
    try:
        asked = json.loads(body)
        model, messages = str(asked["model"]), asked["messages"]
        chat = Conversation(
            instructions=_text(messages, "system"), question=_text(messages, "user")
        )
    except (ValueError, LookupError, TypeError) as problem:
        raise BadRequestError(
            400, f"expected a JSON body with model and messages: {problem!r}"
        ) from problem
    if model not in BASELINES:
        raise BadRequestError(404, f"unknown model {model!r}; use one of {', '.join(BASELINES)}")
    prompt = chat.instructions + chat.question
    if asked.get("tools") and content is None:
        if not is_investigation(chat):
            return _completion(model, None, prompt=prompt, calls=called_tools(model, asked, chat))
        if calls := calls_of_sections(model, asked, chat):
            return _completion(model, None, prompt=prompt, calls=calls)
        chat = with_results(asked, chat)
    answer = answer_text(model, chat) if content is None else content
    return _completion(model, answer, prompt=prompt)


def error_response(status: int, message: str, headers: dict[str, str] | None = None) -> Response:
    """Return an error in the format of OpenAI's protocol."""
    return JSONResponse({"error": {"message": message}}, status_code=status, headers=headers)


def _text(messages: list[dict[str, Any]], role: str) -> str:
    return "\n".join(str(message["content"]) for message in messages if message["role"] == role)


def _completion(
    model: str, content: str | None, *, prompt: str, calls: list[dict[str, Any]] | None = None
) -> dict[str, Any]:
    answer = content or (json.dumps(calls, ensure_ascii=False) if calls else NO_TOOL)
    tokens = [len(text) // CHARACTERS_PER_TOKEN for text in (prompt, answer)]
    message: dict[str, Any] = {"role": "assistant", "content": content}
    if calls:
        message["tool_calls"] = calls
    elif calls is not None:
        message["content"] = NO_TOOL
    return {
        "id": "chatcmpl-stand-in",
        "object": "chat.completion",
        "model": model,
        "choices": [
            {
                "index": 0,
                "message": message,
                "finish_reason": "tool_calls" if calls else "stop",
            }
        ],
        "usage": {
            "prompt_tokens": tokens[0],
            "completion_tokens": tokens[1],
            "total_tokens": sum(tokens),
        },
    }
