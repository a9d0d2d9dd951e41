"""Which questions of a route may share a kept answer."""

from dataclasses import replace

from replay_assets.inference import Question
from replay_assets.inference.chat.request_key import RequestKeys
from replay_assets.inference.routing.keys import RouteKeys
from tests.inference.routing.routes import FIRST, SECOND, member, route_over

URL = "http://localhost:8000/v1"
PLAIN = Question([{"role": "user", "content": "why?"}])
OTHER = Question([{"role": "user", "content": "why, as JSON?"}])
MEMBERS = tuple(member(URL, one) for one in (FIRST, SECOND))


def test_a_key_contains_what_each_member_is_asked() -> None:
    """In its place, because any of them may answer."""
    keys = RouteKeys(route_over(*MEMBERS), ())
    asked = [PLAIN, *(replace(PLAIN, forms={one: OTHER}) for one in (FIRST, SECOND))]
    assert len({keys.of(one) for one in asked}) == 3
    assert keys.of(PLAIN) != RouteKeys(route_over(*reversed(MEMBERS)), ()).of(PLAIN)


def test_a_key_to_one_member_is_not_that_of_this_member_alone() -> None:
    """A call of a member alone has no chain, which names who answered; that of others has none."""
    keys = RouteKeys(route_over(*MEMBERS), (other := member(URL, "other"),))
    for one in MEMBERS:
        assert keys.of(replace(PLAIN, to=(one.id,))) != RequestKeys(one).of(PLAIN)
    assert keys.of(replace(PLAIN, to=("other",))) == RequestKeys(other).of(PLAIN)
