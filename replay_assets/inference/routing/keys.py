"""The key of a question that a route asks: equal keys may share an answer."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from replay_assets.candidates import Candidate
from replay_assets.inference.call import Question
from replay_assets.inference.chat import RequestKeys, parts_of
from replay_assets.lake.digests import canonical


class RouteKeys:
    """Works out the keys of the questions of a run with several candidates."""

    def __init__(self, candidate: Candidate, others: Iterable[Candidate]) -> None:
        self._usual = tuple(one.id for one in candidate.members)
        self._route = frozenset(candidate.route or ())
        self._keys = {one.id: RequestKeys(one) for one in (*candidate.members, *others)}

    def of(self, question: Question) -> str:
        """Return the SHA-256 of everything that influences an answer, whichever member gives it.

        Members of a route are in it with their ids, because the chain of a kept call names them: a
        run of one of them alone keeps calls without a chain. The key of a question to any other
        candidate is that of a run of this candidate alone.
        """
        ids = question.to or self._usual
        if len(ids) == 1 and ids[0] not in self._route:
            form = replace(question.form_of(ids[0]), repeat=question.repeat)
            return self._keys[ids[0]].of(form)
        parts = parts_of(question)
        parts["repeat"] = question.repeat
        parts["route"] = [{"id": one, **self._keys[one].candidate_parts} for one in ids]
        if question.forms:
            parts["forms"] = _others(question, ids)
        return hashlib.sha256(canonical(parts)).hexdigest()


def _others(question: Question, ids: Sequence[str]) -> Mapping[str, Any]:
    """Return the forms that differ from the question, by the place of the member."""
    return {
        str(place): parts_of(question.forms[one])
        for place, one in enumerate(ids)
        if one in question.forms
    }
