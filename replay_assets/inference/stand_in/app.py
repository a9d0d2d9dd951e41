"""The OpenAI-compatible application: `/v1/models` and `/v1/chat/completions`."""

import asyncio
import json
from functools import lru_cache
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from replay_assets.inference.stand_in.baselines import BASELINES, Conversation, answer_text
from replay_assets.inference.stand_in.broken import broken_response, error, too_many
from replay_assets.inference.stand_in.faults import SLOW_START_S, Fault, FaultPlan

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
        if (pause_s := plan.refuses_for_s()) > 0:
            return too_many(pause_s, tells_when=plan.tells_when)
        body = await request.body()
        fault = plan.draw(body)
        delay_s = plan.latency_ms / 1000 + (SLOW_START_S if fault == "slow_start" else 0.0)
        if delay_s:
            await asyncio.sleep(delay_s)
        broken = None if fault is None else broken_response(fault, request)
        return broken or _answer(body, fault)

    return Starlette(
        routes=[
            Route("/v1/models", models),
            Route("/v1/chat/completions", completions, methods=["POST"]),
        ]
    )


def _answer(body: bytes, fault: Fault | None) -> Response:
    try:
        asked = json.loads(body)
        model, messages = str(asked["model"]), asked["messages"]
        chat = Conversation(
            instructions=_text(messages, "system"), question=_text(messages, "user")
        )
    except (ValueError, LookupError, TypeError) as problem:
        return error(400, f"expected a JSON body with model and messages: {problem!r}")
    if model not in BASELINES:
        return error(404, f"unknown model {model!r}; there are {', '.join(BASELINES)}")
    wrong = fault == "wrong_contract"
    content = '{"proposed_action": "none"}' if wrong else answer_text(model, chat)
    completion = _completion(model, content, prompt=chat.instructions + chat.question)
    if fault == "wrong_usage":
        completion["usage"] = {"prompt_tokens": -1, "completion_tokens": "many"}
    return JSONResponse(completion)


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
