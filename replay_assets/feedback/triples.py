"""Finds triples (question, answer, next message) in recorded sessions, and reads files of them."""

from collections.abc import Iterable, Iterator, Mapping
from itertools import groupby
from pathlib import Path
from typing import Any, TypeVar

from pydantic import ValidationError

from replay_assets.contracts.feedback import FeedbackTriple, OperatorFeedback, feedback_id
from replay_assets.contracts.record import describe
from replay_assets.errors import ConfigurationError, ContractError
from replay_assets.lake.formats import decode_line
from replay_assets.parsing.reasoning import split_reasoning

MOST_NAMED = 20
"""Bad lines that a message names: it should fit on a screen."""

Row = Mapping[str, Any]
Triple = TypeVar("Triple", bound=FeedbackTriple)


def triples_of(
    messages: Iterable[Row], models: Mapping[str, str | None]
) -> Iterator[OperatorFeedback]:
    """Yield the triples of recorded messages, in their order.

    The answer is the last text of the assistant before the operator writes again: earlier ones
    announce calls of tools. Messages that the operator sends one after another count as one. A
    question without an answer in text, and an answer without a next message, give no triple.

    Args:
        messages: the messages of sessions, each session in the order of its conversation.
        models: the model that is recorded for each session.
    """
    for session_id, conversation in groupby(messages, key=lambda one: one["session_id"]):
        for question, answer, following in _exchanges(conversation):
            position = int(following[0]["position"])
            yield OperatorFeedback(
                id=feedback_id(session_id, position),
                incident_id=following[0]["incident_id"],
                session_id=session_id,
                position=position,
                query_t=question,
                answer_t=answer,
                query_t1=_text(following),
                answered_by=models.get(session_id),
                created_at=following[0]["created_at"],
            )


def _exchanges(conversation: Iterable[Row]) -> Iterator[tuple[str, str, list[Row]]]:
    """Yield each question and answer with the operator's messages that follow."""
    question = answer = ""
    for is_operator, group in groupby(conversation, key=lambda one: one["role"] == "user"):
        turn = list(group)
        if not is_operator:
            said = (split_reasoning(one["content"])[0] for one in turn if _is_said(one))
            answer = next(
                (text for one in reversed(list(said)) if (text := (one or "").strip())), ""
            )
            continue
        if question and answer:
            yield question, answer, turn
        question, answer = _text(turn), ""


def _is_said(message: Row) -> bool:
    return message["role"] == "assistant" and bool(message["content"])


def _text(messages: Iterable[Row]) -> str:
    return "\n".join(text for one in messages if (text := (one["content"] or "").strip()))


def content_of(path: Path) -> bytes:
    """Return the content of a file of triples.

    Raises:
        ConfigurationError: it can't be read.
    """
    try:
        return path.read_bytes()
    except OSError as error:
        raise ConfigurationError(f"{path}: {error}; name a JSONL file of triples") from error


def read_triples(content: bytes, name: str, form: type[Triple]) -> list[Triple]:
    """Return triples of JSONL lines, in their order; fields that they do not have are ignored.

    Args:
        content: the lines.
        name: where they are from, for messages.
        form: the type of the triples.

    Raises:
        ConfigurationError: lines are not triples; the message names each of them and what is wrong
            with it.
    """
    content = content.removeprefix(b"\xef\xbb\xbf")
    lines: dict[str, int] = {}
    triples: list[Triple] = []
    problems: list[str] = []
    for number, line in enumerate(content.split(b"\n"), 1):
        if not line.strip():
            continue
        try:
            triple = _triple(line, name, number, form)
        except ContractError as error:
            problems.append(str(error))
            continue
        if (first := lines.setdefault(triple.id, number)) != number:
            problems.append(f"{name}, line {number}: id {triple.id!r} is also in line {first}")
        triples.append(triple)
    if problems:
        more = f"\nand {len(problems) - MOST_NAMED} more" if len(problems) > MOST_NAMED else ""
        raise ConfigurationError(
            "\n".join(problems[:MOST_NAMED])
            + f"{more}\nNothing was judged. Correct these lines: each must be a JSON object with "
            f"{', '.join(_required(form))}, every id once."
        )
    return triples


def _triple(line: bytes, name: str, number: int, form: type[Triple]) -> Triple:
    found = decode_line(line, name, number)
    try:
        return form.model_validate({key: found[key] for key in form.model_fields if key in found})
    except ValidationError as error:
        raise ContractError(f"{name}, line {number}: {describe(error)}") from error


def _required(form: type[FeedbackTriple]) -> list[str]:
    return [name for name, field in form.model_fields.items() if field.is_required()]
