"""Rules for lists of messages: what OpenAI, Together, NeMo, TRL and axolotl require of them."""

from collections.abc import Iterator
from typing import Any

from replay_assets.finetune.rules.problem import Found, exactly, filled_text
from replay_assets.finetune.trainer_marks import BRACKETS
from replay_assets.parsing.reasoning import MARK as REASONING_MARK

ROLES = frozenset({"system", "user", "assistant"})


def chat(record: dict[str, Any]) -> Iterator[Found]:
    """Yield what is wrong with a row of plain chat."""
    yield from exactly(record, {"messages"}, "only_messages")  # Together: "Found extra column"
    messages = record.get("messages")
    yield from plain_messages(messages, "messages")
    if isinstance(messages, list) and role_of(messages, -1) != "assistant":
        # NeMo-RL asserts it; other trainers learn nothing from the row.
        yield "assistant_is_last", f"the last message is of the role {role_of(messages, -1)!r}"


def prompt(value: object, where: str) -> Iterator[Found]:
    """Yield what is wrong with the messages before an answer."""
    yield from plain_messages(value, where)
    if isinstance(value, list) and role_of(value, -1) != "user":
        yield "user_is_last", f"{where}: the last message is of the role {role_of(value, -1)!r}"


def answer(value: object, where: str) -> Iterator[Found]:
    """Yield what is wrong with an answer: it is one message of the assistant."""
    yield from plain_messages(value, where, follows="user")
    if isinstance(value, list) and [role_of([one], 0) for one in value] != ["assistant"]:
        # TRL trains without an error on a prompt that is repeated here.
        yield "one_assistant_message", f"{where} is not exactly one message of the assistant"


def plain_messages(value: object, where: str, follows: str = "") -> Iterator[Found]:
    """Yield what is wrong with a list of messages without tools."""
    if not isinstance(value, list) or not value:
        yield "messages_are_a_list", f"{where} is not a list with a message"
        return
    last = follows
    for number, message in enumerate(value):
        place = f"{where}[{number}]"
        if not isinstance(message, dict):
            yield "messages_are_objects", f"{place} is not an object"
            continue
        # NeMo Customizer forbids any other key.
        yield from exactly(message, {"role", "content"}, "role_and_content", f"{place}: ")
        yield from filled_text(message.get("content"), "content_is_text", f"{place}.content")
        role = message.get("role")
        if role not in ROLES:
            yield "known_role", f"{place}: {role!r} is not one of {', '.join(sorted(ROLES))}"
        yield from order(role, last, place, is_first=number == 0 and not follows)
        if role == "assistant":
            yield from without_reasoning(message.get("content"), f"{place}.content")
        last = str(role)


def order(role: object, last: str, place: str, *, is_first: bool) -> Iterator[Found]:
    """Yield what is wrong with the role of a message after the one before it."""
    if role == "system" and not is_first:
        yield "system_is_first", f"{place}: a message of the role 'system' that is not the first"
    if role == last and role in ("user", "assistant"):
        yield "roles_alternate", f"{place}: a second message of the role {role!r} in a row"
    if role == "assistant" and last in ("", "system"):
        yield "user_comes_first", f"{place}: an answer without a message of the user before it"


def without_reasoning(content: object, place: str) -> Iterator[Found]:
    """Yield a problem if an answer has a mark of reasoning, which a model would learn to write."""
    if isinstance(content, str):
        for mark in REASONING_MARK.finditer(content):
            if mark[0][0] in BRACKETS:
                yield "no_reasoning_marks", f"{place} has the mark {mark[0]!r}"
                return


def role_of(messages: list[Any], position: int) -> str | None:
    """Return the role of a message; None if there is no such message or role."""
    try:
        message = messages[position]
    except IndexError:
        return None
    role = message.get("role") if isinstance(message, dict) else None
    return role if isinstance(role, str) else None
