"""The gate's policy: what a candidate must show before it may replace what runs today.

`policy.yaml` next to this module is the default; a team can replace it with its own file.
"""

import hashlib
import json
from datetime import date
from importlib.resources import files
from pathlib import Path
from typing import Annotated, ClassVar, Literal, Self

from pydantic import Field, model_validator

from replay_assets.contracts.calendar import monday_of
from replay_assets.contracts.record import Part, Record
from replay_assets.contracts.score import GRADES
from replay_assets.parsing.yaml_files import load_yaml

POLICY_VERSION = "gate_policy_v1"

Share = Annotated[float, Field(ge=0, le=1)]
Level = Annotated[float, Field(gt=0, lt=0.5)]


class Ceilings(Part):
    """Limits on speed and cost; None if there is no limit."""

    p95_latency_ms: Annotated[float, Field(gt=0)] | None = None
    cost_usd_per_incident: Annotated[float, Field(gt=0)] | None = None


class Wins(Part):
    """What counts as a reason to change: one of these is enough.

    `better` lists metrics; the other two are shares of the incumbent's mean, None if they don't
    count.
    """

    better: tuple[str, ...] = ()
    cheaper_by: Share | None = None
    faster_by: Share | None = None


class DeclaredReview(Part):
    """How a candidate is reviewed; `start` is the Monday of a forward review's first week."""

    kind: Literal["historic", "forward"]
    start: str | None = None

    @model_validator(mode="before")
    @classmethod
    def _dates_are_texts(cls, found: object) -> object:
        # YAML reads 2026-11-30 as a date.
        if isinstance(found, dict) and isinstance(found.get("start"), date):
            return {**found, "start": found["start"].isoformat()}
        return found

    @model_validator(mode="after")
    def _has_a_start_if_forward(self) -> Self:
        if self.kind == "historic" and self.start is not None:
            raise ValueError("start: only a forward review has one")
        if self.kind == "forward" and (self.start is None or monday_of(self.start) != self.start):
            raise ValueError(f"start: must be a Monday, such as 2026-11-30 (found {self.start})")
        return self


class GatePolicy(Record):
    """A policy. Rates, margins and levels are fractions of 1; `looks` are weeks of a review.

    `least_kappa` is about the judge of feedback: its rows are exported only if the lower end of
    kappa's interval, on triples that people labelled, reaches it.
    """

    VERSION: ClassVar[str] = POLICY_VERSION

    alpha: Level
    looks: tuple[Annotated[int, Field(ge=1)], ...] = Field(min_length=1)
    reviews: dict[str, DeclaredReview] = Field(default_factory=dict)
    minimum_answered: Share
    minimum_pairs: Annotated[int, Field(ge=1)]
    minimum_groups: Annotated[int, Field(ge=6)]
    compared_with: Literal["incumbent", "baselines"] = "incumbent"
    margins: dict[str, Annotated[float, Field(gt=0, lt=1)]]
    floors: dict[str, Share] = Field(default_factory=dict)
    caps: dict[str, Annotated[float, Field(gt=0, lt=1)]]
    ceilings: Ceilings = Ceilings()
    wins: Wins
    least_kappa: Annotated[float, Field(ge=-1, le=1)] = 0.6

    @model_validator(mode="after")
    def _is_usable(self) -> Self:
        if self.schema_version != self.VERSION:
            raise ValueError(f"schema_version: this release reads {self.VERSION!r}")
        named = {*self.margins, *self.floors, *self.caps, *self.wins.better}
        if unknown := sorted(named - set(GRADES)):
            raise ValueError(f"unknown metric {', '.join(unknown)}; use {', '.join(GRADES)}")
        if "primary" not in self.margins:
            raise ValueError("margins: primary is missing; a verdict compares the primary grade")
        if list(self.looks) != sorted(set(self.looks)):
            raise ValueError("looks: must be weeks in rising order, such as 4, 8, 13")
        return self

    def digest(self) -> str:
        """Return the hexadecimal SHA-256 of the policy's rules.

        Comments, which reviews are declared, and the bound of a judge do not change it.
        """
        rules = self.model_dump(mode="json", exclude={"reviews", "least_kappa"})
        text = json.dumps(rules, sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()


def load_policy(path: Path | None = None) -> GatePolicy:
    """Return the policy in a file; the default one if no path is given.

    Raises:
        ConfigurationError: the file is missing, is not YAML or does not have the right form.
    """
    shipped = files("replay_assets.contracts") / "policy.yaml"
    return load_yaml(path or shipped, GatePolicy, what="policy")
