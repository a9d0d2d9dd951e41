"""The catalogue: which candidates there are, where they answer, how they are asked, what they cost.

A wrong file is refused with the line, the field and the allowed values. Keys are never in it: an
entry names the environment variable that holds one.
"""

import re
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from urllib.parse import urlsplit

import yaml
from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    NonNegativeFloat,
    PositiveFloat,
    PositiveInt,
    TypeAdapter,
    ValidationError,
    field_validator,
    model_validator,
)

from replay_assets.contracts.score import INCUMBENT
from replay_assets.errors import ConfigurationError
from replay_assets.lake.digests import digest_of
from replay_assets.sanitizing import sanitize_text

EMBEDDED_SCHEME = "embedded"
RULES, CONSTANT = "rules-baseline", "constant-baseline"
BASELINES = (RULES, CONSTANT)
"""The models that the stand-in serves, in process or as a server."""
NOT_SAMPLING = ("model", "messages", "response_format", "stream", "n", "tools", "tool_choice")
LONGEST_SHOWN = 40
"""A wrong value longer than this is not quoted: ids and choices are short, keys are long."""
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


class Catalogue(tuple[Candidate, ...]):
    """The candidates in the file's order."""

    __slots__ = ()

    def get(self, candidate_id: str) -> Candidate:
        """Return a candidate by id.

        Raises:
            ConfigurationError: there is none; the message lists those there are.
        """
        for candidate in self:
            if candidate.id == candidate_id:
                return candidate
        raise ConfigurationError(
            f"no candidate {candidate_id!r} in the catalogue; "
            f"it has {', '.join(candidate.id for candidate in self)}"
        )

    @classmethod
    def load(cls, path: Path | None = None) -> Self:
        """Read a catalogue file; the shipped one where no path is given.

        Raises:
            ConfigurationError: line, field and allowed values of every mistake.
        """
        source = path or files("replay_assets.inference") / "candidates.yaml"
        try:
            text = source.read_text(encoding="utf-8")
            tree = yaml.compose(text, Loader=yaml.SafeLoader)
            content = yaml.safe_load(text)
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigurationError(f"catalogue {source}: {error}") from error
        except yaml.YAMLError as error:
            # Not the error's own text: it quotes the line, and a key may stand there.
            raise ConfigurationError(f"catalogue {source}:\n  {_syntax(error)}") from None
        try:
            candidates = cls(TypeAdapter(list[Candidate]).validate_python(content))
        except ValidationError as error:
            problems = [_problem(tree, problem) for problem in error.errors(include_url=False)]
            raise ConfigurationError(f"catalogue {source}:\n" + "\n".join(problems)) from None
        _refuse_collisions(candidates, f"catalogue {source}")
        return candidates


def _refuse_collisions(candidates: Catalogue, source: str) -> None:
    seen: dict[str, str] = {}
    for candidate in candidates:
        name = candidate.node_name
        if name in seen:
            raise ConfigurationError(
                f"{source}: ids {seen[name]!r} and {candidate.id!r} differ at most in - and _, and "
                "would be one node of the asset graph; rename one"
            )
        seen[name] = candidate.id
    if not candidates:
        raise ConfigurationError(f"{source}: lists no candidate")


def _problem(tree: yaml.Node | None, problem: Any) -> str:  # noqa: ANN401 - pydantic's own type
    location = problem["loc"]
    line = _line_of(tree, location)
    field = ".".join(str(part) for part in location) or "file"
    found = "nothing" if problem["type"] == "missing" else _shown(problem)
    message = problem["msg"].removeprefix("Value error, ")
    if problem["type"] == "literal_error" and location[-1] in ("repeats", "cache", "budget_usd"):
        message = f"only {problem['ctx']['expected']} is available in this version"
    if problem["type"] == "extra_forbidden":
        known = Candidate.model_fields if len(location) <= 2 else ()
        message = "unknown field" + (f"; use {', '.join(known)}" if known else "")
    return f"  line {line}: {field}: {message} (found {found})"


def _shown(problem: Any) -> str:  # noqa: ANN401 - pydantic's own type
    """Return the value found, unless it may be a secret that stands in the wrong place."""
    value, location = problem["input"], problem["loc"]
    if value is None or isinstance(value, bool | int | float):
        return repr(value)
    may_be_secret = (
        not isinstance(value, str)
        or problem["type"] == "extra_forbidden"
        or location[-1:] in ((), ("api_key_env",), ("base_url",))
        or isinstance(location[-1], int)
        or len(value) > LONGEST_SHOWN
        or sanitize_text(value) != value
    )
    return "a value that is not shown: it may hold a secret" if may_be_secret else repr(value)


def _syntax(error: yaml.YAMLError) -> str:
    if isinstance(error, yaml.MarkedYAMLError) and error.problem_mark is not None:
        return f"line {error.problem_mark.line + 1}: not YAML: {error.problem}"
    return "not YAML"


def _line_of(node: yaml.Node | None, location: tuple[str | int, ...]) -> int:
    """Return the line of the innermost node on a location's path that the file has."""
    line = 1
    for part in (*location, None):
        if node is None:
            break
        line = node.start_mark.line + 1
        if isinstance(node, yaml.SequenceNode) and isinstance(part, int):
            node = node.value[part]
        elif isinstance(node, yaml.MappingNode) and part is not None:
            pairs = {key.value: (key, value) for key, value in node.value}
            if part not in pairs:
                break
            key, node = pairs[str(part)]
            line = key.start_mark.line + 1
        else:
            break
    return line
