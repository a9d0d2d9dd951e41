"""A question: all that shapes one answer of a model, but for the candidate that is asked."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Message = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Question:
    """One call to be made.

    Args:
        messages: the whole conversation, in the form of OpenAI's chat protocol.
        schema: the JSON schema of the answer, for endpoints that can hold a model to one.
        repeat: which repeat this is, from 0. Two questions that differ in it alone are asked apart;
            two that are equal may share one answer.
        is_last: a promise that the dialogue asks nothing after this, whatever the answer. A live
            run then leaves the reading of the answer to the walk over the kept calls.
    """

    messages: Sequence[Message]
    schema: Mapping[str, Any] | None = None
    repeat: int = 0
    is_last: bool = False
