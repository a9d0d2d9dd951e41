"""Rules for pairs and judged answers that are messages."""

from collections.abc import Iterator
from typing import Any

from replay_assets.finetune.rules import messages
from replay_assets.finetune.rules.problem import Found, exactly
from replay_assets.finetune.rules.texts import different, pair_of_texts


def dpo_trl(record: dict[str, Any]) -> Iterator[Found]:
    """Yield what is wrong with a pair for TRL."""
    yield from exactly(record, {"prompt", "chosen", "rejected"}, "dpo_keys")
    yield from messages.prompt(record.get("prompt"), "prompt")
    yield from _answers(record, "chosen", "rejected")


def dpo_nemo(record: dict[str, Any]) -> Iterator[Found]:
    """Yield what is wrong with a pair for NeMo, which takes lists for conversations."""
    yield from exactly(record, {"prompt", "chosen", "rejected"}, "dpo_keys")
    if not isinstance(record.get("prompt"), str):
        yield from messages.prompt(record.get("prompt"), "prompt")
    yield from pair_of_texts(record)


def dpo_openai(record: dict[str, Any]) -> Iterator[Found]:
    """Yield what is wrong with a pair for OpenAI."""
    sides = ("preferred_output", "non_preferred_output")
    yield from exactly(record, {"input", *sides}, "dpo_keys")
    question = record.get("input")
    if isinstance(question, dict):
        yield from exactly(question, {"messages"}, "input_keys", "input: ")
        yield from messages.prompt(question.get("messages"), "input.messages")
    else:
        yield "input_is_an_object", "input is not an object with messages"
    yield from _answers(record, *sides)


def kto_trl(record: dict[str, Any]) -> Iterator[Found]:
    """Yield what is wrong with a judged answer for TRL."""
    yield from exactly(record, {"prompt", "completion", "label"}, "kto_keys")
    yield from messages.prompt(record.get("prompt"), "prompt")
    yield from messages.answer(record.get("completion"), "completion")
    if not isinstance(record.get("label"), bool):  # TRL adds it up: a text is a TypeError
        yield "verdict_is_a_boolean", f"label is {record.get('label')!r}, not true or false"


def _answers(record: dict[str, Any], better: str, worse: str) -> Iterator[Found]:
    for side in (better, worse):
        yield from messages.answer(record.get(side), side)
    yield from different(record.get(better), record.get(worse))
