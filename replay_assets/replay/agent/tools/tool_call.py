"""A call of a tool as a model wrote it, and the answer that it gets."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from replay_assets.parsing.json_text import DEEPEST, nests_too_deep

AnswerKind = Literal[
    "recorded",
    "evidence",
    "not_recorded",
    "dry_run",
    "not_offered",
    "malformed_arguments",
]
"""Where an answer comes from: a recorded call, a section of the evidence, or a reason for none."""


@dataclass(frozen=True)
class Attachment:
    """A file that a tool returned."""

    path: str
    mime_type: str


@dataclass(frozen=True)
class ToolCall:
    """A call of a tool.

    Attributes:
        name: the tool.
        arguments: the arguments; None if they can't be read as a JSON object.
        error: why the arguments can't be read.
        is_offered: whether the tool is among those that were offered.
        is_mutating: whether the call would change a running system.
        approval_requested: whether it asks for a person's approval; None if it says nothing.
    """

    name: str
    arguments: Mapping[str, Any] | None
    error: str | None = None
    is_offered: bool = True
    is_mutating: bool = False
    approval_requested: bool | None = None


@dataclass(frozen=True)
class ToolAnswer:
    """What a model receives for a call.

    Attributes:
        text: what the model reads.
        kind: where the text comes from.
        is_mutating: whether the call would have changed a running system.
        approval_requested: whether it asked for a person's approval; None if it said nothing.
        problems: what is wrong with a call that was only a dry run; empty if it could be done.
        attachments: the files that the tool returned.
    """

    text: str
    kind: AnswerKind
    is_mutating: bool = False
    approval_requested: bool | None = None
    problems: tuple[str, ...] = ()
    attachments: tuple[Attachment, ...] = field(default=())

    @property
    def is_miss(self) -> bool:
        """Whether the call read something that was never recorded."""
        return self.kind == "not_recorded"


def read_arguments(
    arguments: str | Mapping[str, Any] | None,
) -> tuple[dict[str, Any] | None, str | None]:
    """Return a call's arguments, or None and the reason why they can't be read."""
    if arguments is None or arguments == "":
        return {}, None
    if isinstance(arguments, Mapping):
        return _not_too_deep(dict(arguments))
    try:
        found = json.loads(arguments)
    except (ValueError, RecursionError) as error:
        return None, f"the arguments are not valid JSON: {error}"
    if not isinstance(found, dict):
        return None, f"the arguments must be a JSON object, not {type(found).__name__}"
    return _not_too_deep(found)


def _not_too_deep(arguments: dict[str, Any]) -> tuple[dict[str, Any] | None, str | None]:
    if nests_too_deep(arguments):  # an event with them could not be written
        return None, f"the arguments are nested more than {DEEPEST} levels deep"
    return arguments, None
