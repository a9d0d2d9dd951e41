"""Whether a day's rows are usable enough: the same limits for checks, `extract` and `doctor`."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from replay_assets.contracts.thresholds import is_too_many
from replay_assets.evidence.validation import EVIDENCE_RULES, MESSAGE_RULES, REPAIR_RULES

SUPERSEDED = "superseded_snapshot:incident_id"
"""An incident with several snapshots in a day is replayed once, from the newest."""
JSON_NAMES: dict[type, str] = {dict: "a JSON object", list: "a JSON array"}


@dataclass(frozen=True)
class Usability:
    """Counts of a day's rows; older snapshots are not counted as unusable.

    They are quarantined on purpose, so they are not a problem of the source.

    Attributes:
        read: how many rows of evidence were read.
        kept: how many of them are valid.
        quarantined: how many of them are not.
        joined: how many messages and repairs are not.
        joined_read: how many messages and repairs were read.
        reasons: how many rows have which reason.
    """

    read: int
    kept: int
    quarantined: int
    joined: int
    joined_read: int
    reasons: Mapping[str, int]

    @classmethod
    def of(cls, facts: Mapping[str, Any]) -> "Usability":
        """Return the counts of a published day, from the facts of its manifest."""
        reasons = dict(facts["quarantine_reasons"])
        joined = facts["quarantined_joined_rows"]
        return cls(
            read=facts["read"],
            kept=facts["kept"],
            quarantined=facts["quarantined"] - reasons.pop(SUPERSEDED, 0),
            joined=joined,
            joined_read=joined + facts["messages"] + facts["repairs"],
            reasons=reasons,
        )

    @property
    def keeps_some(self) -> bool:
        """Whether a day with rows keeps some of them."""
        return bool(self.kept) or not self.read

    @property
    def too_many(self) -> bool:
        """Whether more rows can't be used than a working source has."""
        return is_too_many(self.quarantined, self.read) or is_too_many(
            self.joined, self.joined_read
        )

    @property
    def commonest(self) -> str:
        """The most frequent reason; `none` if there is none."""
        return max(self.reasons, key=lambda reason: self.reasons[reason], default="none")

    @property
    def problem(self) -> str | None:
        """Why the day can't be used; None if it can."""
        if self.keeps_some and not self.too_many:
            return None
        return (
            f"{self.quarantined} of {self.read} rows, and {self.joined} of {self.joined_read} "
            f"messages and repairs, can't be used; most frequent reason: {self.commonest}"
            f"{expectation_of(self.commonest)}"
        )


def expectation_of(reason: str) -> str:
    """Return what a column expects, for a reason that concerns its JSON; else an empty text."""
    code, _, column = reason.partition(":")
    for rules in (EVIDENCE_RULES, MESSAGE_RULES, REPAIR_RULES):
        if "json" in code and column in rules.json:
            return f" ({column} expects {JSON_NAMES[rules.json[column]]})"
    return ""
