"""A candidate: a model, where it answers, how it is asked and what it costs."""

import json
import re
from collections.abc import Callable
from datetime import date
from typing import Annotated, Any, Literal, Self

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    NonNegativeFloat,
    PositiveFloat,
    PositiveInt,
    field_validator,
    model_validator,
)

from replay_assets.candidates import endpoint_url
from replay_assets.candidates.money import Budget, Entry, Prices
from replay_assets.candidates.roles import Role, with_defaults
from replay_assets.contracts.feedback import RULES_JUDGE
from replay_assets.contracts.score import INCUMBENT
from replay_assets.lake.digests import digest_of

RULES, CONSTANT = "rules-baseline", "constant-baseline"
BASELINES = (RULES, CONSTANT)
"""The models that the stand-in serves, in process or as a server."""
NOT_SAMPLING = (
    *("model", "messages", "response_format", "stream", "stream_options"),
    *("n", "tools", "tool_choice"),
)
ANSWER_LENGTHS = (
    *("max_tokens", "max_completion_tokens", "max_output_tokens", "max_new_tokens"),
    *("n_predict", "num_predict"),
)
"""The names by which endpoints take the greatest length of an answer."""
UNBOUNDED_ANSWER_TOKENS = 16_384
"""What an answer is taken to have at most if nothing says so: for tokens per minute, and for the
cost of an attempt that may have been paid. A budget needs the true figure."""
ID_PATTERN = r"^[a-z0-9][a-z0-9_-]*$"
AGENT_SUFFIX = "-agent"
LONGEST_ID = 63
"""Characters: the id is the value of a Dagster tag, and a part of paths."""
CONTROL_SUFFIX = "-no-evidence"


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


class Limits(Entry):
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


