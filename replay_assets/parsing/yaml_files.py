"""The one YAML loader: a file as a pydantic type, or its mistakes with line and field.

    catalogue candidates.yaml:
      line 12: 1.limits.rpm: Input should be greater than 0 (found 0)

A key that occurs twice is refused, because YAML would silently keep the last one. Values that may
be secrets are not quoted: these messages end up in logs and screenshots.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from importlib.resources import files
from importlib.resources.abc import Traversable
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import yaml
from pydantic import TypeAdapter, ValidationError
from pydantic_core import ErrorDetails
from yaml.constructor import SafeConstructor

from replay_assets.errors import ConfigurationError
from replay_assets.parsing.yaml_places import Place, fields_at, find, repeated_keys, values_in
from replay_assets.parsing.yaml_variables import References, Variables, filled

LARGEST_FILE = 1 << 20
"""Bytes. Files are written by people; a larger one is a wrong path."""
MOST_VALUES = 200_000
"""Values after aliases are followed: nine lines of aliases can represent a billion values."""
MOST_SHOWN = 100
"""Mistakes: a file of another kind can have one in each of its lines."""
LONGEST_SHOWN = 40
"""A longer value is not quoted: ids and choices are short, keys are long."""

_FAST_LOADER: type[yaml.SafeLoader] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""Six times as fast, but it names wrong lines: for files that are known to be right."""
# PyYAML also quotes its own words, such as ',' and '<document start>': they may be shown.
_QUOTED = re.compile(r"""(["'])(?!<)\S{3,}\1""")
_OTHER_NUMBER = re.compile(r"[-+]?0[0-9]+|.*:.*")
"""`010` is 8 for YAML, and `1:30` is 90."""
_PLAIN = {
    "bool_parsing": "expected true or false",
    "bool_type": "expected true or false",
    "dict_type": "expected a mapping",
    "extra_forbidden": "unknown field",
    "list_type": "expected a list",
    "missing": "this field is required",
    "model_type": "expected a mapping",
    "string_type": "expected a text; put it in quotes",
    "tuple_type": "expected a list",
}
"""Messages for kinds of problems whose own messages name Python's or pydantic's terms."""

T = TypeVar("T")


class Mistake(NamedTuple):
    """What is wrong at a place of a file, such as `("rules", 0, "id")`."""

    place: Place
    says: str


@dataclass(frozen=True)
class Secrecy:
    """Which values of a file must not be quoted.

    Items of lists, and a text that is the whole file, are never quoted where this is given.
    """

    may_be_secret: Callable[[str], bool]
    fields: frozenset[str] = frozenset()
    """Names of fields whose values are never quoted."""

    def hides(self, value: str, place: Place) -> bool:
        """Return whether a text that was found at a place must not be quoted."""
        return (
            not place
            or isinstance(place[-1], int)
            or place[-1] in self.fields
            or self.may_be_secret(value)
        )


def load_yaml(
    path: Path | Traversable,
    form: type[T],
    *,
    what: str,
    empty: object = None,
    check: Callable[[T], Iterable[Mistake]] | None = None,
    secrecy: Secrecy | None = None,
    variables: Variables | None = None,
) -> T:
    """Read a YAML file as a pydantic model, or as another type that pydantic can validate.

    Args:
        path: the file.
        form: the type that the content must have.
        what: the kind of file, as messages name it: "catalogue".
        empty: the content that an empty file represents.
        check: finds mistakes that the type can't express.
        secrecy: what must not be quoted; without it, every short text may be.
        variables: what `${NAME:-default}` in a value refers to; without it, this is plain text.

    Raises:
        ConfigurationError: the file can't be read or used; the message names the file and, for
            each mistake, line, field, reason and what was found.
    """
    where = f"{what} {path}"
    root = _composed(_text(path, where), where, variables)
    try:
        content = empty if root is None else _Constructor().construct_document(root)
    except yaml.YAMLError as error:
        raise _not_yaml(where, error) from None
    try:
        value = TypeAdapter(form).validate_python(content)
    except ValidationError as error:
        problems = error.errors(include_url=False)
        lines = (_problem(root, form, problem, secrecy) for problem in problems)
    else:
        lines = (_line(root, *mistake) for mistake in (check(value) if check else ()))
    _refuse(where, lines)
    return value


def shipped_yaml(package: str, name: str) -> Any:  # noqa: ANN401 - whatever the file holds
    """Return the content of a YAML file that comes with this package."""
    text = files(package).joinpath(name).read_text(encoding="utf-8")
    return yaml.load(text, Loader=_FAST_LOADER)  # noqa: S506 - a safe loader


def _text(path: Path | Traversable, where: str) -> str:
    try:
        with path.open("rb") as file:
            # One byte more than allowed: that shows a larger file without reading it all.
            content = file.read(LARGEST_FILE + 1)
        if len(content) > LARGEST_FILE:
            raise ConfigurationError(
                f"{where}: is larger than {LARGEST_FILE:,} bytes; is it the file you mean?"
            )
        return content.decode("utf-8")
    except OSError as error:
        raise ConfigurationError(f"{where}: {error}; name a file that exists") from error
    except UnicodeDecodeError as error:
        raise ConfigurationError(f"{where}: {error}; save it as UTF-8") from error


