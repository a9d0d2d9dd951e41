"""The OpenAI-compatible application: `/v1/models` and `/v1/chat/completions`."""

import asyncio
import json
from functools import lru_cache
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from replay_assets.inference.stand_in.baselines import BASELINES, Conversation, answer_text
from replay_assets.inference.stand_in.faults import HANG_S, FaultPlan

CHARACTERS_PER_TOKEN = 4


@lru_cache(maxsize=1)
def embedded_app() -> Starlette:
    """Return the application of the embedded candidates: no latency, no faults."""
    return stand_in_app(FaultPlan())


def stand_in_app(plan: FaultPlan) -> Starlette:
    """Return an application that answers as the plan says."""

    async def models(_: Request) -> Response:
        data = [{"id": name, "object": "model", "owned_by": "replay_assets"} for name in BASELINES]
        return JSONResponse({"object": "list", "data": data})

    async def completions(request: Request) -> Response:
        if plan.latency_ms:
            await asyncio.sleep(plan.latency_ms / 1000)
        fault = plan.draw()
        if fault == "429":
            return _error(429, "rate limited, on purpose", headers={"Retry-After": "1"})
        if fault == "500":
            return _error(500, "internal error, on purpose")
        if fault == "not_json":
            return PlainTextResponse("<html>upstream error, on purpose</html>")
        if fault == "hang":
            await asyncio.sleep(HANG_S)
        return _answer(await request.body(), wrong_contract=fault == "wrong_contract")

    return Starlette(
        routes=[
            Route("/v1/models", models),
            Route("/v1/chat/completions", completions, methods=["POST"]),
        ]
    )


def _answer(body: bytes, *, wrong_contract: bool) -> Response:
    try:
        asked = json.loads(body)
        model, messages = str(asked["model"]), asked["messages"]
        chat = Conversation(
            instructions=_text(messages, "system"), question=_text(messages, "user")
        )
    except (ValueError, LookupError, TypeError) as error:
        return _error(400, f"expected a JSON body with model and messages: {error!r}")
    if model not in BASELINES:
        return _error(404, f"unknown model {model!r}; there are {', '.join(BASELINES)}")
    content = '{"proposed_action": "none"}' if wrong_contract else answer_text(model, chat)
    return JSONResponse(_completion(model, content, prompt=chat.instructions + chat.question))


def _text(messages: list[dict[str, Any]], role: str) -> str:
    return "\n".join(str(message["content"]) for message in messages if message["role"] == role)


def _completion(model: str, content: str, *, prompt: str) -> dict[str, Any]:
    tokens = [len(text) // CHARACTERS_PER_TOKEN for text in (prompt, content)]
    return {
        "id": "chatcmpl-stand-in",
        "object": "chat.completion",
        "model": model,
        "choices": [
            {
                "index": 0,
                "message": {"role": "assistant", "content": content},
                "finish_reason": "stop",
            }
        ],
        "usage": {
            "prompt_tokens": tokens[0],
            "completion_tokens": tokens[1],
            "total_tokens": sum(tokens),
        },
    }


def _error(status: int, message: str, headers: dict[str, str] | None = None) -> Response:
    return JSONResponse({"error": {"message": message}}, status_code=status, headers=headers)
