"""The baselines' application with latency, a rate limit and faults, following a plan."""

import asyncio

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from replay_assets.inference.baselines import (
    BadRequestError,
    completion_of,
    completions_route,
    error_response,
    models_route,
)
from replay_assets.inference.stand_in.broken import broken_response, too_many
from replay_assets.inference.stand_in.faults import SLOW_START_S, Fault, FaultPlan

WRONG_CONTRACT = '{"proposed_action": "none"}'


def stand_in_app(plan: FaultPlan) -> Starlette:
    """Return an application that answers according to the plan."""

    async def completions(request: Request) -> Response:
        if (pause_s := plan.retry_after_s()) > 0:
            return too_many(pause_s, send_retry_after=plan.send_retry_after)
        body = await request.body()
        fault = plan.draw(body)
        delay_s = plan.latency_ms / 1000 + (SLOW_START_S if fault == "slow_start" else 0.0)
        if delay_s:
            await asyncio.sleep(delay_s)
        broken = (
            None if fault is None else broken_response(fault, request, pause_s=plan.asked_pause_s)
        )
        return broken or _answer(body, fault)

    return Starlette(routes=[models_route(), completions_route(completions)])


def _answer(body: bytes, fault: Fault | None) -> Response:
    try:
        completion = completion_of(
            body, content=WRONG_CONTRACT if fault == "wrong_contract" else None
        )
    except BadRequestError as problem:
        return error_response(problem.status, str(problem))
    if fault == "wrong_usage":
        completion["usage"] = {"prompt_tokens": -1, "completion_tokens": "many"}
    return JSONResponse(completion)
