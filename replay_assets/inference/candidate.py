"""A candidate: a model, where it answers, how it is asked and what it costs."""

import re
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

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

from replay_assets.contracts.score import INCUMBENT
from replay_assets.lake.digests import digest_of

EMBEDDED_SCHEME = "embedded"
RULES, CONSTANT = "rules-baseline", "constant-baseline"
BASELINES = (RULES, CONSTANT)
"""The models that the stand-in serves, in process or as a server."""
NOT_SAMPLING = ("model", "messages", "response_format", "stream", "n", "tools", "tool_choice")
ID_PATTERN = r"^[a-z0-9][a-z0-9_-]*$"


class Entry(BaseModel):
    """A part of the catalogue: immutable, closed to unknown fields."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Sampling(BaseModel):
    """How an answer is drawn; further fields (`top_p`, `seed`) go to the endpoint unchanged."""

    model_config = ConfigDict(extra="allow", frozen=True)

    temperature: NonNegativeFloat = 0.0
    max_tokens: PositiveInt = 900

    @model_validator(mode="after")
    def _leaves_the_request_alone(self) -> Self:
        if taken := sorted(set(self.model_extra or ()) & set(NOT_SAMPLING)):
            raise ValueError(f"must not set {', '.join(taken)}: the request itself says that")
        return self


class Limits(Entry):
    """How hard an endpoint may be asked; requests and tokens are counted over a minute."""

    concurrency: PositiveInt = 1
    rpm: PositiveInt | None = None
    tpm: PositiveInt | None = None
    timeout_s: PositiveFloat = 60.0


class Prices(Entry):
    """US dollars for a million tokens."""

    input: NonNegativeFloat
    output: NonNegativeFloat


class Candidate(Entry):
    """A model, its endpoint, the way it is prompted and sampled: what a verdict is about."""

    id: Annotated[str, Field(pattern=ID_PATTERN)]
    model: Annotated[str, Field(min_length=1)]
    base_url: str
    api_key_env: str | None = None
    prompt_variant: Literal["base", "contract_tuned"] = "base"
    sampling: Sampling = Sampling()
    limits: Limits = Limits()
    prices_usd_per_million: Prices | None = None
    scheduled: bool = True
    repeats: Literal[1] = 1
    cache: Literal[False] = False
    budget_usd: Literal[None] = None

    @field_validator("base_url")
    @classmethod
    def _is_openai_style(cls, url: str) -> str:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https", EMBEDDED_SCHEME) or not parts.netloc:
            raise ValueError("must be an http or https URL (or embedded://baselines/v1)")
        try:
            _ = parts.port
        except ValueError:
            raise ValueError("has a port that is none; use 1 to 65535") from None
        if parts.username is not None or parts.password is not None:
            raise ValueError("must not hold user or password; name a variable in api_key_env")
        if parts.query or parts.fragment or not parts.path.rstrip("/").endswith("/v1"):
            raise ValueError("must end in /v1, as OpenAI-compatible servers do")
        return url.rstrip("/")

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
        return value

    @property
    def baseline(self) -> bool:
        """Whether this is a baseline, embedded or served: a yardstick, no model to promote."""
        return self.embedded or self.model in BASELINES

    @property
    def embedded(self) -> bool:
        """Whether it answers in this process."""
        return urlsplit(self.base_url).scheme == EMBEDDED_SCHEME

    @property
    def constant(self) -> bool:
        """Whether it gives the same answer to everything."""
        return self.model == CONSTANT

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
        parts = (urlsplit(self.base_url).netloc, self.model, self.api_key_env or "")
        return re.sub(r"[^a-z0-9]+", "_", " ".join(parts).strip().lower())

    def digest(self) -> str:
        """Return the SHA-256 of everything that shapes an answer."""
        return digest_of(
            self.model_dump(
                mode="json", include={"model", "base_url", "prompt_variant", "sampling"}
            )
        )

    def cost_usd(self, prompt_tokens: int | None, completion_tokens: int | None) -> float | None:
        """Return what a call cost; null where a price or the usage is unknown."""
        prices = self.prices_usd_per_million
        if prices is None or prompt_tokens is None or completion_tokens is None:
            return None
        return (prompt_tokens * prices.input + completion_tokens * prices.output) / 1_000_000
