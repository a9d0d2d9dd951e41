"""A route as a candidate: what its results say of the members that were asked."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from replay_assets.candidates import Candidate
from replay_assets.contracts.result import ReplayResult
from replay_assets.contracts.timing import without_timing
from replay_assets.contracts.vocabulary import Vocabulary
from replay_assets.replay.runner import API_KEY_MISSING, ReplayRun, run_pack
from tests.inference.routing.routes import FIRST, SECOND, Members, member, route_over
from tests.inference.scripted_server import Script, completion, status
from tests.replay.packs import answer_text, pack_bytes, request

PRICES = {"prices_usd_per_million": {"input": 1.0, "output": 10.0}}
ANSWER_USD = (100 * 1 + 20 * 10) / 1e6
TUNED = {"prompt_variant": "contract_tuned"}
RunRoute = Callable[..., ReplayRun]


@pytest.fixture
def members(server: Script) -> Members:
    """Two members that answer in contract form."""
    return Members(server, dict.fromkeys((FIRST, SECOND), completion(answer_text())))


@pytest.fixture
def run(vocabulary: Vocabulary, tmp_path: Path) -> RunRoute:
    """Replay requests through a route, in one folder."""

    def run_it(route: Candidate, *incidents: str, refresh: bool = False) -> ReplayRun:
        pack = pack_bytes(*(request(one) for one in incidents or ("inc-1",)))
        return run_pack(
            pack, route, api_key=None, vocabulary=vocabulary, folder=tmp_path, refresh=refresh
        )

    return run_it


def both(members: Members, first: Any = None, second: Any = None, **changes: Any) -> Candidate:
    """Return a route over two members with changed entries."""
    url = members.server.base_url
    return route_over(
        member(url, FIRST, **(first or {})), member(url, SECOND, **(second or {})), **changes
    )


def links(result: ReplayResult) -> list[tuple[str, str]]:
    """Return the chain in short."""
    return [(one.candidate_id, one.outcome) for one in result.chain or ()]


def test_a_result_of_a_healthy_primary_is_that_of_the_member(
    members: Members, run: RunRoute
) -> None:
    """Except for the id of the candidate, and the chain."""
    (result,) = run(both(members, PRICES, PRICES)).results
    assert (result.candidate_id, result.model, result.outcome) == ("route", FIRST, "answered")
    assert not result.fallback_used
    (link,) = result.chain or []
    assert (link.candidate_id, link.outcome, link.latency_ms) == (
        FIRST, "answered", result.latency_ms,
    )  # fmt: skip
    assert link.cost_usd == result.cost_usd == pytest.approx(ANSWER_USD)


def test_a_candidate_without_a_route_has_no_chain(members: Members, run: RunRoute) -> None:
    """The field is optional: records of other candidates are as before."""
    (result,) = run(member(members.server.base_url, FIRST)).results
    assert "chain" not in result.as_json()


def test_the_fallback_answers_in_its_own_form_and_what_failed_is_paid(
    members: Members, run: RunRoute
) -> None:
    """A lost connection may have been paid; what the fallback cost is the cost of the answer."""
    members.replies[FIRST] = completion("", usage=None)  # a 200 without a completion's usage
    members.replies[FIRST] = status(200, "no completion")
    run_of = run(both(members, PRICES, {**PRICES, **TUNED}))
    (result,) = run_of.results
    assert links(result) == [(FIRST, "infrastructure_failure"), (SECOND, "answered")]
    assert (result.model, result.candidate_variant_id) == (SECOND, "contract_tuned")
    assert result.fallback_used
    assert result.cost_usd == pytest.approx(ANSWER_USD)
    failed, answered = result.chain or []
    assert failed.cost_usd == result.possibly_paid_usd
    assert failed.cost_usd is not None
    assert failed.cost_usd > 0.009 * 4
    assert answered.cost_usd == result.cost_usd
    assert [(one.model, one.attempts) for one in result.trace_events] == [(FIRST, 4), (SECOND, 1)]
    assert run_of.report.model == "first > second"
    assert run_of.report.fallback_used_records == 1


def test_members_are_asked_in_their_own_prompt_and_sampling(
    members: Members, run: RunRoute
) -> None:
    """Each as if it were asked alone."""
    members.replies[FIRST] = status(500)
    sampling = {"sampling": {"temperature": 0.7, "max_tokens": 50}}
    run(both(members, {}, {**TUNED, **sampling}))
    first, second = members.server.bodies[0], members.server.bodies[-1]
    assert (first["temperature"], second["temperature"]) == (0.0, 0.7)
    assert first["messages"] != second["messages"]
    count = len(members.server.bodies)
    run(member(members.server.base_url, SECOND, **TUNED, **sampling), refresh=True)
    assert members.server.bodies[count]["messages"] == second["messages"]


def test_if_no_member_answers_the_chain_has_all_of_them(members: Members, run: RunRoute) -> None:
    """The result is a failure of the infrastructure, which is not graded."""
    members.replies = {FIRST: status(500), SECOND: status(502)}
    (result,) = run(both(members)).results
    assert (result.outcome, result.fallback_used) == ("infrastructure_failure", True)
    assert links(result) == [(one, "infrastructure_failure") for one in (FIRST, SECOND)]


ANSWERS = {
    "contract_broken": completion("no JSON"),
    "model_refusal": completion(None, refusal="I can't help with that"),
    "length_stop": completion('{"proposed', finish_reason="length"),
}


@pytest.mark.parametrize("outcome", list(ANSWERS))
@pytest.mark.parametrize("passed_on", [True, False])
def test_what_a_model_answered_is_passed_on_only_if_the_route_says_so(
    members: Members, run: RunRoute, outcome: str, passed_on: bool
) -> None:
    """By default it counts, as it does for a single model."""
    members.replies[FIRST] = ANSWERS[outcome]
    route = both(members, **({"fallback_on": [outcome]} if passed_on else {}))
    (result,) = run(route).results
    assert result.outcome == ("answered" if passed_on else outcome)
    assert links(result) == [(FIRST, outcome), *([(SECOND, "answered")] if passed_on else [])]
    assert result.fallback_used
    assert result.model == (SECOND if passed_on else FIRST)


def test_a_repair_asks_the_member_that_broke_the_contract(members: Members, run: RunRoute) -> None:
    """If that fails, the next member is asked what it would have been asked first."""
    replies = [completion("no JSON"), completion(answer_text())]

    async def broken_at_first(body: Any) -> Any:
        return await replies[min(members.asked(FIRST), 2) - 1](body)

    members.replies[FIRST] = broken_at_first
    (result,) = run(both(members, TUNED)).results
    assert (result.outcome, result.retry_used, links(result)) == (
        "answered", True, [(FIRST, "answered")],
    )  # fmt: skip
    assert not result.fallback_used
    assert result.chain is not None
    assert result.chain[0].latency_ms == result.latency_ms

    members.server.bodies.clear()
    replies[1] = status(500)
    (result,) = run(both(members, TUNED), refresh=True).results
    assert links(result) == [(FIRST, "infrastructure_failure"), (SECOND, "answered")]
    assert members.asked(SECOND) == 1
    assert len(members.server.bodies[-1]["messages"]) == 2


def test_repeats_are_asked_separately(members: Members, run: RunRoute) -> None:
    """Of a fallback after a refusal too, whose question goes to one member alone."""
    members.replies[FIRST] = ANSWERS["model_refusal"]
    results = run(both(members, fallback_on=["model_refusal"], repeats=3)).results
    assert [one.outcome for one in results] == ["answered"] * 3
    assert (members.asked(FIRST), members.asked(SECOND)) == (3, 3)


def test_a_rerun_gives_the_same_content_for_what_was_answered(
    members: Members, run: RunRoute
) -> None:
    """Also where the primary failed and would answer now: answers of any member are kept."""
    members.replies[FIRST] = status(500)
    route = both(members, TUNED, PRICES, fallback_on=["model_refusal"])
    before = run(route, "a", "b")
    members.replies[FIRST] = completion(answer_text(risk_level="high"))
    count = len(members.server.bodies)
    after = run(route, "a", "b")
    assert len(members.server.bodies) == count
    assert [without_timing(one.as_json()) for one in after.results] == [
        without_timing(one.as_json()) for one in before.results
    ]


@pytest.mark.parametrize("second", ["answered", "contract_broken"])
def test_an_answer_to_a_member_alone_is_not_that_of_the_route(
    members: Members, run: RunRoute, second: str
) -> None:
    """It has no chain, so the route would take it for an answer of its first member."""
    broken = ANSWERS["contract_broken"]
    members.replies[FIRST] = broken
    if second == "contract_broken":
        members.replies[SECOND] = broken
    run(member(members.server.base_url, SECOND))
    (result,) = run(both(members, fallback_on=["contract_broken"])).results
    assert links(result) == [(FIRST, "contract_broken"), (SECOND, second)]
    assert (result.outcome, result.model) == (second, SECOND)


def test_a_member_with_a_new_id_is_asked_again(members: Members, run: RunRoute) -> None:
    """Kept calls of the route name the old one."""
    url = members.server.base_url
    members.replies[FIRST] = status(500)
    run(both(members))
    renamed = member(url, "renamed", model=FIRST)
    (result,) = run(route_over(renamed, member(url, SECOND))).results
    assert links(result) == [("renamed", "infrastructure_failure"), (SECOND, "answered")]


def test_a_route_without_any_key_is_refused(members: Members, run: RunRoute) -> None:
    """As a candidate without its key is; with one key it is asked."""
    keyed = {"api_key_env": "SOME_KEY"}
    refused = run(both(members, keyed, keyed))
    assert refused.was_refused
    assert refused.report.failures == [API_KEY_MISSING]
    (result,) = run(both(members, keyed)).results
    assert links(result) == [(FIRST, "key_missing"), (SECOND, "answered")]
    assert result.chain is not None
    assert (result.chain[0].latency_ms, result.chain[0].cost_usd) == (0, 0)
