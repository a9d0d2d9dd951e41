"""The keys of a route's members in Dagster."""

import dagster as dg
import pytest

from replay_assets.defs.resources import ApiKeys
from tests.inference.routing.routes import FIRST, SECOND, member, route_over

KEY = "sk-" + "FAKE0123456789"


def test_a_route_fails_only_without_any_key_and_names_what_it_skips(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """As a candidate without its key does."""
    url = "http://127.0.0.1:9/v1"
    route = route_over(
        *(member(url, one, api_key_env=f"ROUTE_{one.upper()}_KEY") for one in (FIRST, SECOND))
    )
    said: list[str] = []
    with pytest.raises(dg.Failure, match="none of ROUTE_FIRST_KEY, ROUTE_SECOND_KEY is set"):
        ApiKeys().key_of(route, said.append)
    monkeypatch.setenv("ROUTE_SECOND_KEY", KEY)
    assert ApiKeys().key_of(route, said.append) is None
    assert said == ["route: first is skipped, because ROUTE_FIRST_KEY is not set"]
    alone = route.members[1]
    assert ApiKeys().key_of(alone, said.append) == KEY
