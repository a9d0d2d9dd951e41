"""A single request that checks whether an endpoint is reachable, accepts the key, has the model."""

import asyncio
import json
from dataclasses import dataclass

from replay_assets.candidates import Candidate
from replay_assets.inference.transport.http import Endpoint, header_safe
from replay_assets.inference.transport.wire import Reply, WireError


@dataclass(frozen=True)
class Probe:
    """An endpoint's answer to a request for its models: status and model ids, or the problem."""

    status: int | None
    models: tuple[str, ...] = ()
    problem: str = ""


def probe(candidate: Candidate, *, api_key: str | None) -> Probe:
    """Request a candidate's models from its endpoint once; only the key is sent."""
    key = header_safe(api_key, candidate)
    try:
        reply = asyncio.run(_list_models(candidate, key))
    except WireError as error:
        return Probe(None, problem=str(error))
    try:
        listed = json.loads(reply.body)["data"] if 200 <= reply.status < 300 else []
        models = tuple(str(one["id"]) for one in listed)
    except (ValueError, LookupError, TypeError, RecursionError):
        return Probe(reply.status, problem="its answer is not a list of models")
    return Probe(reply.status, models)


async def _list_models(candidate: Candidate, key: str | None) -> Reply:
    endpoint = Endpoint(candidate, api_key=key)
    try:
        return await endpoint.list_models(timeout_s=candidate.limits.connect_timeout_s)
    finally:
        await endpoint.aclose()
