"""The messages of both prompt variants, and of the one repair call."""

import json
from typing import Any

import pytest

from replay_assets.contracts.answer import ANSWER_FIELDS, ORIGINAL_FIELDS
from replay_assets.contracts.question import required_fields
from replay_assets.contracts.request import CONTRACT_TUNED, ReplayRequest
from replay_assets.contracts.vocabulary import Vocabulary
from replay_assets.replay.prompts import (
    EXAMPLE,
    conversation,
    repair_conversation,
)
from tests.replay.packs import original_request, request


def messages(record: dict[str, Any], variant: str | None, words: Vocabulary) -> list[str]:
    """Return the contents of system and user message."""
    found = conversation(ReplayRequest.read(record), variant, words)
    assert [message["role"] for message in found] == ["system", "user"]
    return [message["content"] for message in found]


@pytest.mark.parametrize("variant", [None, CONTRACT_TUNED])
def test_instructions_and_evidence_are_sent_as_the_pack_has_them(
    vocabulary: Vocabulary, variant: str | None
) -> None:
    """Whole, and nothing else of the request: neither its metadata nor its context."""
    record = request(source_metadata={"evidence_id": "ev-77"}, incident_context={"x": "ctx-77"})
    system, user = messages(record, variant, vocabulary)
    assert system == "You answer."
    assert "Evidence of inc-1" in user
    assert "77" not in user


def test_base_puts_the_required_fields_after_the_evidence(vocabulary: Vocabulary) -> None:
    """Evidence first, then what is asked for, described where the pack describes it."""
    fields = {"risk_level": "one of low, high", "root_cause": {"components": "a list"}}
    contract = {"required": list(ANSWER_FIELDS), "fields": fields}
    _, user = messages(request(response_contract=contract), None, vocabulary)
    assert user.startswith("Evidence of inc-1\n")
    lines = user.splitlines()
    listed = [line for line in lines if line.startswith("- ")]
    assert [line[2:].partition(":")[0] for line in listed] == list(ANSWER_FIELDS)
    assert "- risk_level: one of low, high" in lines
    assert '- root_cause: {"components": "a list"}' in lines
    assert "- proposed_action" in lines


def test_tuned_puts_contract_example_and_policy_before_the_evidence(
    vocabulary: Vocabulary,
) -> None:
    """The original's order; what an answer must not hold is not shown to the model."""
    _, user = messages(request(), CONTRACT_TUNED, vocabulary)
    places = [
        user.index(text)
        for text in ('"required"', EXAMPLE["proposed_action"], "Approval policy: ", "Evidence of")
    ]
    assert places == sorted(places)
    assert "forbidden" not in user
    assert "rca_correct" not in user
    assert " ".join(vocabulary.approval_rule.en.split()) in user


def test_the_approval_policy_names_every_case_of_the_original(vocabulary: Vocabulary) -> None:
    """Medium, high or critical risk, changes, and insufficient evidence."""
    _, user = messages(request(), CONTRACT_TUNED, vocabulary)
    policy = next(line for line in user.splitlines() if line.startswith("Approval policy"))
    for word in ("medium", "high", "critical", "restart", "scale", "delete", "write", "deploy",
                 "insufficient"):  # fmt: skip
        assert word in policy


@pytest.mark.parametrize(
    ("record", "fields"),
    [(request(), ANSWER_FIELDS), (original_request(), ORIGINAL_FIELDS)],
    ids=["ours", "original"],
)
def test_the_example_shows_the_required_fields_and_no_others(
    vocabulary: Vocabulary, record: dict[str, Any], fields: tuple[str, ...]
) -> None:
    """A pack of the original's form names no fields: its five are meant."""
    assert required_fields(ReplayRequest.read(record)) == list(fields)
    _, user = messages(record, CONTRACT_TUNED, vocabulary)
    example = next(line for line in user.splitlines() if line.startswith('{"proposed_action"'))
    assert list(json.loads(example)) == list(fields)


def test_the_example_gives_no_id_away() -> None:
    """An id in the example would be an answer for free, and a leaning for every model."""
    assert EXAMPLE["action_id"].startswith("<")
    assert EXAMPLE["root_cause"]["category"].startswith("<")


def test_the_repair_call_carries_the_error_and_the_start_of_the_invalid_answer(
    vocabulary: Vocabulary,
) -> None:
    """1,200 characters are enough to see what went wrong."""
    first = conversation(ReplayRequest.read(request()), CONTRACT_TUNED, vocabulary)
    repair = repair_conversation(first, error="action_plan_not_list", invalid_answer="錯" * 5000)
    assert repair[:2] == first
    assert repair[2] == {"role": "assistant", "content": "錯" * 1200}
    assert repair[3]["role"] == "user"
    assert "action_plan_not_list" in repair[3]["content"]


def test_a_secret_in_the_invalid_answer_is_not_sent_back(vocabulary: Vocabulary) -> None:
    """What a model made up would stop the repair at the gate."""
    first = conversation(ReplayRequest.read(request()), CONTRACT_TUNED, vocabulary)
    repair = repair_conversation(first, error="x", invalid_answer="mail mei@example.com")
    assert repair[2]["content"] == "mail <MASKED_0>"
