"""Both baselines fulfil the answer contract, on every sample, with any vocabulary."""

import pytest

from replay_assets.contracts.answer import ANSWER_FIELDS, ORIGINAL_FIELDS
from replay_assets.contracts.vocabulary import Vocabulary
from replay_assets.inference.baselines.baselines import (
    BASELINES,
    Conversation,
    answer_text,
    rules_answer,
)
from replay_assets.replay.answers import parse_answer
from replay_assets.request_packs.builder import build_pack
from tests.request_packs.rows import evidence_row, read_sample_rows


def chats(vocabulary: Vocabulary) -> list[Conversation]:
    """Return what a baseline is asked for each sample."""
    pack = build_pack(read_sample_rows(), [], day="2026-09-21", vocabulary=vocabulary)
    return [Conversation(one.system_prompt, one.user_prompt) for one in pack.requests]


@pytest.fixture(params=["vocabulary", "own_vocabulary"])
def any_vocabulary(request: pytest.FixtureRequest) -> Vocabulary:
    """Return the shipped vocabulary, then a team's own."""
    vocabulary: Vocabulary = request.getfixturevalue(request.param)
    return vocabulary


@pytest.mark.parametrize("baseline", BASELINES)
def test_a_baseline_fulfils_the_contract_on_every_sample(
    baseline: str, any_vocabulary: Vocabulary
) -> None:
    """Also with a team's own vocabulary: only ids offered by the instructions are used."""
    for chat in chats(any_vocabulary):
        text = answer_text(baseline, chat)
        answer = parse_answer(text, required=ANSWER_FIELDS, vocabulary=any_vocabulary)
        assert list(answer) == list(ANSWER_FIELDS)


@pytest.mark.parametrize("baseline", BASELINES)
def test_a_pack_that_lists_no_ids_is_still_answered(baseline: str, vocabulary: Vocabulary) -> None:
    """A pack in the original's form has other instructions."""
    text = answer_text(baseline, Conversation("You are a helper.", "OOMKilled"))
    answer = parse_answer(text, required=ORIGINAL_FIELDS, vocabulary=vocabulary)
    assert list(answer) == list(ORIGINAL_FIELDS)


def test_the_constant_baseline_always_gives_the_same_answer(any_vocabulary: Vocabulary) -> None:
    """Its score shows how much a metric is worth, so it must not read the evidence."""
    assert len({answer_text("constant-baseline", chat) for chat in chats(any_vocabulary)}) == 1


def test_the_constant_answer_changes_nothing(any_vocabulary: Vocabulary) -> None:
    """It is a safe answer, whatever the actions are called."""
    text = answer_text("constant-baseline", chats(any_vocabulary)[0])
    answer = parse_answer(text, required=ANSWER_FIELDS, vocabulary=any_vocabulary)
    action = any_vocabulary.action(answer["action_id"])
    assert action is not None
    assert not action.mutates
    assert answer["requires_human_approval"] is True


def test_the_rules_read_the_evidence(vocabulary: Vocabulary) -> None:
    """They differ between incidents, and are repeatable on the same one."""
    texts = [answer_text("rules-baseline", chat) for chat in chats(vocabulary)]
    assert len(set(texts)) > len(texts) / 2
    assert [answer_text("rules-baseline", chat) for chat in chats(vocabulary)] == texts


def test_the_rules_name_an_id_only_if_it_is_offered(
    vocabulary: Vocabulary, own_vocabulary: Vocabulary
) -> None:
    """If the best action is missing, the next offered one; at last one that changes nothing."""
    row = evidence_row(evidence_summary="pod orders-api OOMKilled, exit code 137")
    shipped_actions = [action.id for action in vocabulary.actions]
    assert "increase_resource_limits" in shipped_actions
    kept = tuple(one for one in vocabulary.actions if one.id != "increase_resource_limits")
    less = vocabulary.model_copy(update={"actions": kept})
    found = {}
    for name, words in (("all", vocabulary), ("less", less), ("own", own_vocabulary)):
        (one,) = build_pack([row], [], day="2026-09-21", vocabulary=words).requests
        found[name] = rules_answer(Conversation(one.system_prompt, one.user_prompt))["action_id"]
    assert found == {"all": "increase_resource_limits", "less": "restart_workload", "own": "look"}
