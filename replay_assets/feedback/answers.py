"""Reads a judge's answer: a label with a confidence, or why there is none."""

import math
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any

from replay_assets.contracts.feedback import FeedbackOutcome
from replay_assets.contracts.names import folded
from replay_assets.inference import Call
from replay_assets.parsing.json_text import Value, values_in
from replay_assets.parsing.plain_text import one_line
from replay_assets.parsing.reasoning import split_reasoning

LONGEST_RATIONALE = 300


@dataclass(frozen=True)
class JudgeReading:
    """What an answer says; `rationale` says why there is no label if there is none."""

    outcome: FeedbackOutcome
    rationale: str
    label: str | None = None
    confidence: float | None = None


def read_call(call: Call, labels: Collection[str], cleaned: Callable[[Any], Any]) -> JudgeReading:
    """Return what a finished call says about its triple.

    Args:
        call: the call.
        labels: the valid labels.
        cleaned: removes keys and secrets from an answer.
    """
    if not call.is_answer:
        why = call.error or "the provider failed while it answered"
        return JudgeReading("infrastructure_failure", _short(cleaned(f"{call.outcome}: {why}")))
    if call.completion is None:
        return JudgeReading("unreadable_answer", _short(cleaned(f"{call.outcome}: {call.error}")))
    ending = call.completion.ending
    reading = read_answer(cleaned(call.completion.content or ""), labels)
    if reading.outcome == "unreadable_answer" and ending != "finished":
        why = {"cut": "the answer ended at the limit of tokens"}.get(ending, f"it was {ending}")
        return JudgeReading(reading.outcome, f"{reading.rationale}; {why}")
    return reading


def read_answer(content: str, labels: Collection[str]) -> JudgeReading:
    """Return what the text of an answer says: one JSON object, which may be within other text."""
    answer, _ = split_reasoning(content)
    found = [
        one.value
        for one in values_in(answer or "")
        if isinstance(one, Value) and isinstance(one.value, dict) and "label" in one.value
    ]
    if not found:
        return JudgeReading("unreadable_answer", "the answer has no JSON object with a label")
    if any(one["label"] != found[0]["label"] for one in found):
        return JudgeReading("unreadable_answer", "the answer has several labels")
    return _read(found[-1], labels)


def _read(answer: dict[str, Any], labels: Collection[str]) -> JudgeReading:
    named = answer["label"]
    if not isinstance(named, str):
        return JudgeReading("unreadable_answer", f"its label is not a text: {_short(named)}")
    label = "_".join(folded(named).replace("-", " ").split())
    if label not in labels:
        return JudgeReading("unknown_label", f"its label is {_short(named)!r}")
    confidence = _confidence(answer.get("confidence"))
    if confidence is None:
        says = _short(answer.get("confidence", "missing"))
        return JudgeReading(
            "unreadable_answer", f"its confidence is not a number from 0 to 1: {says}"
        )
    return JudgeReading("judged", _short(answer.get("rationale") or ""), label, confidence)


def _confidence(value: Any) -> float | None:  # noqa: ANN401 - any JSON value
    """Return a number from 0 to 1, also one that is written as a text; None if it is not one."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    return number if math.isfinite(number) and 0 <= number <= 1 else None


def _short(value: object) -> str:
    return one_line(value)[:LONGEST_RATIONALE]
