"""Cases asked of a route: the member that answers is graded, in the way in which it was asked."""

from typing import Any

import pytest

from replay_assets.candidates import Candidate
from replay_assets.contracts.tool_case import ToolCallingResult
from replay_assets.inference import RunStores, SendingGate
from replay_assets.sanitizing import rules_of, token_rules
from replay_assets.tool_calling.runner import run_cases
from tests.inference.routing.routes import FIRST, SECOND, Members, member, route_over
from tests.inference.scripted_server import ScriptedServer, completion, status
from tests.tool_calling.test_runner import CASE, called

PRICED = {"prices_usd_per_million": {"input": 1.0, "output": 10.0}}
RIGHT = completion('{"calls": [{"name": "act", "arguments": {"n": 1}}]}')


@pytest.fixture
def members(shared_server: ScriptedServer) -> Members:
    return Members(shared_server.new_script(), {SECOND: RIGHT})


def run(members: Members, **changes: Any) -> ToolCallingResult:
    """Ask the case of a route over a member with native calls and a prompted one."""
    url = members.server.base_url
    limits = {"timeout_s": 5, "retry_budget_s": 0.05}
    first = member(url, FIRST, **PRICED, limits=limits)
    second = member(url, SECOND, **PRICED, tool_mode="prompted", limits=limits)
    return result_of(route_over(first, second, **changes))


def result_of(route: Candidate) -> ToolCallingResult:
    (result,) = run_cases(
        [CASE],
        route,
        api_key=None,
        stores=RunStores.in_memory(),
        work="run",
        gate=SendingGate(secrets=(), rules=token_rules(rules_of(None))),
    )
    return result


def links(result: ToolCallingResult) -> list[tuple[str, str]]:
    return [(one.candidate_id, one.outcome) for one in result.chain or ()]


def test_the_next_member_is_asked_and_read_in_its_own_way(members: Members) -> None:
    """The first one gets tools; the prompted one has them in its prompt, its calls in JSON."""
    members.replies[FIRST] = status(500)
    result = run(members)
    assert (result.right, result.fallback_used) == (True, True)
    assert links(result) == [(FIRST, "infrastructure_failure"), (SECOND, "answered")]
    bodies = {body["model"]: body for body in members.server.bodies}
    assert "tools" in bodies[FIRST]
    assert "tools" not in bodies[SECOND]
    assert '"name": "act"' in bodies[SECOND]["messages"][0]["content"]


@pytest.mark.parametrize("passed_on", [True, False])
def test_a_cut_answer_is_passed_on_only_if_the_route_says_so(
    members: Members, passed_on: bool
) -> None:
    """A cut answer that is wrong; what both members cost is the cost of the case."""
    members.replies[FIRST] = completion("I would", finish_reason="length")
    result = run(members, fallback_on=["length_stop"] if passed_on else [])
    second = [(SECOND, "answered")] if passed_on else []
    assert links(result) == [(FIRST, "length_stop"), *second]
    assert result.right is passed_on
    costs = [one.cost_usd for one in result.chain or ()]
    assert None not in costs
    assert result.cost_usd == pytest.approx(sum(filter(None, costs)))


def test_a_cost_that_is_partly_unknown_is_not_shown(members: Members) -> None:
    """A part would look too cheap."""
    members.replies[FIRST] = completion("I would", finish_reason="length", usage=None)
    result = run(members, fallback_on=["length_stop"])
    assert (result.right, result.cost_usd) == (True, None)


def test_a_first_member_that_answers_is_the_only_link(members: Members) -> None:
    members.replies[FIRST] = called(("act", '{"n": 1}'))
    result = run(members)
    assert (result.right, result.fallback_used, links(result)) == (
        True,
        False,
        [(FIRST, "answered")],
    )
