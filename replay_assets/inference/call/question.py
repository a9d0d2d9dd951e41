"""A question: everything that influences an answer of a model, except the candidate."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Message = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Question:
    """One call to be made.

    Args:
        messages: the complete conversation, in the form of OpenAI's chat protocol.
        schema: the JSON schema of the answer, for endpoints that can enforce one.
        repeat: the number of this repeat, from 0. Questions that differ only in it are asked
            separately. Otherwise equal questions share one call in a run, also one that failed,
            except that dialogues that begin with the same question have separate calls.
        is_last: a promise that the dialogue asks nothing after this, whatever the answer. A live
            run then does not read the answer; it is read later, with all kept calls.
        tools: the tools that the model may call, in OpenAI's function format. An answer to a
            question with tools has no other form: `schema` is then not used.
    """

    messages: Sequence[Message]
    schema: Mapping[str, Any] | None = None
    repeat: int = 0
    is_last: bool = False
    tools: Sequence[Mapping[str, Any]] = ()
