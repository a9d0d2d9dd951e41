"""A model as a judge: every fault differs from a label, and nothing answered is asked again."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from starlette.responses import JSONResponse, Response

from replay_assets.contracts.feedback import FeedbackTriple, Judgement
from replay_assets.errors import BatchStoppedError
from replay_assets.feedback.labels import LabelSet
from replay_assets.feedback.model_judge import ModelJudge
from replay_assets.feedback.prompts import messages_of
from replay_assets.inference import RunStores, SendingGate
from replay_assets.inference.stand_in.faults import FAULTS, Fault, FaultPlan
from tests.feedback.judges import LABELS, judge_at, label, triple
from tests.inference.conftest import retry_at_once
from tests.inference.scripted_server import (
    Body,
    Reply,
    Script,
    ScriptedServer,
    candidate,
    completion,
    serving_stand_in,
    status,
)

pytestmark = pytest.mark.integration

RESOLVED = label("resolved")


@pytest.fixture
def server(shared_server: ScriptedServer, monkeypatch: pytest.MonkeyPatch) -> Script:
    retry_at_once(monkeypatch)
    return shared_server.new_script()


def judged(judge: ModelJudge, *triples: FeedbackTriple, refresh: bool = False) -> list[Judgement]:
    (found,) = judge.judge(triples or [triple()], work="run", refresh=refresh)
    return [one.judgement for one in found]


def test_a_label_has_its_reward_whatever_the_confidence(server: Script):
    """The gate is another field, so that an export may use another threshold."""
    server.answers(label("correction", 0.3), label("topic_shift", 1.0), label("progress", 0.6))
    judge = judge_at(server, limits={"concurrency": 1})
    found = judged(judge, triple("a", "1"), triple("b", "2"), triple("c", "3"))
    assert [(one.id, one.label, one.reward, one.should_update) for one in found] == [
        ("a", "correction", -1.0, False),
        ("b", "topic_shift", None, False),
        ("c", "progress", 0.5, True),
    ]
    assert {one.outcome for one in found} == {"judged"}
    assert found[0].rationale == "It says so."


@pytest.mark.parametrize(
    ("content", "outcome", "says"),
    [
        (RESOLVED, "judged", "It says so."),
        (f"Sure! ```json\n{RESOLVED}\n``` Done {{x}}", "judged", "It says so."),
        (f"<think>{label('rejection')}</think>{RESOLVED}", "judged", "It says so."),
        (label("Topic Shift", "0.9"), "judged", "It says so."),
        ('{"label": "neutral", "confidence": 1}', "judged", ""),
        (label("great"), "unknown_label", "'great'"),
        ("resolved", "unreadable_answer", "no JSON object with a label"),
        ("", "unreadable_answer", "no JSON object with a label"),
        ('{"answer": {"label": "resolved"', "unreadable_answer", "no JSON object with a label"),
        (RESOLVED + label("rejection"), "unreadable_answer", "several labels"),
        ('{"label": ["resolved"], "confidence": 1}', "unreadable_answer", "is not a text"),
        ('{"label": "resolved"}', "unreadable_answer", "confidence is not a number"),
        (label("resolved", 90), "unreadable_answer", "confidence is not a number"),
        (label("resolved", True), "unreadable_answer", "confidence is not a number"),
        ('{"label": "resolved", "confidence": NaN}', "unreadable_answer", "confidence is not"),
    ],
)
def test_an_answer_is_a_label_or_says_why_not(
    server: Script, content: str, outcome: str, says: str
):
    """A failure has no label, no confidence and no reward; it is never `neutral`."""
    server.answers(content)
    (found,) = judged(judge_at(server))
    assert found.outcome == outcome
    assert says in (found.rationale or "")
    if outcome != "judged":
        assert (found.label, found.confidence, found.reward) == (None, None, None)
        assert not found.should_update


@pytest.fixture(scope="module")
def plan() -> FaultPlan:
    """The faults that the stand-in plays; each test sets its own."""
    return FaultPlan()


@pytest.fixture(scope="module")
def stand_in(plan: FaultPlan) -> Iterator[str]:
    """The address of the stand-in."""
    with serving_stand_in(plan) as base_url:
        yield base_url


@pytest.mark.parametrize("fault", FAULTS)
def test_every_fault_of_the_stand_in_differs_from_a_label(
    fault: Fault, plan: FaultPlan, stand_in: str, monkeypatch: pytest.MonkeyPatch
):
    """Also the answer that it gives to what is not a judge's contract."""
    retry_at_once(monkeypatch)
    plan.shares = {fault: 1.0}
    ends_late = fault in ("hang", "drip", "slow_start")
    limits = {"timeout_s": 0.15 if ends_late else 10, "retry_budget_s": 0.01}
    entry = candidate(stand_in, role="judge", model="rules-baseline", limits=limits)
    judge = ModelJudge(entry, LABELS, None, RunStores.in_memory(), SendingGate())
    (found,) = judged(judge)
    answered = fault in ("wrong_contract", "wrong_usage")
    assert found.outcome == ("unreadable_answer" if answered else "infrastructure_failure")
    assert (found.label, found.reward, found.should_update) == (None, None, False)
    assert found.rationale


