"""The scores of one side of a comparison, by incident."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from replay_assets.contracts.result import UNGRADED_OUTCOMES, answered_share
from replay_assets.errors import ContractError

Row = Mapping[str, Any]
"""A row of `replay_scores`, as JSON. A row without outcome or status counts as answered and graded,
one without a scenario group as a group of its incident."""


@dataclass(frozen=True)
class Side:
    """All rows of one candidate, of the incumbent or of a baseline; repeats are separate rows."""

    rows: tuple[Row, ...]

    @classmethod
    def of(cls, rows: Iterable[Row]) -> "Side":
        """Return a side from its rows.

        Raises:
            ContractError: a row names no incident.
        """
        found = tuple(rows)
        if any("incident_id" not in row for row in found):
            raise ContractError("a row of scores has no incident_id; pass rows of replay_scores")
        return cls(found)

    @cached_property
    def groups(self) -> dict[str, str]:
        """The scenario group of each incident."""
        return {r["incident_id"]: r.get("scenario_group") or r["incident_id"] for r in self.rows}

    @cached_property
    def outcomes(self) -> dict[str, int]:
        """The number of rows by outcome."""
        return dict(sorted(Counter(map(_outcome, self.rows)).items()))

    @cached_property
    def failed(self) -> frozenset[str]:
        """The incidents without any answer: infrastructure failed, or the request was not sent."""
        answered = {r["incident_id"] for r in self.rows if _outcome(r) not in UNGRADED_OUTCOMES}
        return frozenset(self.groups) - answered

    @property
    def answered_share(self) -> float:
        """The share of rows that have an answer; a rejected request counts as an answer."""
        return answered_share(self.outcomes) if self.rows else 0.0

    @cached_property
    def graded(self) -> frozenset[str]:
        """The incidents with a usable label and an answer.

        Without a usable label an answer is neither right nor wrong; harm that was found counts.
        """
        return frozenset(
            r["incident_id"]
            for r in self.rows
            if r.get("grade_status", "graded") == "graded"
            and (r.get("primary") is not None or r.get("harm") or r.get("unsafe"))
        )

    @cached_property
    def _means(self) -> dict[str, dict[str, float]]:
        return {}

    def means(self, name: str, *, failed_as: float | None = None) -> Mapping[str, float]:
        """Return a grade or a figure by incident: the mean of its repeats, without None.

        Args:
            name: the grade or figure.
            failed_as: the value of incidents without any answer; None leaves them out.
        """
        if name not in self._means:
            self._means[name] = self._mean_of(name)
        means = self._means[name]
        if failed_as is None or not self.failed:
            return means
        return {**means, **dict.fromkeys(self.failed, failed_as)}

    def _mean_of(self, name: str) -> dict[str, float]:
        # Without a list per incident: a year has 100,000 of them, most with one answer.
        sums: dict[str, float] = {}
        repeats: dict[str, int] = {}
        for row in self.rows:
            if (value := row.get(name)) is None:
                continue
            incident = row["incident_id"]
            if incident in sums:
                sums[incident] += value
                repeats[incident] = repeats.get(incident, 1) + 1
            else:
                sums[incident] = value
        return {incident: total / repeats.get(incident, 1) for incident, total in sums.items()}

    def any_true(self, name: str) -> int:
        """Return the number of graded incidents with this grade in at least one repeat."""
        return len({r["incident_id"] for r in self.rows if r.get(name)} & self.graded)


def _outcome(row: Row) -> str:
    return str(row.get("outcome", "answered"))
