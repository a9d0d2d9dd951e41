"""Which days of a week count: those whose scores were made from the results that now exist.

A day counts only if its scores name the digest of the present results, and those the digest of the
present pack. Anything else is listed as stale or missing, and left out of every figure.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from replay_assets.contracts.calendar import days_of_week
from replay_assets.contracts.score import INCUMBENT, ReplayScore
from replay_assets.lake.addresses import Address
from replay_assets.lake.store import Published, Store

DayState = Literal["counted", "stale", "missing"]
Link = tuple[Published | None, str, Published | None]
"""A partition, the asset that it names as an input, and that asset's present partition."""


@dataclass(frozen=True)
class ScoredWeek:
    """A candidate's scores of the days that count, and the state of each day."""

    candidate_id: str
    scores: list[ReplayScore]
    days: dict[str, DayState]

    @property
    def uncounted_days(self) -> int:
        """How many of the seven days are missing or stale."""
        return sum(state != "counted" for state in self.days.values())


def candidate_week(lake: Store, candidate_id: str, week: str) -> ScoredWeek:
    """Read a candidate's week."""
    days: dict[str, DayState] = {}
    scores: list[ReplayScore] = []
    for day in days_of_week(week):
        pack = lake.find(Address("request_pack", day))
        results = lake.find(Address("replay_results", day, candidate_id))
        found = lake.find(Address("replay_scores", day, candidate_id))
        days[day] = _state(
            found, [(found, "replay_results", results), (results, "request_pack", pack)]
        )
        if days[day] == "counted" and found is not None:
            scores += read_scores(found, "replay_scores")
    return ScoredWeek(candidate_id, scores, days)


def incumbent_week(lake: Store, evidence: Store, week: str) -> ScoredWeek:
    """Read the incumbent's week."""
    days: dict[str, DayState] = {}
    scores: list[ReplayScore] = []
    for day in days_of_week(week):
        source = evidence.find(Address("incident_evidence", day))
        found = lake.find(Address("incumbent_scores", day))
        days[day] = _state(found, [(found, "incident_evidence", source)])
        if days[day] == "counted" and found is not None:
            scores += read_scores(found, "incumbent_scores")
    return ScoredWeek(INCUMBENT, scores, days)


def read_scores(published: Published, table: str) -> list[ReplayScore]:
    """Return a day's scores."""
    return [ReplayScore.read(row) for row in published.rows(table)]


def pack_titles(lake: Store, week: str) -> dict[str, tuple[str, str]]:
    """Return day and sanitized alert name by incident, in the order of the packs."""
    titles: dict[str, tuple[str, str]] = {}
    for day in days_of_week(week):
        pack = lake.find(Address("request_pack", day))
        for request in pack.records("request_pack.jsonl") if pack is not None else []:
            context = request["incident_context"]
            titles[request["incident_id"]] = (day, str(context.get("alertname") or "—"))
    return titles


def _state(scores: Published | None, links: Sequence[Link]) -> DayState:
    """Compare the digests that partitions name as their inputs with those of what exists."""
    if scores is None:
        return "missing"
    whole = all(
        maker is not None and maker.was_made_from(name, source) for maker, name, source in links
    )
    return "counted" if whole else "stale"
