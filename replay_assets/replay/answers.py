"""The answer contract: parse the text of a completion, or return the code of its first error.

Closed words are compared by `contracts/names.py`, as they are in labels and recorded decisions.
"""

import json
import re
from collections.abc import Callable, Sequence
from typing import Any

from replay_assets.contracts import answer as codes
from replay_assets.contracts.answer_reading import NOTHING, ContractBrokenError, read_answer
from replay_assets.contracts.self_grading import SELF_GRADING_FIELDS
from replay_assets.contracts.vocabulary import Vocabulary
from replay_assets.parsing.reasoning import split_reasoning
from replay_assets.replay.json_scanning import TwoValuesError, scan
from replay_assets.sanitizing import find_label_leaks, mask_strict

SAFE_PLAN = ["Do not act on this incident automatically", "Hand it over to a person"]
MAX_RUNNER_ERROR = 200
_AS_JSON = json.JSONEncoder(ensure_ascii=False, allow_nan=False)


def parse_answer(
    content: str | None,
    *,
    required: Sequence[str],
    vocabulary: Vocabulary,
    cleaned: Callable[[Any], Any] = mask_strict,
) -> dict[str, Any]:
    """Return the answer in contract form, its fields in the order required.

    Raises:
        ContractBrokenError: the answer breaks the contract; the message is the first error's code.
    """
    # Again, because an earlier release that stored this content knew fewer marks of reasoning.
    content, _ = split_reasoning(content)
    if content is None or not content.strip():
        raise ContractBrokenError(codes.CONTENT_MISSING)
    found = _writable(json_object(content, required))
    if find_label_leaks(found, {}, SELF_GRADING_FIELDS):
        raise ContractBrokenError(codes.SELF_GRADING)
    try:
        answer = read_answer(found, required, vocabulary)
    except ContractBrokenError as error:
        if error.value is NOTHING:
            raise
        raise ContractBrokenError(f"{error.code}:{_short(error.value)}") from error
    clean: dict[str, Any] = cleaned(answer)
    return clean


def safe_output(error: str) -> dict[str, Any]:
    """Return the blocked answer that is used if a candidate gave no valid answer."""
    return {
        "proposed_action": "NO_ACTION",
        "action_plan": SAFE_PLAN,
        "risk_level": "high",
        "requires_human_approval": True,
        "blocked_by_policy": True,
        "runner_error": error[:MAX_RUNNER_ERROR],
    }


def json_object(content: str, required: Sequence[str]) -> dict[str, Any]:
    """Return the JSON object in a text that is the answer.

    The text may quote other JSON. Objects without any required field are ignored, and so are
    incomplete ones if there is a complete one.

    Raises:
        ContractBrokenError: there is no such object, or there are several that differ.
    """
    try:
        found = scan(content)
    except TwoValuesError as error:
        raise ContractBrokenError(codes.AMBIGUOUS) from error
    partial = [one for one in found.objects if any(name in one for name in required)]
    if not partial and found.trailing_comma_at is not None:
        raise ContractBrokenError(
            f"{codes.NOT_AN_OBJECT}:trailing_comma_at_{found.trailing_comma_at}"
        )
    complete = [one for one in partial if all(name in one for name in required)]
    answers = complete or partial or found.objects
    if not answers:
        raise ContractBrokenError(codes.NOT_AN_OBJECT)
    if any(other != answers[0] for other in answers[1:]):
        raise ContractBrokenError(codes.AMBIGUOUS)
    return answers[0]


def _writable(found: dict[str, Any]) -> dict[str, Any]:
    r"""Return an answer without half surrogate pairs (`"\ud83d"`), which UTF-8 can't encode.

    Raises:
        ContractBrokenError: it contains NaN or an infinity: Python reads them, but JSON does not
            have them.
    """
    try:
        text = _AS_JSON.encode(found)
    except ValueError as error:
        raise ContractBrokenError(codes.NOT_AN_OBJECT) from error
    try:
        text.encode()
    except UnicodeEncodeError:
        found = json.loads(text.encode("utf-8", "replace"))
    return found


def _short(value: object) -> str:
    # Masked, because a code is published and a model may repeat a secret.
    return re.sub(r"\s+", " ", str(mask_strict(str(value))))[:40]
