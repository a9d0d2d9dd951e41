"""Which member of a route answers, what is recorded of the others, and what it costs."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from starlette.responses import Response

from replay_assets.candidates import Candidate
from replay_assets.errors import BatchStoppedError
from replay_assets.inference import Call, RunStores
from replay_assets.inference.routing import breaker
from tests.inference.routing.routes import (
    FIRST,
    SECOND,
    Members,
    member,
    route_over,
    run_route,
    steps,
)
from tests.inference.scripted_server import Body, Script, completion, hang, status

pytestmark = pytest.mark.usefixtures("no_waits")
PRICES = {"prices_usd_per_million": {"input": 1.0, "output": 10.0}}
ANSWER_USD = (100 * 1 + 20 * 10) / 1e6


@pytest.fixture
def short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    """Open circuits for a moment only."""
    monkeypatch.setattr(breaker, "FIRST_PAUSE_S", 0.1)


@pytest.fixture
def members(server: Script) -> Members:
    """Two members that answer."""
    return Members(server, {FIRST: completion("1"), SECOND: completion("2")})


@pytest.fixture
def route(server: Script) -> Candidate:
    """A route over both."""
    return route_over(*(member(server.base_url, one) for one in (FIRST, SECOND)))


def test_a_healthy_primary_answers_alone(members: Members, route: Candidate) -> None:
    """The others are not asked."""
    (call,) = run_route(route, 1)
    assert steps(call) == [(FIRST, "answered")]
    assert members.asked(SECOND) == 0


@pytest.mark.parametrize("code", [500, 429, 503])
def test_an_infrastructure_failure_is_passed_on_after_its_retries(
    members: Members, route: Candidate, code: int
) -> None:
    """The failed attempts are kept with the member that made them."""
    members.replies[FIRST] = status(code)
    (call,) = run_route(route, 1)
    assert steps(call) == [(FIRST, "infrastructure_failure"), (SECOND, "answered")]
    assert call.completion is not None
    assert (call.completion.content, len(call.completion.attempts)) == ("2", 1)
    assert len(call.chain[0].attempts) == members.asked(FIRST) > 1


@pytest.mark.parametrize("code", [400, 422])
def test_a_rejected_request_is_not_passed_on(members: Members, route: Candidate, code: int) -> None:
    """It is the fault of the request, and would count against a single model too."""
    members.replies[FIRST] = status(code, '{"error": {"message": "input is too long"}}')
    (call,) = run_route(route, 1)
    assert call.outcome == "request_rejected"
    assert steps(call) == [(FIRST, "request_rejected")]


def test_a_member_that_rejects_the_key_is_asked_once(members: Members, route: Candidate) -> None:
    """Each request of the run would be rejected; the reason stays visible."""
    members.replies[FIRST] = status(401)
    calls = run_route(route, 60)
    assert {call.outcome for call in calls} == {"answered"}
    assert members.asked(FIRST) <= 16  # those that waited for a slot already
    assert {steps(call)[0] for call in calls} == {(FIRST, "endpoint_refused")}
    members.replies[SECOND] = status(402)
    with pytest.raises(BatchStoppedError, match="no member of the route answered: first: http"):
        run_route(route, 1)


def test_a_member_without_its_key_is_skipped(members: Members, server: Script) -> None:
    """The chain names the variable."""
    keyed = member(server.base_url, FIRST, api_key_env="FIRST_KEY")
    route = route_over(keyed, member(server.base_url, SECOND))
    (call,) = run_route(route, 1)
    assert steps(call) == [(FIRST, "key_missing"), (SECOND, "answered")]
    assert call.chain[0].error == "FIRST_KEY is not set"
    run_route(route, 1, keys={"FIRST_KEY": "sk-" + "first"})
    assert members.server.headers[-1]["authorization"] == "Bearer sk-first"
    assert members.asked(FIRST) == 1


def test_a_dead_primary_gets_no_request_while_its_circuit_is_open(
    members: Members, route: Candidate
) -> None:
    """The window of 8 fills with the attempts of those in flight; then all go to the next."""
    members.replies[FIRST] = status(500)
    calls = run_route(route, 60)
    assert {call.outcome for call in calls} == {"answered"}
    # 8 open it; the 3 others in flight end; then there are a few probes.
    assert 8 <= members.asked(FIRST) <= 13
    assert steps(calls[-1]) == [(FIRST, "circuit_open"), (SECOND, "answered")]
    assert calls[-1].chain[0].attempts == ()


def test_a_hanging_primary_costs_those_in_flight_one_timeout(members: Members) -> None:
    """What waits for a slot, or for its retry, is passed on when the circuit opens.

    Eight failures open it. The slots of the first seven are used again until then.
    """
    members.replies[FIRST] = hang
    base_url = members.server.base_url
    limits = {"concurrency": 8, "timeout_s": 0.2}
    route = route_over(member(base_url, FIRST, limits=limits), member(base_url, SECOND))
    calls = run_route(route, 40)
    assert {call.outcome for call in calls} == {"answered"}
    assert members.asked(FIRST) <= 8 + 7
    assert {len(call.chain[0].attempts) for call in calls} == {0, 1}


def test_the_first_byte_has_its_own_limit_except_for_the_last_member(members: Members) -> None:
    """The last one may take its time: no other member is left."""
    members.replies |= {FIRST: completion("1", delay_s=0.3), SECOND: completion("2", delay_s=0.3)}
    base_url = members.server.base_url
    both = [member(base_url, one) for one in (FIRST, SECOND)]
    route = route_over(*both, first_byte_s=0.05)
    (call,) = run_route(route, 1)
    assert call.completion is not None
    assert call.completion.content == "2"
    assert {one.outcome for one in call.chain[0].attempts} == {"timeout"}
    assert "no first byte within 0.05 s" in str(call.chain[0].error)


def test_a_member_is_the_last_one_if_those_after_it_have_no_key(members: Members) -> None:
    """Then it may take its time, too."""
    members.replies[FIRST] = completion("1", delay_s=0.1)
    base_url = members.server.base_url
    keyed = member(base_url, SECOND, api_key_env="SECOND_KEY")
    (call,) = run_route(route_over(member(base_url, FIRST), keyed, first_byte_s=0.02), 1)
    assert steps(call) == [(FIRST, "answered")]


def test_at_most_as_many_requests_are_in_flight_as_the_primary_allows(members: Members) -> None:
    """A route has no limits itself."""
    members.replies = {FIRST: status(500), SECOND: completion("2", delay_s=0.01)}
    base_url = members.server.base_url
    wide = {"concurrency": 50, "timeout_s": 5}
    first = member(base_url, FIRST, limits={"concurrency": 3, "timeout_s": 5})
    run_route(route_over(first, member(base_url, SECOND, limits=wide)), 30)
    assert members.server.most_at_once <= 3


@pytest.mark.usefixtures("short_pauses")
def test_if_all_circuits_are_open_requests_wait_for_a_probe(
    members: Members, route: Candidate
) -> None:
    """A short outage of everything must not fail the rest of a pack within a moment."""
    down_until = time.monotonic() + 0.15

    async def down_at_first(body: Body) -> Response:
        is_down = time.monotonic() < down_until
        return await (status(500) if is_down else completion("up"))(body)

    members.replies = {FIRST: down_at_first, SECOND: down_at_first}
    outcomes = [call.outcome for call in run_route(route, 40)]
    assert outcomes.count("answered") > 20
    assert outcomes[-1] == "answered"


def test_if_no_member_answers_the_reasons_of_all_are_given(
    members: Members, route: Candidate
) -> None:
    """The next run asks again."""
    members.replies = {FIRST: status(500), SECOND: status(502)}
    stores = RunStores.in_memory()
    (call,) = run_route(route, 1, stores=stores)
    assert call.outcome == "infrastructure_failure"
    assert "first: no answer after 4 tries: HTTP 500" in str(call.error)
    assert "second: no answer after 4 tries: HTTP 502" in str(call.error)
    members.replies[SECOND] = completion("2")
    (call,) = run_route(route, 1, stores=stores)
    assert call.outcome == "answered"


def test_an_answer_of_any_member_is_paid_once(members: Members, route: Candidate) -> None:
    """A later run keeps it, also if the primary answers again."""
    members.replies[FIRST] = status(500)
    stores = RunStores.in_memory()
    before = run_route(route, 3, stores=stores)
    members.replies[FIRST] = completion("1")
    count = len(members.server.bodies)
    after = run_route(route, 3, stores=stores)
    assert len(members.server.bodies) == count
    assert [one.completion for one in after] == [one.completion for one in before]
    assert [steps(one) for one in after] == [steps(one) for one in before]


def test_an_exhausted_budget_of_a_member_passes_requests_on(members: Members) -> None:
    """Each member has its own; it counts what the route sent to it."""
    members.replies = {
        FIRST: completion("1", usage=(100, 800)),
        SECOND: completion("2", usage=(100, 20)),
    }
    base_url = members.server.base_url
    limits = {"concurrency": 1, "timeout_s": 5}
    first = member(base_url, FIRST, **PRICES, budget_usd=0.02, limits=limits)
    calls = run_route(route_over(first, member(base_url, SECOND, **PRICES)), 4)
    assert [steps(one)[-1][0] for one in calls] == [FIRST, SECOND, SECOND, SECOND] or [
        steps(one)[-1][0] for one in calls
    ] == [FIRST, FIRST, SECOND, SECOND]
    assert steps(calls[-1]) == [(FIRST, "budget_exhausted"), (SECOND, "answered")]
    assert calls[-1].spent_usd == pytest.approx(ANSWER_USD)


@pytest.mark.usefixtures("short_pauses")
def test_the_budget_of_a_route_counts_all_members(members: Members) -> None:
    """Also what failed and may have been paid."""
    members.replies[FIRST] = status(500)
    base_url = members.server.base_url
    limits = {"concurrency": 1, "timeout_s": 5}
    both = [member(base_url, one, **PRICES, limits=limits) for one in (FIRST, SECOND)]
    calls = run_route(route_over(*both, budget_usd=0.0096), 9)
    assert [call.outcome for call in calls].count("answered") == 2
    assert sum(call.spent_usd for call in calls) == pytest.approx(2 * ANSWER_USD)
    assert "the budget of candidate 'route'" in str(calls[-1].error)


def test_a_question_can_be_addressed_to_another_candidate(members: Members) -> None:
    """Its key is that of a run of this candidate alone, so answers can be shared."""
    base_url = members.server.base_url
    one, other = member(base_url, FIRST), member(base_url, SECOND)
    (call,) = run_route(one, 1, others=(other,), to=(SECOND,))
    assert call.completion is not None
    assert call.completion.content == "2"
    (alone,) = run_route(other, 1)
    assert alone.key == call.key
    (usual,) = run_route(one, 1, others=(other,))
    (plain,) = run_route(one, 1)
    assert (usual.key, usual.completion and usual.completion.content) == (plain.key, "1")


@pytest.mark.usefixtures("short_pauses")
def test_requests_move_back_to_the_primary(members: Members, route: Candidate) -> None:
    """After the first probe that it answers."""
    down_until = time.monotonic() + 0.15

    async def back_soon(body: Body) -> Response:
        is_down = time.monotonic() < down_until
        return await (status(500) if is_down else completion("1"))(body)

    members.replies |= {FIRST: back_soon, SECOND: completion("2", delay_s=0.02)}
    calls = run_route(route, 120)
    assert {call.outcome for call in calls} == {"answered"}
    assert steps(calls[-1]) == [(FIRST, "answered")]


def test_a_day_has_the_spending_of_members_and_route(members: Members) -> None:
    """One row each: a member's daily budget is that of its runs alone, too."""
    members.replies[FIRST] = status(500)
    base_url, day = members.server.base_url, {"budget_usd": {"day": 5}}
    both = [member(base_url, one, **PRICES, **day) for one in (FIRST, SECOND)]
    stores = RunStores.in_memory()
    run_route(route_over(*both, **day), 3, stores=stores)
    with stores.open_ledger() as ledger:
        today = datetime.now(UTC).date()
        spent = [ledger.spent_usd(today, one) for one in (FIRST, SECOND, "route")]
    assert spent == [pytest.approx(usd) for usd in (0, 3 * ANSWER_USD, 3 * ANSWER_USD)]


