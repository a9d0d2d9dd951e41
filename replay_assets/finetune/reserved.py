"""Incidents that must not be learned from, because models are tested on them."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np

from replay_assets.finetune.duplicates.fingerprints import NO_FINGERPRINTS, NO_TEXT, Fingerprints
from replay_assets.finetune.duplicates.similar import pairs_across, similarities
from replay_assets.finetune.duplicates.survivors import SIMILAR
from replay_assets.finetune.split import with_question
from replay_assets.lake.formats import json_line

RESERVED_GROUP = "reserved_for_evaluation"
OPEN_REVIEW = "open_review"
SAME_GROUP = "scenario_group_of_reserved"
NEAR = "near_duplicate_of_reserved"
IN_DOUBT, UNANSWERED = 0.35, 0.4
"""A question that is less like a reserved one than `SIMILAR` still counts as near: from the first
share on if the answers are alike too, from the second one on if the reserved incident's answer is
not known. The same fault may have a log with half of its lines changed; by questions alone, all
incidents of a system would be refused."""
AGREEING_ANSWER = 0.3


class ReservedIncident(NamedTuple):
    """One reserved incident, its scenario group, and why; a line of `reserved.jsonl`."""

    id: str
    group: str
    why: str


@dataclass(frozen=True)
class Reserved:
    """The reserved incidents, and what their evidence and recorded answers look like."""

    incidents: Mapping[str, ReservedIncident]
    rows: Fingerprints

    def of(self, incident_id: str, group: str) -> ReservedIncident | None:
        """Return why an incident is reserved, by itself or by its group; None if it is not."""
        if (found := self.incidents.get(incident_id)) is not None:
            return found
        if (other := self._by_group.get(group)) is not None:
            return ReservedIncident(incident_id, group, f"{SAME_GROUP}: {other}")
        return None

    @cached_property
    def _by_group(self) -> dict[str, str]:
        """The first reserved incident of each scenario group."""
        found = sorted(self.incidents.values(), reverse=True)
        return {one.group: one.id for one in found if one.group}


NOTHING_RESERVED = Reserved({}, NO_FINGERPRINTS)


def refused_rows(rows: Fingerprints, reserved: Reserved) -> dict[int, ReservedIncident]:
    """Return the rows that must not be exported, each with why its incident is refused.

    If one row of an incident is refused, all are.
    """
    refused: dict[str, ReservedIncident] = {}
    for source in rows.sources:
        if (found := reserved.of(source.incident_id, source.scenario_group)) is not None:
            refused.setdefault(source.incident_id, found)
    asked = reserved.rows.take(with_question(reserved.rows))
    for row, other in _near(rows, asked):
        source, of = rows.sources[row], asked.sources[other].incident_id
        near = ReservedIncident(source.incident_id, source.scenario_group, f"{NEAR}: {of}")
        refused.setdefault(source.incident_id, near)
    return {
        row: refused[source.incident_id]
        for row, source in enumerate(rows.sources)
        if source.incident_id in refused
    }


def reserved_file(refused: Iterable[ReservedIncident]) -> bytes:
    """Return the content of `reserved.jsonl`: one line per incident, in the order of their ids."""
    return "".join(f"{json_line(one._asdict())}\n" for one in sorted(set(refused))).encode()


def _near(rows: Fingerprints, reserved: Fingerprints) -> Iterator[tuple[int, int]]:
    """Yield rows that ask nearly what a reserved incident asks, with that incident."""
    questions = {
        question: other for other, question in reversed(list(enumerate(reserved.masked_questions)))
    }
    for row, question in enumerate(rows.masked_questions):
        if question in questions:
            yield row, questions[question]
    unknown = np.array([answer == NO_TEXT for answer in reserved.masked_answers], dtype=bool)
    asked = with_question(rows)
    asking = rows.take(asked)
    for one, other, shares in pairs_across(asking.questions, reserved.questions, IN_DOUBT):
        answers = similarities(asking.answers, one, reserved.answers, other)
        agreeing = np.where(unknown[other], shares >= UNANSWERED, answers >= AGREEING_ANSWER)
        near = (shares >= SIMILAR) | agreeing
        for row, of in zip(one[near].tolist(), other[near].tolist(), strict=True):
            yield asked[row], of
