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
from replay_assets.lake import assets
from replay_assets.lake.addresses import Address
from replay_assets.lake.lineage import Lineage

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
    """Reads a week's scores and finds which days of it count."""

    lineage: Lineage
    week: str

    @cached_property
    def titles(self) -> dict[str, tuple[str, str]]:
        """Day of the newest pack and sanitized alert name by incident, in the order of days."""
        titles: dict[str, tuple[str, str]] = {}
        for day in days_of_week(self.week):
            pack = self.lineage.find(assets.REQUEST_PACK.at(day))
            for request in pack.records(assets.PACK_FILE) if pack is not None else []:
                context = request["incident_context"]
                titles.pop(request["incident_id"], None)
                titles[request["incident_id"]] = (day, str(context.get("alertname") or "—"))
        return titles

    def candidate(self, candidate: Candidate) -> ScoredWeek:
        """Read a candidate's week."""
        days, scores = self._read(assets.REPLAY_SCORES, candidate.id)
        return ScoredWeek(candidate.id, candidate.baseline, candidate.constant, scores, days)

    def incumbent(self) -> ScoredWeek:
        """Read the incumbent's week."""
        days, scores = self._read(assets.INCUMBENT_SCORES)
        return ScoredWeek(INCUMBENT, False, False, scores, days)

    def _read(
        self, asset: assets.Asset, candidate_id: str | None = None
    ) -> tuple[dict[str, DayState], list[ReplayScore]]:
        days: dict[str, DayState] = {}
        scores: list[ReplayScore] = []
        for day in days_of_week(self.week):
            address = asset.at(day, candidate_id)
            state = self.lineage.state(address).status
            days[day] = "counted" if state == "current" else state
            if state == "current":
                scores += self._of_the_day(address)
        return days, scores

    def _of_the_day(self, address: Address) -> list[ReplayScore]:
        """Return a day's scores, less those of incidents that a later day's pack asks again.

        Of an incident that was asked several times, the first repeat counts: an incident is the
        unit that is paired and counted, and several answers of one model to it are not several.
        """
        rows = self.lineage.get(address).rows(address.asset)
        scores = [ReplayScore.read(row) for row in rows]
        return [
            one
            for one in scores
            if one.repeat == 0
            and self.titles.get(one.incident_id, (address.key,))[0] == address.key
        ]
