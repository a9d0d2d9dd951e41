"""Which days of a week count: those whose scores were made from what now exists.

A day counts only if its scores name the digests of the present results, evidence, labels and
vocabulary, its results those of the present pack and candidate, and its pack that of the present
evidence. Anything else is listed as stale or missing, and left out of every figure. An incident
with snapshots on several days counts once a week, by its newest.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from replay_assets.candidates.candidate import Candidate
from replay_assets.contracts.calendar import days_of_week
from replay_assets.contracts.score import INCUMBENT, ReplayScore
from replay_assets.contracts.vocabulary import Vocabulary
from replay_assets.lake.addresses import Address
from replay_assets.lake.digests import vocabulary_digest
from replay_assets.lake.labels import ASSET as LABELS
from replay_assets.lake.labels import graded_from_present
from replay_assets.lake.store import Published, Store

DayState = Literal["counted", "stale", "missing"]


@dataclass(frozen=True)
class ScoredWeek:
    """A candidate's scores of the days that count, and the state of each day."""

    candidate_id: str
    baseline: bool
    constant: bool
    scores: list[ReplayScore]
    days: dict[str, DayState]

    @property
    def uncounted_days(self) -> int:
        """How many of the seven days are missing or stale."""
        return sum(state != "counted" for state in self.days.values())


@dataclass(frozen=True)
class WeekReader:
    """Reads a week's scores from the three roots and tells which days of it count."""

    lake: Store
    evidence: Store
    labels: Store
    vocabulary: Vocabulary
    week: str

    @cached_property
    def titles(self) -> dict[str, tuple[str, str]]:
        """Day of the newest pack and sanitized alert name by incident, in the order of days."""
        titles: dict[str, tuple[str, str]] = {}
        for day in days_of_week(self.week):
            pack = self.lake.find(Address("request_pack", day))
            for request in pack.records("request_pack.jsonl") if pack is not None else []:
                context = request["incident_context"]
                titles.pop(request["incident_id"], None)
                titles[request["incident_id"]] = (day, str(context.get("alertname") or "—"))
        return titles

    def candidate(self, candidate: Candidate) -> ScoredWeek:
        """Read a candidate's week."""
        days: dict[str, DayState] = {}
        scores: list[ReplayScore] = []
        for day in days_of_week(self.week):
            found = self.lake.find(Address("replay_scores", day, candidate.id))
            days[day] = self._candidate_state(candidate, day, found)
            if days[day] == "counted" and found is not None:
                scores += self._of_the_day(found, "replay_scores", day)
        return ScoredWeek(candidate.id, candidate.baseline, candidate.constant, scores, days)

    def incumbent(self) -> ScoredWeek:
        """Read the incumbent's week."""
        days: dict[str, DayState] = {}
        scores: list[ReplayScore] = []
        for day in days_of_week(self.week):
            found = self.lake.find(Address("incumbent_scores", day))
            if found is None:
                days[day] = "missing"
                continue
            days[day] = "counted" if self._graded_from_present(found, day) else "stale"
            if days[day] == "counted":
                scores += self._of_the_day(found, "incumbent_scores", day)
        return ScoredWeek(INCUMBENT, False, False, scores, days)

    def _of_the_day(self, published: Published, table: str, day: str) -> list[ReplayScore]:
        """Return a day's scores, less those of incidents that a later day's pack asks again.

        Of an incident that was asked several times, the first repeat counts: an incident is the
        unit that is paired and counted, and several answers of one model to it are not several.
        """
        scores = [ReplayScore.read(row) for row in published.rows(table)]
        return [
            one
            for one in scores
            if one.repeat == 0 and self.titles.get(one.incident_id, (day,))[0] == day
        ]

    def _candidate_state(
        self, candidate: Candidate, day: str, scores: Published | None
    ) -> DayState:
        if scores is None:
            return "missing"
        results = self.lake.find(Address("replay_results", day, candidate.id))
        pack = self.lake.find(Address("request_pack", day))
        raw = self.evidence.find(Address("incident_evidence", day))
        whole = (
            results is not None
            and pack is not None
            and scores.was_made_from("replay_results", results)
            and self._graded_from_present(scores, day)
            and results.names_input("candidate", candidate.digest())
            and results.was_made_from("request_pack", pack)
            and pack.was_made_from("incident_evidence", raw)
            and pack.names_input("vocabulary", vocabulary_digest(self.vocabulary))
        )
        return "counted" if whole else "stale"

    def _graded_from_present(self, scores: Published, day: str) -> bool:
        return graded_from_present(
            scores,
            raw=self.evidence.find(Address("incident_evidence", day)),
            truth=self.labels.find(Address(LABELS, day)),
            vocabulary_digest=vocabulary_digest(self.vocabulary),
        )
