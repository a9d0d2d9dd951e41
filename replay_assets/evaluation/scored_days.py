"""Scores of any range of days, and which of those days count.

A day counts only if its scores were made from the present partitions, down to the evidence. Other
days are listed as stale or missing and left out of every figure. An incident with snapshots on
several days counts once, by the newest snapshot.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, NamedTuple

import msgspec

from replay_assets.candidates import Candidate
from replay_assets.contracts.evaluation_report import DayState
from replay_assets.contracts.score import INCUMBENT, ReplayScore
from replay_assets.contracts.vocabulary import Vocabulary
from replay_assets.evaluation.grading import unmet_labels
from replay_assets.lake import Address, Lineage, assets
from replay_assets.lake.formats import decode_table
from replay_assets.lake.labels import labels_of


@dataclass(frozen=True)
class CandidateScores:
    """A candidate's scores of the days that count, and the state of each day.

    `repeats` has every answer. `scores` has the first answer to each incident: incidents are
    counted and listed, and several answers of one model to one incident are one observation.
    """

    candidate_id: str
    baseline: bool
    constant: bool
    repeats: list[ReplayScore]
    days: dict[str, DayState]

    @cached_property
    def scores(self) -> list[ReplayScore]:
        """The first answer to each incident."""
        return [score for score in self.repeats if score.repeat == 0]

    @property
    def uncounted_days(self) -> int:
        """How many of the days are missing or stale."""
        return sum(state != "counted" for state in self.days.values())


class Title(NamedTuple):
    """How the report lists an incident: the day of its newest pack, and what the pack says of it.

    `evidence` is the start of the sanitized evidence; it has `characters` in all.
    """

    day: str
    alertname: str
    severity: str | None = None
    service: str | None = None
    evidence: str = ""
    characters: int = 0


class _TitledRequest(msgspec.Struct):
    """The part of a request that a title needs; decoding skips the instructions, which are long."""

    incident_id: str
    incident_context: dict[str, Any]
    user_prompt: str = ""

    def title(self, day: str, shown: int) -> Title:
        """Return the title with at most that many characters of evidence."""
        labels = self.incident_context.get("labels")
        labels = labels if isinstance(labels, dict) else {}
        named = (labels[key] for key in SERVICE_LABELS if labels.get(key))
        return Title(
            day,
            _short(self.incident_context.get("alertname")) or "—",
            _short(self.incident_context.get("severity")),
            _short(next(named, None)),
            self.user_prompt[:shown],
            len(self.user_prompt),
        )


SERVICE_LABELS = ("service", "application", "app", "workload_name", "deployment", "job")
"""Labels of an alert that name the service, the first one that is there counts."""
LONGEST_NAME = 200
"""Characters of a name that the report shows."""


def _short(value: object) -> str | None:
    return str(value)[:LONGEST_NAME] if value else None


@dataclass(frozen=True)
class DayReader:
    """Reads packs and scores of days for one operation, each file at most once.

    The ranges of days of a report and of its reviews share one. `evidence_characters` says how
    much of the evidence the titles of a day have; those of other days have none.
    """

    lineage: Lineage
    evidence_characters: Mapping[str, int] = field(default_factory=dict)
    _titles: dict[str, list[tuple[str, Title]]] = field(default_factory=dict)
    _scores: dict[Address, bytes] = field(default_factory=dict)

    def titles(self, day: str) -> list[tuple[str, Title]]:
        """Return the id and the title of each incident in a day's pack, in its order."""
        if day not in self._titles:
            pack = self.lineage.find(assets.REQUEST_PACK.at(day))
            decode = msgspec.json.Decoder(_TitledRequest).decode
            lines = pack.file(assets.PACK_FILE).splitlines() if pack is not None else []
            shown = self.evidence_characters.get(day, 0)
            self._titles[day] = [
                (request.incident_id, request.title(day, shown)) for request in map(decode, lines)
            ]
        return self._titles[day]

    def scores(self, address: Address) -> Iterator[ReplayScore]:
        """Return the scores of a day, of one candidate or of the incumbent."""
        if address not in self._scores:
            # As stored: 0.1 kB per row. Decoded it takes 4 kB, and a year has 100,000.
            self._scores[address] = self.lineage.get(address).stored_table(address.asset)
        return map(ReplayScore.read, decode_table(self._scores[address]).to_pylist())


@dataclass(frozen=True)
class ScoredDays:
    """The scores of a range of days, in the order given."""

    reader: DayReader
    days: Sequence[str]

    @property
    def lineage(self) -> Lineage:
        """Which partitions are current."""
        return self.reader.lineage

    @cached_property
    def titles(self) -> dict[str, Title]:
        """The title of every incident in the packs, by incident id, in the order of days."""
        titles: dict[str, Title] = {}
        for incident_id, title in (one for day in self.days for one in self.reader.titles(day)):
            # A dict keeps a key's first place; the incident must be listed on its newest day.
            titles.pop(incident_id, None)
            titles[incident_id] = title
        return titles

    def unmet_labels(self, vocabulary: Vocabulary) -> dict[str, list[str]]:
        """Return what no answer can meet in the labels of the listed incidents, and of which."""
        labels = {
            incident: label
            for day in self.days
            for incident, label in labels_of(
                self.lineage.find(assets.INCIDENT_LABELS.at(day))
            ).items()
            if self.is_listed(incident, day)
        }
        return unmet_labels(labels, vocabulary)

    def is_listed(self, incident_id: str, day: str) -> bool:
        """Return whether a day has the snapshot of an incident that counts: the newest one."""
        title = self.titles.get(incident_id)
        return title is not None and title.day == day

    def candidate(self, candidate: Candidate) -> CandidateScores:
        """Return a candidate's scores."""
        days, scores = self._read(assets.REPLAY_SCORES, candidate.id)
        return CandidateScores(candidate.id, candidate.baseline, candidate.constant, scores, days)

    def incumbent(self) -> CandidateScores:
        """Return the incumbent's scores."""
        days, scores = self._read(assets.INCUMBENT_SCORES)
        return CandidateScores(INCUMBENT, False, False, scores, days)

    def _read(
        self, asset: assets.Asset, candidate_id: str | None = None
    ) -> tuple[dict[str, DayState], list[ReplayScore]]:
        days: dict[str, DayState] = {}
        scores: list[ReplayScore] = []
        for day in self.days:
            address = asset.at(day, candidate_id)
            state = self.lineage.state(address).status
            days[day] = "counted" if state == "current" else state
            if state == "current":
                scores += self._of_the_day(address)
        return days, scores

    def _of_the_day(self, address: Address) -> list[ReplayScore]:
        """Return a day's scores, without incidents that are also in the pack of a later day."""
        unknown = Title(address.key, "—")
        # Newest day only: an answer of Monday must not be compared with a decision of Thursday.
        return [
            score
            for score in self.reader.scores(address)
            if self.titles.get(score.incident_id, unknown).day == address.key
        ]
