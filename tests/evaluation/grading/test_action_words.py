"""Which action a proposal in words means, in both languages."""

import json
from pathlib import Path

import pytest

from replay_assets.contracts.vocabulary import load_vocabulary
from replay_assets.evaluation.grading.action_words import action_in_words, shipped_rules

Text = dict[str, str | None]
HERE = Path(__file__).parent
ASKED = 0.9


def read(name: str) -> list[Text]:
    """Return texts, each with the action that a reader found in it."""
    return [json.loads(line) for line in (HERE / name).read_text("utf-8").splitlines()]


TEXTS = read("action_texts.jsonl")
UNSEEN = read("unseen_action_texts.jsonl")


def wrongly_read(texts: list[Text]) -> dict[str, str | None]:
    """Return the texts that the rules read otherwise than the reader, with what they found."""
    read_as = {str(one["text"]): action_in_words(str(one["text"])) for one in texts}
    truth = {one["text"]: one["action_id"] for one in texts}
    return {text: found for text, found in read_as.items() if found != truth[text]}


def test_rules_agree_with_a_reader() -> None:
    """The texts were collected before the rules were written."""
    wrong = wrongly_read(TEXTS)

    assert 1 - len(wrong) / len(TEXTS) >= ASKED, wrong


def test_in_new_words_an_action_is_rather_missed_than_taken_for_another_one() -> None:
    """The rules are not extended by the words of these texts: they measure what is missed.

    At first 41 of 60 agreed and 5 had a wrong action. Rules that a single noun decided were
    corrected after that.
    """
    wrong = wrongly_read(UNSEEN)

    assert len(wrong) <= 15, wrong
    assert sum(action is not None for action in wrong.values()) <= 1, wrong
    assert not {one["text"] for one in UNSEEN} & {one["text"] for one in TEXTS}


def test_every_action_of_the_vocabulary_has_rules_and_texts() -> None:
    actions = {action.id for action in load_vocabulary().actions}

    assert {rule.action for rule in shipped_rules().rules} == actions
    assert {text["action_id"] for text in TEXTS} == {*actions, None}


@pytest.mark.parametrize(
    ("text", "action"),
    [
        ("Do not restart the pods; scale the deployment to 4 replicas", "scale_workload"),
        ("Don't roll back. Keep watching.", "observe_only"),
        ("Scale to 4 replicas without restarting the pods", "scale_workload"),
        ("不要重啟，改為擴容到 4 個副本", "scale_workload"),
        ("Never restart the database", None),
        ("Roll back the release, then restart the workers", "rollback_change"),
        ("重啟服務並通知負責團隊", "restart_workload"),
        ("", None),
        ("Blue", None),
        ("RESTART THE ORDERS-API DEPLOYMENT", "restart_workload"),
    ],
)
def test_negation_and_order_count(text: str, action: str | None) -> None:
    assert action_in_words(text) == action


def test_a_long_text_is_read_in_short_time() -> None:
    """No pattern needs more time than the text is long: a hostile answer must not stop grading."""
    assert action_in_words("restart " * 200_000) == "restart_workload"
    assert action_in_words("a b " * 200_000) is None
    assert action_in_words("image " * 200_000) is None