def test_a_call_says_what_each_member_spent(members: Members) -> None:
    """So that a run that continues knows how much of each budget is left."""
    members.replies[FIRST] = status(200, "no completion")  # may have been paid
    base_url = members.server.base_url
    both = [member(base_url, one, **PRICES) for one in (FIRST, SECOND)]
    (call,) = run_route(route_over(*both), 1)
    spent = call.spent_by_member
    assert spent[SECOND] == pytest.approx(ANSWER_USD)
    assert spent[FIRST] > 4 * 0.009
    assert sum(spent.values()) == pytest.approx(call.spent_usd)
    assert Call.decoded(call.encoded()) == call


@pytest.mark.usefixtures("short_pauses")
def test_what_a_member_spent_includes_all_turns_of_one_question(members: Members) -> None:
    """A member whose circuit opened before its retry is asked again for the same question."""
    replies = [status(200, "no completion")] * 8  # may have been paid; 8 open the circuit

    async def down_at_first(body: Body) -> Response:
        return await (replies.pop() if replies else completion("1"))(body)

    members.replies[FIRST] = down_at_first
    limits = {"concurrency": 4, "timeout_s": 5}
    calls = run_route(
        route_over(member(members.server.base_url, FIRST, **PRICES, limits=limits)), 4
    )
    assert any(
        steps(call) == [(FIRST, "infrastructure_failure"), (FIRST, "answered")] for call in calls
    )
    for call in calls:
        assert call.spent_by_member[FIRST] == pytest.approx(call.spent_usd)