def _composed(text: str, where: str, variables: Variables | None) -> yaml.Node | None:
    """Return a text's tree of nodes: of bounded size, without repeated keys, with variables."""
    references = References(variables) if variables is not None else None
    hidden = text if references is None else references.hidden(text)
    try:
        root: yaml.Node | None = yaml.compose(hidden, Loader=yaml.SafeLoader)
        # Nodes are counted before values are built from them: an alias is one node, many values.
        if root is not None and values_in(root) > MOST_VALUES:
            raise ConfigurationError(
                f"{where}: holds over {MOST_VALUES:,} values, aliases followed; use fewer"
            )
    except yaml.YAMLError as error:
        raise _not_yaml(where, error) from None
    except RecursionError:
        raise ConfigurationError(f"{where}: is nested too deeply; use fewer levels") from None
    if root is not None:
        repeated = repeated_keys(root)
        twice = "this key occurs twice; keep one"
        _refuse(where, (_line(root, place, twice) for place in repeated))
        unusable = () if references is None else references.fill(root)
        _refuse(where, (_line(root, place, says) for place, says in unusable))
    return root


class _Constructor(SafeConstructor):
    """Says in which line a value is that Python can't hold, such as a 30th of February."""

    def construct_object(self, node: yaml.Node, deep: bool = False) -> Any:  # noqa: ANN401
        if node.tag.endswith((":int", ":float")) and _OTHER_NUMBER.fullmatch(str(node.value)):
            says = (
                "a number that it reads as another one; write a plain number, or put it in quotes"
            )
            raise _unreadable(node, says)
        try:
            return super().construct_object(node, deep=deep)
        except ValueError as error:
            # What follows a colon quotes the value, which may be a secret.
            problem = str(error).partition(":")[0]
        # PyYAML raises these for `!!bool x` and `!!timestamp x`.
        except (LookupError, AttributeError):
            problem = "a value does not have the form that its tag asks for"
        raise _unreadable(node, problem)


def _unreadable(node: yaml.Node, problem: str) -> yaml.MarkedYAMLError:
    value = filled(node)
    says = problem if value is None else f"{problem} ({value.origin})"
    return yaml.MarkedYAMLError(problem=says, problem_mark=node.start_mark)


def _not_yaml(where: str, error: yaml.YAMLError) -> ConfigurationError:
    """Return the error of a syntax mistake, without what YAML's own error quotes of the file."""
    if isinstance(error, yaml.MarkedYAMLError) and error.problem_mark is not None:
        problem = _QUOTED.sub("(not shown)", str(error.problem))
        return ConfigurationError(
            f"{where}:\n  line {error.problem_mark.line + 1}: not valid YAML: {problem}"
        )
    return ConfigurationError(f"{where}:\n  not valid YAML: it holds a character that YAML forbids")


def _refuse(where: str, lines: Iterator[str]) -> None:
    """Raise an error with the first mistakes of a file; do nothing if there are none."""
    # A union reports the same mistake once for each of its types.
    shown = list(dict.fromkeys(islice(lines, MOST_SHOWN)))
    if next(lines, None) is not None:
        shown.append("  and more; correct these first")
    if shown:
        raise ConfigurationError(f"{where}:\n" + "\n".join(shown))


def _line(root: yaml.Node | None, place: Place, says: str, *, missing: bool = False) -> str:
    line, found, _ = find(root, place)
    shown = ".".join(map(str, (*found, place[-1]) if missing else found)) or "file"
    return f"  line {line}: {shown}: {says}"


def _problem(
    root: yaml.Node | None,
    form: Any,  # noqa: ANN401 - any type that pydantic validates
    problem: ErrorDetails,
    secrecy: Secrecy | None,
) -> str:
    place, kind = problem["loc"], problem["type"]
    says = _PLAIN.get(kind) or problem["msg"].removeprefix("Value error, ")
    fields = fields_at(form, place[:-1] if kind == "extra_forbidden" else place)
    if fields and kind == "extra_forbidden":
        says += f"; use {', '.join(fields)}"
    elif fields and kind == "model_type":
        says += f" with the fields {', '.join(fields)}"
    if kind not in ("extra_forbidden", "missing"):
        says += f" (found {_shown(problem, secrecy, find(root, place)[2])})"
    return _line(root, place, says, missing=kind == "missing")


def _shown(problem: ErrorDetails, secrecy: Secrecy | None, node: yaml.Node | None) -> str:
    value = problem["input"]
    if (from_variables := filled(node)) is not None:
        # Not quoted: a key may be in the wrong variable.
        return from_variables.origin
    if value is None:
        return "nothing"
    if not isinstance(value, str | int | float):
        kinds: dict[type, str] = {dict: "a mapping", list: "a list"}
        return kinds.get(type(value), f"a {type(value).__name__}")
    text = str(value)
    if secrecy is None or isinstance(value, bool):
        return repr(value if len(text) <= LONGEST_SHOWN else f"{text[:LONGEST_SHOWN]}…")
    if len(text) > LONGEST_SHOWN or secrecy.hides(text, problem["loc"]):
        return "a value that is not shown: it may hold a secret"
    return repr(value)