class Candidate(Entry):
    """A model, its endpoint, the way it is prompted and sampled: what a verdict is about."""

    id: Annotated[str, Field(pattern=ID_PATTERN, max_length=LONGEST_ID)]
    model: str = ""
    """Only a judge may have none: its model is then the only one that its endpoint lists."""
    base_url: str
    role: Role | None = None
    """What it is used for, other than being replayed: an entry with a role is not replayed."""
    api_key_env: str | None = None
    prompt_variant: Literal["base", "contract_tuned", "no_evidence"] = "base"
    sampling: Sampling = Sampling()
    limits: Limits = Limits()
    prices_usd_per_million: tuple[Prices, ...] | None = None
    budget_usd: Budget | None = None
    scheduled: bool = True
    trained_on: tuple[str, ...] = ()
    """Manifests of the exports that the model was trained on; reviews leave their incidents out."""
    repeats: Annotated[int, Field(ge=1, le=100)] = 1
    no_evidence: bool = False
    """Whether some incidents are also asked without evidence, by a control (`controls.py`)."""
    incidents_per_week: PositiveInt | None = None
    """How many incidents of a week are asked; only without evidence: a verdict needs all."""
    cache: bool = False
    stream: bool = False
    stream_options: bool = True
    """Whether a stream is asked for its usage; some endpoints reject that."""
    response_format: Literal["auto", "json_schema", "json_object", "none"] = "auto"
    """`auto`: by schema where one is at hand, and less where the endpoint refuses that."""
    tool_mode: Literal["native", "prompted"] = "native"
    """`prompted`: for a model without tool calls, tools are written into the prompt, and calls are
    read from a JSON answer. The tool-calling benchmark and agents use it."""
    agent: bool = False
    """Whether it also investigates incidents with tools, as the candidate `<id>-agent`."""
    custom_tools: tuple[dict[str, Any], ...] = ()
    """Tools of an agent, in OpenAI's format, whose calls are handed back and end its turn."""
    grade_calls_in_text: bool = False
    """Whether calls that the model writes into its text, in its own marks, count as calls."""

    @model_validator(mode="before")
    @classmethod
    def _has_the_defaults_of_its_role(cls, found: object) -> object:
        return with_defaults(found)

    @model_validator(mode="after")
    def _names_a_model(self) -> Self:
        if not self.model and self.role != "judge":
            raise ValueError("model: required; only a judge may leave it out")
        return self

    @field_validator("prices_usd_per_million", mode="before")
    @classmethod
    def _one_price_is_a_list_of_one(cls, prices: object) -> object:
        return [prices] if isinstance(prices, dict | Prices) else prices

    @field_validator("prices_usd_per_million")
    @classmethod
    def _prices_follow_each_other(cls, prices: tuple[Prices, ...] | None) -> object:
        days = [price.since for price in prices or ()]
        if prices is not None and (not days or days != sorted(set(days))):
            raise ValueError("needs prices in the order of their `from`, no day twice")
        return prices

    @field_validator("budget_usd", mode="before")
    @classmethod
    def _a_number_is_the_budget_of_a_run(cls, budget: object) -> object:
        # Not `isinstance`: true would be a budget of 1 USD.
        return {"run": budget} if type(budget) in (int, float) else budget

    @model_validator(mode="after")
    def _can_count_what_it_spends(self) -> Self:
        if self.budget_usd is not None and self.prices_usd_per_million is None:
            raise ValueError(
                "budget_usd needs prices_usd_per_million: what has no price can't be counted"
            )
        if self.budget_usd is not None and self.bound_of_answer is None:
            raise ValueError(
                "budget_usd needs the greatest length of an answer: sampling has none, so set "
                "limits.answer_tokens to the most that the model can write (it is not sent)"
            )
        return self

    @field_validator("base_url")
    @classmethod
    def _is_openai_style(cls, url: str) -> str:
        return endpoint_url.checked(url)

    @field_validator("api_key_env")
    @classmethod
    def _names_a_variable(cls, name: str | None) -> str | None:
        if name is not None and not re.fullmatch(r"[A-Z_][A-Z0-9_]*", name):
            raise ValueError("must be the NAME of an environment variable, never a key itself")
        return name

    @field_validator("id")
    @classmethod
    def _is_not_reserved(cls, value: str) -> str:
        if value == INCUMBENT:
            raise ValueError(f"{INCUMBENT} is reserved for what production did")
        if value.endswith(AGENT_SUFFIX):
            raise ValueError(f"the ending {AGENT_SUFFIX} is reserved for agents; set agent: true")
        if value == RULES_JUDGE:
            raise ValueError(f"{RULES_JUDGE} is reserved for the built-in judge of feedback")
        return value

    @property
    def bound_of_answer(self) -> int | None:
        """The most tokens that an answer can have; None if nothing says so."""
        if self.limits.answer_tokens is not None:
            return self.limits.answer_tokens
        sent = self.sampling.model_dump(include=set(ANSWER_LENGTHS)).values()
        return max((length for length in sent if type(length) is int), default=None)

    @property
    def baseline(self) -> bool:
        """Whether this is a baseline, embedded or served: a yardstick, no model to promote."""
        return self.embedded or self.model in BASELINES

    @property
    def embedded(self) -> bool:
        """Whether it answers in this process."""
        return self.base_url.startswith(f"{endpoint_url.EMBEDDED_SCHEME}://")

    def url_of(self, path: str) -> str:
        """Return the URL of a path at the endpoint, such as `/chat/completions`."""
        return endpoint_url.below(self.base_url, path)

    @property
    def options_of_url(self) -> list[str]:
        """The values of the options in the endpoint's address."""
        return endpoint_url.options(self.base_url)

    @property
    def constant(self) -> bool:
        """Whether it gives the same answer to everything."""
        return self.model == CONSTANT

    @property
    def control_id(self) -> str:
        """The id of the candidate's control, if it has one."""
        return f"{self.id}{CONTROL_SUFFIX}"

    @property
    def node_name(self) -> str:
        """The id as Dagster names nodes: letters, digits and underscores."""
        return self.id.replace("-", "_")

    @property
    def variant_id(self) -> str | None:
        """The variant as requests and results name it."""
        return None if self.prompt_variant == "base" else self.prompt_variant

    @property
    def limit_key(self) -> str:
        """Candidates with the same key share one endpoint's limits; letters and digits only."""
        address = self.base_url.partition("://")[2].removesuffix("/v1")
        parts = (address, self.model, self.api_key_env or "")
        # It is also the name of a Dagster pool.
        return re.sub(r"[^a-z0-9]+", "_", " ".join(parts).strip().lower())

    def not_ready(self, key_of: Callable[[str], str | None]) -> str | None:
        """Return why a run that names no candidates leaves this one out; None if it does not.

        Args:
            key_of: returns the value of an environment variable that holds a key.
        """
        if not self.scheduled:
            return "it is not scheduled; name it to replay it"
        if self.api_key_env is not None and key_of(self.api_key_env) is None:
            return f"{self.api_key_env} is not set"
        return None

    def at_concurrency(self, concurrency: int) -> Self:
        """Return the candidate asked at another concurrency: the same candidate, its digest too."""
        limits = self.limits.model_copy(update={"concurrency": concurrency})
        return self.model_copy(update={"limits": limits})

    @property
    def is_agent(self) -> bool:
        """Whether this is the agent form of a candidate."""
        return self.id.endswith(AGENT_SUFFIX)

    def digest(self) -> str:
        """Return the SHA-256 of everything that shapes an answer."""
        shaping = {"model", "base_url", "prompt_variant", "sampling", "response_format"}
        if self.is_agent:
            shaping |= {"tool_mode", "grade_calls_in_text", "custom_tools"}
        return digest_of(self.model_dump(mode="json", include=shaping))

    def prices_on(self, day: date) -> Prices | None:
        """Return the prices that are valid on a day; None before the first ones."""
        valid = [one for one in self.prices_usd_per_million or () if one.since <= day]
        return valid[-1] if valid else None
