"""The canonical training row: every flavour is rendered from it, every drop is decided on it.

A row is what one incident teaches, sanitized, before any trainer's format. Rows are structs that
encode to a few hundred bytes of MessagePack, so that an export of any size is spooled to a file.
"""

import hashlib
from functools import cache
from typing import Any, Literal

import msgspec

Kind = Literal["positive", "negative", "pair"]
"""`positive` is an answer to learn, `negative` one to avoid, `pair` a better and a worse answer."""
LabelSource = Literal[
    "verified_execution", "replay_grade", "explicit_feedback", "judge", "judge_unverified"
]
LABEL_SOURCES: tuple[LabelSource, ...] = (
    "verified_execution",
    "replay_grade",
    "explicit_feedback",
    "judge",
    "judge_unverified",
)
"""Who says that an answer is right or wrong, the strongest first. An unverified judge was not
compared with people."""
Role = Literal["system", "user", "assistant", "tool"]


class ToolCall(msgspec.Struct, frozen=True, omit_defaults=True):
    """One call of a tool; `arguments` is an object, never JSON text."""

    id: str
    name: str
    arguments: dict[str, Any]


class Message(msgspec.Struct, frozen=True, omit_defaults=True):
    """One message; `tool_call_id` is that of the call that a message of a tool answers."""

    role: Role
    content: str = ""
    tool_calls: tuple[ToolCall, ...] = ()
    tool_call_id: str = ""


class Tool(msgspec.Struct, frozen=True):
    """A tool that the model may call; `parameters` is a JSON Schema of type `object`."""

    name: str
    description: str
    parameters: dict[str, Any]


class Row(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """One thing to learn.

    Attributes:
        kind: whether to learn or avoid `completion`, or to prefer it to `rejected`.
        prompt: the messages before the answer. Those of the role `system` are instructions, the
            same for many rows.
        completion: the answer; the better one of a pair.
        rejected: the worse answer of a pair.
        tools: the tools that the prompt offers.
        constant: a part of the prompt that many rows have, such as how to answer.
        incident_id: the incident that it came from.
        scenario_group: its scenario group; empty if it has none.
        session_id: the session or call that gave the answer, if it is known.
        execution_id: the repair that verified it, if there was one.
        label_source: who says that it is right or wrong.
        weight: how much it counts; written to the lineage only.
        has_reasoning: whether the answer gives a reason, and not only an action.
        at: when the evidence was collected, as ISO text in UTC that sorts by time.
        metadata: texts and flags about the incident that the Alpaca flavour carries.
    """

    kind: Kind
    prompt: tuple[Message, ...]
    completion: tuple[Message, ...]
    rejected: tuple[Message, ...] = ()
    tools: tuple[Tool, ...] = ()
    constant: str = ""
    incident_id: str
    scenario_group: str
    session_id: str | None = None
    execution_id: str | None = None
    label_source: LabelSource
    weight: float = 1.0
    has_reasoning: bool = False
    at: str = ""
    metadata: dict[str, str | bool | None] = {}

    @property
    def text(self) -> str:
        """The text by which near-duplicates are found: without system messages and tools."""
        return "\n".join(
            (*self.question, *map(_text_of, self.completion), *map(_text_of, self.rejected))
        )

    @property
    def question(self) -> tuple[str, ...]:
        """The texts of the prompt without its constant instructions."""
        texts = (_text_of(one) for one in self.prompt if one.role != "system")
        return tuple(text.replace(self.constant, "") if self.constant else text for text in texts)

    @property
    def has_empty_text(self) -> bool:
        """Whether a message is empty, which trainers reject. The answer of a tool may be."""
        every = (*self.prompt, *self.completion, *self.rejected)
        said = (one for one in every if one.role != "tool" and not one.tool_calls)
        return any(not one.content.strip() for one in said)

    @property
    def answer(self) -> str:
        """The text of the answer."""
        return "\n".join(map(_text_of, self.completion))


def row_id(row: Row) -> str:
    """Return the SHA-256 of what a row teaches; rows are written in its order."""
    content = (row.kind, row.prompt, row.completion, row.rejected, row.tools, row.incident_id)
    return hashlib.sha256(_encoder().encode(content)).hexdigest()


def encode_row(row: Row) -> bytes:
    """Return a row as MessagePack."""
    return _encoder().encode(row)


def decode_row(content: bytes | memoryview) -> Row:
    """Return the row of `encode_row`."""
    return _decoder().decode(content)


def _text_of(message: Message) -> str:
    if not message.tool_calls:
        return message.content
    calls = (msgspec.json.encode([one.name, one.arguments]).decode() for one in message.tool_calls)
    return "\n".join((message.content, *calls))


@cache
def _encoder() -> msgspec.msgpack.Encoder:
    return msgspec.msgpack.Encoder()


@cache
def _decoder() -> msgspec.msgpack.Decoder[Row]:
    return msgspec.msgpack.Decoder(Row)
