"""A single request that checks whether an endpoint is reachable, accepts the key, has the model."""

import asyncio
import json
from dataclasses import dataclass

from replay_assets.candidates import Candidate
from replay_assets.errors import ConfigurationError
from replay_assets.inference.transport.headers import header_safe
from replay_assets.inference.transport.http import Endpoint
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


def with_model(candidate: Candidate, *, api_key: str | None) -> Candidate:
    """Return a candidate with a model: its own, else the only one that its endpoint lists.

    Raises:
        ConfigurationError: the endpoint lists no model or several; the message names them.
    """
    if candidate.model:
        return candidate
    found = probe(candidate, api_key=api_key)
    where = f"{candidate.id} names no model, and {candidate.url_of('/models')}"
    if not found.models:
        why = found.problem or f"it answered {found.status}"
        raise ConfigurationError(f"{where} lists none ({why}); set `model` in the catalogue")
    if len(found.models) > 1:
        listed = ", ".join(found.models)
        raise ConfigurationError(
            f"{where} lists {len(found.models)}: {listed}; set `model` in the catalogue to one"
        )
    return candidate.model_copy(update={"model": found.models[0]})
