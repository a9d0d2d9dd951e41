"""What a candidate costs, and how much of that may be spent."""

from datetime import date
from typing import Annotated, Self

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    NonNegativeFloat,
    PositiveFloat,
    model_validator,
)

from replay_assets.contracts.result import Usage


class CataloguePart(BaseModel):
    """A part of the catalogue: immutable, closed to unknown fields, its numbers finite."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class Prices(CataloguePart):
    """US dollars for a million tokens, from a day on.

    Cached prompt tokens and reasoning tokens cost as much as others unless they
    have a separate price.
    """

    model_config = ConfigDict(populate_by_name=True)

    input: NonNegativeFloat
    output: NonNegativeFloat
    cached: NonNegativeFloat | None = None
    reasoning: NonNegativeFloat | None = None
    since: Annotated[date, Field(alias="from")] = date.min

    def cost_usd(self, usage: Usage) -> float | None:
        """Return what a call cost; None if its usage is unknown."""
        prompt, completion = usage.prompt_tokens, usage.completion_tokens
        if prompt is None or completion is None:
            return None
        # Prompt tokens include the cached ones, completion tokens the reasoning.
        cached = min(usage.cached_tokens or 0, prompt)
        reasoning = min(usage.reasoning_tokens or 0, completion)
        dollars = (
            (prompt - cached) * self.input
            + cached * (self.input if self.cached is None else self.cached)
            + (completion - reasoning) * self.output
            + reasoning * (self.output if self.reasoning is None else self.reasoning)
        )
        return dollars / 1_000_000

    def highest_cost_usd(self, *, prompt_tokens: int, completion_tokens: int) -> float:
        """Return the highest possible cost of a call with at most that many tokens."""
        dearest_in = max(self.input, self.cached or 0.0)
        dearest_out = max(self.output, self.reasoning or 0.0)
        return (prompt_tokens * dearest_in + completion_tokens * dearest_out) / 1_000_000


class Budget(CataloguePart):
    """US dollars that may be spent: by one run, and by all runs of this candidate in a day."""

    run: PositiveFloat | None = None
    day: PositiveFloat | None = None

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if self.run is None and self.day is None:
            raise ValueError("name run, day or both")
        return self
