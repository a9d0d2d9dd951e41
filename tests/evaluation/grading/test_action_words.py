"""Which action a proposal in words means, in both languages."""

import json
from pathlib import Path

import pytest

from replay_assets.contracts.vocabulary import load_vocabulary
from replay_assets.evaluation.grading.action_words import action_in_words, shipped_rules

TEXTS = [
    json.loads(line)
    for line in (Path(__file__).parent / "action_texts.jsonl").read_text("utf-8").splitlines()
]
ASKED = 0.9


def test_rules_agree_with_a_reader() -> None:
    """The texts were collected before the rules were written."""
    wrong = [
        f"{text['text']}: {found}, not {text['action_id']}"
        for text in TEXTS
        if (found := action_in_words(text["text"])) != text["action_id"]
    ]

    assert 1 - len(wrong) / len(TEXTS) >= ASKED, "\n".join(wrong)


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
