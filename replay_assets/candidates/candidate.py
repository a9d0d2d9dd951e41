"""A candidate: a model, where it answers, how it is asked and what it costs."""

import re
from collections.abc import Callable, Iterable
from datetime import date
from typing import Annotated, Any, Literal, Self

from pydantic import (
    Field,
    PositiveFloat,
    PositiveInt,
    PrivateAttr,
    ValidationInfo,
    field_validator,
    model_validator,
)

from replay_assets.candidates import endpoint_url, route_fields
from replay_assets.candidates.asking import Limits, Sampling
from replay_assets.candidates.money import Budget, CataloguePart, Prices
from replay_assets.candidates.roles import Role, with_defaults
from replay_assets.contracts.feedback import RULES_JUDGE
from replay_assets.contracts.score import AGENT_SUFFIX, INCUMBENT
from replay_assets.contracts.shields import OnViolation
from replay_assets.lake.digests import digest_of

RULES, CONSTANT = "rules-baseline", "constant-baseline"
BASELINES = (RULES, CONSTANT)
"""The models that the stand-in serves, in process or as a server."""
ANSWER_LENGTHS = (
    *("max_tokens", "max_completion_tokens", "max_output_tokens", "max_new_tokens"),
    *("n_predict", "num_predict"),
)
"""The names by which endpoints take the greatest length of an answer."""
UNBOUNDED_ANSWER_TOKENS = 16_384
"""What an answer is taken to have at most if nothing says so: for tokens per minute, and for the
cost of an attempt that may have been paid. A budget needs the true figure."""
ID_PATTERN = r"^[a-z0-9][a-z0-9_-]*$"
LONGEST_ID = 63
"""Characters: the id is the value of a Dagster tag, and a part of paths."""
CONTROL_SUFFIX = "-no-evidence"


class Candidate(CataloguePart):
    """A model, its endpoint, the way it is prompted and sampled: what a verdict is about.

    Or a route: other candidates, each asked if those before it fail; it is replayed and graded as
    one candidate.
    """

    id: Annotated[str, Field(pattern=ID_PATTERN, max_length=LONGEST_ID)]
    model: str = ""
    """Only a judge may have none: its model is then the only one that its endpoint lists."""
    route: Annotated[tuple[str, ...], Field(min_length=1)] | None = None
    """The ids of the members of a route, in the order in which they are asked."""
    base_url: str
    fallback_on: tuple[route_fields.FallbackOutcome, ...] = ()
    """Outcomes after which a route asks its next member, in addition to failures."""
    first_byte_s: PositiveFloat | None = None
    """How long a route waits for the first byte of a response, if there is a next member."""
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
    """`auto`: by schema where one is at hand, and less where the endpoint rejects that."""
    tool_mode: Literal["native", "prompted"] = "native"
    """`prompted`: for a model without tool calls, tools are written into the prompt, and calls are
    read from a JSON answer. The tool-calling benchmark and agents use it."""
    agent: bool = False
    """Whether it also investigates incidents with tools, as the candidate `<id>-agent`."""
    custom_tools: tuple[dict[str, Any], ...] = ()
    """Tools of an agent, in OpenAI's format, whose calls are handed back and end its turn."""
    on_violation: OnViolation | dict[str, OnViolation] = Field(default_factory=dict)
    """What a violation does: of an agent by the shield's name, of a shield the word alone."""
    grade_calls_in_text: bool = False
    """Whether calls that the model writes into its text, in its own marks, count as calls."""
    _members: tuple["Candidate", ...] = PrivateAttr(default=())

    @model_validator(mode="before")
    @classmethod
    def _has_the_defaults_of_its_role(cls, found: object) -> object:
        return with_defaults(found)

    @model_validator(mode="before")
    @classmethod
    def _is_a_model_or_a_route(cls, found: object) -> object:
        return route_fields.with_defaults(found)

    @model_validator(mode="after")
    def _names_a_model(self) -> Self:
        if not self.model and self.route is None and self.role != "judge":
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
        if self.route is not None:
            return self  # its members are counted, which are not known yet
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
    def _is_openai_style(cls, url: str, entry: ValidationInfo) -> str:
        return url if entry.data.get("route", ()) is not None else endpoint_url.checked(url)

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
    def members(self) -> tuple["Candidate", ...]:
        """The candidates that answer: those of a route in its order, else this one alone."""
        if self.route is None:
            return (self,)
        # By its name: as an attribute, a private field takes ten times as long.
        private: dict[str, tuple[Candidate, ...]] = self.__pydantic_private__ or {}
        return private["_members"]

    @property
    def is_priced(self) -> bool:
        """Whether some of what it costs is known."""
        return any(one.prices_usd_per_million is not None for one in self.members)

    @property
    def shown_model(self) -> str:
        """The model as reports name it: of a route, those of its members in order."""
        return " > ".join(dict.fromkeys(one.model for one in self.members))

    @property
    def baseline(self) -> bool:
        """Whether this is a baseline, embedded or served: a yardstick, no model to promote.

        A route is one if all its members are.
        """
        if self.route is not None:
            return all(one.baseline for one in self.members)
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
        missing = [one.api_key_env for one in self.members if not one.has_key(key_of)]
        if len(missing) < len(self.members):
            return None
        names = dict.fromkeys(str(name) for name in missing)
        return f"{' and '.join(names)} {'is' if len(names) == 1 else 'are'} not set"

    def has_key(self, key_of: Callable[[str], str | None]) -> bool:
        """Return whether it needs no key, or its variable is set."""
        return self.api_key_env is None or key_of(self.api_key_env) is not None

    def with_members(self, members: Iterable["Candidate"]) -> Self:
        """Return the route with the candidates that its ids name, trained on what they were."""
        members = tuple(members)
        manifests = (*self.trained_on, *(name for one in members for name in one.trained_on))
        route = self.model_copy(update={"trained_on": tuple(dict.fromkeys(manifests))})
        route._members = members
        return route

    def at_concurrency(self, concurrency: int) -> Self:
        """Return the candidate asked at another concurrency: the same candidate, its digest too."""
        if self.route is not None:
            return self.with_members(one.at_concurrency(concurrency) for one in self.members)
        limits = self.limits.model_copy(update={"concurrency": concurrency})
        return self.model_copy(update={"limits": limits})

    @property
    def is_agent(self) -> bool:
        """Whether this is the agent form of a candidate."""
        return self.id.endswith(AGENT_SUFFIX)

    def digest(self) -> str:
        """Return the SHA-256 of everything that shapes an answer."""
        if self.route is not None:
            own = self.model_dump(mode="json", include={"fallback_on", "first_byte_s"})
            return digest_of({**own, "route": [one.digest() for one in self.members]})
        shaping = {"model", "base_url", "prompt_variant", "sampling", "response_format"}
        if self.is_agent:
            shaping |= {"tool_mode", "grade_calls_in_text", "custom_tools", "on_violation"}
        return digest_of(self.model_dump(mode="json", include=shaping))

    def prices_on(self, day: date) -> Prices | None:
        """Return the prices that are valid on a day; None before the first ones."""
        valid = [one for one in self.prices_usd_per_million or () if one.since <= day]
        return valid[-1] if valid else None
