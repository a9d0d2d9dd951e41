"""The catalogue: which candidates there are, read from a file.

A wrong file is refused with the line, the field and the allowed values. Keys are never in it: an
entry names the environment variable that holds one, and what may be a secret is not shown.
"""

from importlib.resources import files
from pathlib import Path
from typing import Any, Self

import yaml
from pydantic import TypeAdapter, ValidationError

from replay_assets.candidates.candidate import Candidate
from replay_assets.errors import ConfigurationError
from replay_assets.sanitizing import sanitize_text

LONGEST_SHOWN = 40
"""A wrong value longer than this is not quoted: ids and choices are short, keys are long."""


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

    @property
    def key_variables(self) -> tuple[str, ...]:
        """The environment variables that hold a key of some candidate."""
        names = (candidate.api_key_env for candidate in self)
        return tuple(dict.fromkeys(name for name in names if name is not None))

    @classmethod
    def load(cls, path: Path | None = None) -> Self:
        """Read a catalogue file; the shipped one where no path is given.

        Raises:
            ConfigurationError: line, field and allowed values of every mistake.
        """
        source = path or files("replay_assets.candidates") / "candidates.yaml"
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
