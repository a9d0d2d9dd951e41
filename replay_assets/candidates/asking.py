"""How an endpoint is asked: how answers are sampled, how fast and for how long it may be asked."""

import json
from typing import Self

from pydantic import (
    BaseModel,
    ConfigDict,
    NonNegativeFloat,
    PositiveFloat,
    PositiveInt,
    model_validator,
)

from replay_assets.candidates.money import CataloguePart

NOT_SAMPLING = (
    *("model", "messages", "response_format", "stream", "stream_options"),
    *("n", "tools", "tool_choice"),
)


class Sampling(BaseModel):
    """How an answer is drawn; further fields (`top_p`, `seed`) go to the endpoint unchanged."""

    model_config = ConfigDict(extra="allow", frozen=True, allow_inf_nan=False)

    # The original runner's defaults, as are the concurrency and the timeout of `Limits`. What is
    # null is not sent: some models do not take it.
    temperature: NonNegativeFloat | None = 0.0
    max_tokens: PositiveInt | None = 900

    @model_validator(mode="after")
    def _leaves_the_request_alone(self) -> Self:
        if taken := sorted(set(self.model_extra or ()) & set(NOT_SAMPLING)):
            raise ValueError(f"must not set {', '.join(taken)}: the request itself says that")
        try:
            json.dumps(self.model_extra, allow_nan=False)
        except (TypeError, ValueError) as error:
            raise ValueError("must hold what JSON has: no date, NaN or infinity") from error
        return self


class Limits(CataloguePart):
    """How hard an endpoint may be asked, and how long it may take.

    Requests and tokens are rates a minute; `window_s` is the span over which the endpoint counts
    them. `timeout_s` is for a whole attempt, `read_timeout_s` for a pause within it.
    """

    concurrency: PositiveInt = 1
    rpm: PositiveInt | None = None
    tpm: PositiveInt | None = None
    window_s: PositiveFloat = 60.0
    answer_tokens: PositiveInt | None = None
    """The most tokens that an answer can have, reasoning included; it is not sent."""
    timeout_s: PositiveFloat = 60.0
    connect_timeout_s: PositiveFloat = 10.0
    read_timeout_s: PositiveFloat | None = None
    retry_budget_s: PositiveFloat = 300.0
    """How long one request may be tried, pauses included, before it is given up."""
    patience_s: PositiveFloat = 300.0
    """The longest pause an endpoint may ask for; a longer one ends the run, to be resumed."""
