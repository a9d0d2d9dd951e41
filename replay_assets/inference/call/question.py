"""A question: everything that influences an answer of a model, except the candidate."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Self

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
        to: the ids of the candidates that may answer, each asked if those before it fail: members
            of the run's route, or other candidates of the run. Empty: the candidate of the run.
        forms: what some of them are asked instead, by id: each member of a route has its prompt.
    """

    messages: Sequence[Message]
    schema: Mapping[str, Any] | None = None
    repeat: int = 0
    is_last: bool = False
    tools: Sequence[Mapping[str, Any]] = ()
    to: tuple[str, ...] = ()
    forms: Mapping[str, Self] = field(default_factory=dict)

    def form_of(self, candidate_id: str) -> "Question":
        """Return what a candidate is asked."""
        return self.forms.get(candidate_id, self)