@pytest.mark.parametrize(
    ("failure", "outcome"),
    [
        (completion("no idea"), "unreadable_answer"),
        (completion(label("great")), "unknown_label"),
        (completion(None, refusal="I can't do that."), "unreadable_answer"),
        (status(500), "infrastructure_failure"),
        (status(422), "infrastructure_failure"),
    ],
)
def test_a_rerun_asks_what_failed_and_nothing_else(server: Script, failure: Reply, outcome: str):
    """What was answered is paid for; a failure is not kept as an answer."""

    async def reply(body: Body) -> Response:
        is_bad = "bad" in body["messages"][1]["content"]
        return await (failure if is_bad else completion(RESOLVED))(body)

    stores, both = RunStores.in_memory(), (triple("a"), triple("b", "bad"))
    server.answers(reply)
    assert [one.outcome for one in judged(judge_at(server, stores=stores), *both)] == [
        "judged",
        outcome,
    ]
    before = len(server.bodies)
    server.answers(completion(label("neutral")))
    again = judged(judge_at(server, stores=stores), *both)
    assert [one.label for one in again] == ["resolved", "neutral"]
    assert len(server.bodies) == before + 1
    assert judged(judge_at(server, stores=stores), *both) == again
    assert len(server.bodies) == before + 1


def test_a_run_that_ended_early_continues(server: Script):
    """What it had is not asked again: the endpoint rejected the key in between."""
    stores, both = RunStores.in_memory(), (triple("a", "1"), triple("b", "2"))
    server.answers(RESOLVED, status(401))
    with pytest.raises(BatchStoppedError, match="1 of 2 requests have no result"):
        judged(judge_at(server, stores=stores, limits={"concurrency": 1}), *both)
    asked = len(server.bodies)
    server.answers(label("neutral"))
    found = judged(judge_at(server, stores=stores), *both)
    assert [one.label for one in found] == ["resolved", "neutral"]
    assert len(server.bodies) == asked + 1


def test_answers_are_shared_by_all_works_of_the_same_judge(server: Script):
    """A triple of another file or day is not asked again, except of another model."""
    stores = RunStores.in_memory()
    server.answers(RESOLVED)
    judge = judge_at(server, stores=stores)
    judge.judge([triple()], work="one")
    judge.judge([triple("other-id")], work="two")
    assert len(server.bodies) == 1
    others: list[dict[str, Any]] = [
        {"model": "vendor/other"},
        {"sampling": {"temperature": 0.5}},
    ]
    for number, change in enumerate(others, start=2):
        judge_at(server, stores=stores, **change).judge([triple()], work=f"{change}")
        assert len(server.bodies) == number


def test_an_unreadable_answer_is_not_shared(server: Script):
    """Another work asks again."""
    stores = RunStores.in_memory()
    server.answers("no idea", RESOLVED)
    judge = judge_at(server, stores=stores)
    judge.judge([triple()], work="one")
    ((found,),) = judge.judge([triple()], work="two")
    assert found.judgement.label == "resolved"


def test_equal_triples_are_asked_once_and_paid_once(server: Script):
    """In one file, too; a repeat is another question."""
    server.answers(RESOLVED)
    prices = {"input": 1.0, "output": 1.0}
    judge = judge_at(server, prices_usd_per_million=prices)
    repeats = judge.judge([triple("a"), triple("b")], work="run", repeats=2)
    assert len(server.bodies) == 2
    assert [[one.judgement.id for one in repeat] for repeat in repeats] == [["a", "b"]] * 2
    assert [one.cost_usd for one in repeats[0]] == [120e-6, 0.0]


def test_the_prompt_names_all_labels_and_both_versions():
    """Their order depends on the triple; versions and labels make another request."""
    system, user = messages_of(triple(), LABELS)
    assert all(f"- {name}: " in user["content"] for name in LABELS.labels)
    assert "feedback_prompt_1, feedback_labels_1" in system["content"]
    texts = json.loads(user["content"].partition("Texts, as JSON:\n")[2])
    assert list(texts) == ["query_t", "answer_t", "query_t1"]
    orders = {messages_of(triple(said=f"{n}"), LABELS)[1]["content"][:30] for n in range(40)}
    assert len(orders) > 3
    other = LABELS.model_copy(update={"version": "feedback_labels_2"})
    assert messages_of(triple(), other) != messages_of(triple(), LABELS)


def test_the_request_has_the_original_defaults(server: Script):
    """256 tokens, temperature 0.1, a JSON object."""
    server.answers(RESOLVED)
    judged(judge_at(server))
    (body,) = server.bodies
    assert (body["max_tokens"], body["temperature"]) == (256, 0.1)
    assert body["response_format"] == {"type": "json_object"}


def test_a_key_in_an_answer_is_removed(server: Script):
    """A rationale is stored in the lake."""
    key = "FAKE-" + "key-of-another-endpoint"
    server.answers(label("resolved", rationale=f"because of {key}"))
    (found,) = judged(judge_at(server, secrets=[key]))
    assert key not in (found.rationale or "")


async def _echo(_: Body) -> Response:
    return JSONResponse({"error": "overloaded"}, 503)


def test_a_run_in_which_nothing_is_answered_has_no_label(server: Script):
    """An endpoint that is down gives no neutral labels."""
    server.answers(_echo)
    found = judged(judge_at(server), *(triple(f"{n}", f"{n}") for n in range(5)))
    assert {one.outcome for one in found} == {"infrastructure_failure"}


def test_label_sets_are_data():
    """The issue's values; a label without reward is not the same as 0."""
    rewards = {name: one.reward for name, one in LABELS.labels.items()}
    assert rewards == {
        "resolved": 1.0, "progress": 0.5, "neutral": 0.0, "clarification_request": 0.0,
        "rephrase_repeat": -0.5, "rejection": -0.8, "correction": -1.0,
        "unsafe_or_ignored_instruction": -1.0, "topic_shift": None, "unjudgeable": None,
    }  # fmt: skip
    assert isinstance(LABELS, LabelSet)
