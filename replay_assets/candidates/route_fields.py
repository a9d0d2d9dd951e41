"""The fields of a route: those that only a route has, and those that it may have as well."""

from typing import Literal

FallbackOutcome = Literal["contract_broken", "model_refusal", "length_stop"]
"""What a model answered that another one may do better. By default it is the route's answer."""
OF_ROUTES = frozenset({"route", "fallback_on", "first_byte_s"})
ALLOWED = OF_ROUTES | {"id", "budget_usd", "scheduled", "repeats", "cache", "trained_on"}


def with_defaults(found: object) -> object:
    """Return an entry; a route with the fields that only a model needs.

    Raises:
        ValueError: it has fields of both.
    """
    if not isinstance(found, dict):
        return found
    if found.get("route") is None:
        if misplaced := sorted(OF_ROUTES & found.keys()):
            raise ValueError(f"{misplaced[0]}: only a route has it; remove it")
        return found
    if foreign := sorted(map(str, found.keys() - ALLOWED)):
        raise ValueError(
            f"{', '.join(foreign)}: a route has what its members have; remove it here, and set it "
            "in their entries"
        )
    return {**found, "base_url": ""}
