"""Asks the members of a route in order, each behind the circuit breaker of its endpoint.

What a route may contain is checked in `candidates`. Retries at one endpoint are in `chat`.
"""

from replay_assets.inference.routing.breaker import SHARED_BREAKERS, CircuitBreakers
from replay_assets.inference.routing.building import Clients, ReadKey
from replay_assets.inference.routing.client import RouteClient
from replay_assets.inference.routing.keys import RouteKeys
from replay_assets.inference.routing.links import chain_of, member_of, members_after

__all__ = [
    "SHARED_BREAKERS",
    "CircuitBreakers",
    "Clients",
    "ReadKey",
    "RouteClient",
    "RouteKeys",
    "chain_of",
    "member_of",
    "members_after",
]
