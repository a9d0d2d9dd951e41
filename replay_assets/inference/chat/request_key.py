"""The key of a question: equal keys may share an answer."""

import hashlib
from typing import Any

from replay_assets.candidates import Candidate
from replay_assets.inference.call import Question
from replay_assets.inference.chat.response_format import schema_digest
from replay_assets.lake.digests import canonical


class RequestKeys:
    """Works out the keys of one candidate's questions."""

    def __init__(self, candidate: Candidate) -> None:
        self.candidate_parts: dict[str, Any] = {
            "base_url": candidate.base_url,
            "model": candidate.model,
            "sampling": candidate.sampling.model_dump(mode="json", exclude_none=True),
            # The supported format is learned during a run, so a key with it would change.
            "response_format": candidate.response_format,
        }

    def of(self, question: Question) -> str:
        """Return the SHA-256 of everything that influences an answer, without API key and run.

        It includes the configured response format, not the one that the endpoint supports.
        """
        parts = {**self.candidate_parts, **parts_of(question), "repeat": question.repeat}
        return hashlib.sha256(canonical(parts)).hexdigest()


def parts_of(question: Question) -> dict[str, Any]:
    """Return what a question asks: messages, schema and tools."""
    parts: dict[str, Any] = {
        "schema": schema_digest(question.schema),
        "messages": question.messages,
    }
    if question.tools:  # keys of questions without tools are those of earlier releases
        parts["tools"] = question.tools
    return parts