@pytest.mark.parametrize("whose", ["member", "route"])
@pytest.mark.parametrize("kind", ["memory", "disk"])
def test_a_run_that_continues_has_what_is_left_of_its_budgets(
    members: Members, tmp_path: Path, whose: str, kind: str
) -> None:
    """An earlier part of it has spent half of the member's, or of the route's."""
    members.replies = {FIRST: completion("1", usage=(100, 800)), SECOND: status(500)}
    base_url = members.server.base_url
    entry = {**PRICES, "limits": {"concurrency": 1, "timeout_s": 5}}
    budget = {"budget_usd": 0.015}
    first = member(base_url, FIRST, **entry, **(budget if whose == "member" else {}))
    second = member(base_url, SECOND, **entry)
    route = route_over(first, second, **(budget if whose == "route" else {}))
    on_disk = RunStores.local(tmp_path, shared=tmp_path / "shared")
    stores = on_disk if kind == "disk" else RunStores.in_memory()

    def interrupted(_: Iterator[Call]) -> list[Call]:
        raise InterruptedError

    with pytest.raises(InterruptedError):
        run_route(route, 2, stores=stores, publish=interrupted)
    assert members.asked(FIRST) == 1
    members.replies[SECOND] = completion("2")
    calls = run_route(route, 2, stores=stores)
    assert members.asked(FIRST) == 1
    last = "answered" if whose == "member" else "budget_exhausted"
    assert steps(calls[1]) == [(FIRST, "budget_exhausted"), (SECOND, last)]


def test_the_key_of_a_member_is_sent_to_no_other(members: Members, server: Script) -> None:
    """By default the gate blocks the keys of all members."""
    both = [member(server.base_url, one, api_key_env=one.upper()) for one in (FIRST, SECOND)]
    (call,) = run_route(route_over(*both), 1, keys={"FIRST": "key-1-1-1", "SECOND": "topic 0"})
    assert call.outcome == "gate_refused"
    assert not members.server.bodies


def test_another_candidate_has_no_circuit(members: Members) -> None:
    """No other one could answer, so each request is tried as often as without a route."""
    base_url = members.server.base_url
    members.replies[SECOND] = status(500)
    calls = run_route(member(base_url, FIRST), 9, others=(member(base_url, SECOND),), to=(SECOND,))
    assert {call.outcome for call in calls} == {"infrastructure_failure"}
    assert members.asked(SECOND) == 9 * 4
