"""`${NAME:-default}` in the values of a YAML file, replaced by the value of a variable.

    base_url: ${NVIDIA_API_BASE_URL:-https://integrate.api.nvidia.com/v1}
    limits: {rpm: ${NEMOTRON_RPM_LIMIT:-40}}

As in a shell, a variable that is unset or empty has its default. Values are put in after the file
was parsed, so that they can't add keys or entries. Without quotes, YAML's rules then say whether
the value is a number, a boolean, null or a text; in quotes it is a text. `$${` represents `${`.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

import yaml

from replay_assets.parsing.yaml_places import Place, nodes_in

_REFERENCE = re.compile(
    r"(?P<escaped>\$\$\{)"
    r"|\$\{(?P<name>[A-Za-z_][A-Za-z0-9_]*)(?::-(?P<default>(?:(?!\$\{)[^}\n])*))?\}"
    r"|\$\{[^}\n]*\}?"
)
# Private characters around a number: unlike braces, they have no meaning in YAML.
_MARK = re.compile("\ue000[0-9]+\ue001")
_TEXT = "tag:yaml.org,2002:str"


@dataclass(frozen=True)
class Variables:
    """The variables that a file may use.

    Args:
        value_of: returns the value of a variable; None if it is unset or empty.
        objection: returns why a variable, with its name and value, must not be used at a place;
            None if it may be.
    """

    value_of: Callable[[str], str | None]
    objection: Callable[[str, str | None, Place], str | None]


class _Reference(NamedTuple):
    """A variable and its default; `name` is None for `$${`, and empty if the form is wrong."""

    name: str | None
    default: str | None


class Filled(str):
    """A value with variables in it."""

    used: tuple[_Reference, ...]
    is_default: bool

    @property
    def origin(self) -> str:
        """Where the value is from, for a message."""
        names = " and ".join(one.name for one in self.used if one.name)
        if not names:
            return "a text with $${"
        return f"the default of {names}" if self.is_default else f"the value of {names}"


def filled(node: yaml.Node | None) -> Filled | None:
    """Return the value of a node if variables are in it."""
    return node.value if node is not None and isinstance(node.value, Filled) else None


@dataclass(frozen=True)
class References:
    """The references of one file: hidden from YAML's parser, then replaced by values."""

    variables: Variables
    _by_mark: dict[str, _Reference] = field(default_factory=dict)

    def hidden(self, text: str) -> str:
        """Return the text with a mark in place of each reference."""

        def marked(found: re.Match[str]) -> str:
            mark = f"\ue000{len(self._by_mark)}\ue001"
            name = None if found["escaped"] else found["name"] or ""
            self._by_mark[mark] = _Reference(name, found["default"])
            return mark

        return _REFERENCE.sub(marked, text)

    def fill(self, root: yaml.Node) -> Iterator[tuple[Place, str]]:
        """Replace the marks in a tree of nodes; yield what is wrong, with its place."""
        for place, node in nodes_in(root):
            if isinstance(node, yaml.MappingNode):
                if any(_MARK.search(str(key.value)) for key, _ in node.value):
                    yield place, "a variable can be in a value, not in a key"
            elif isinstance(node, yaml.ScalarNode):
                # An alias leads to a value that is filled already, at a place with other rules.
                known = filled(node)
                used = known.used if known is not None else self._used(node.value)
                problems = list(filter(None, (self._problem(one, place) for one in used)))
                if used and known is None and not problems:
                    self._put(node, used)
                yield from ((place, says) for says in problems)

    def _used(self, text: str) -> tuple[_Reference, ...]:
        return tuple(self._by_mark[mark] for mark in _MARK.findall(text) if mark in self._by_mark)

    def _value(self, reference: _Reference) -> str | None:
        if reference.name is None:
            return "${"
        return self.variables.value_of(reference.name) or reference.default

    def _problem(self, reference: _Reference, place: Place) -> str | None:
        name = reference.name
        if name is None:
            return None
        if not name:
            return "not a variable; write ${NAME:-default}, or $${ for the text ${"
        if says := self.variables.objection(name, self.variables.value_of(name), place):
            return says
        if self._value(reference) is None:
            return f"{name} is not set and has no default; set it, or write ${{{name}:-default}}"
        return None

    def _put(self, node: yaml.ScalarNode, used: tuple[_Reference, ...]) -> None:
        """Replace the marks in a value, and read the type of a value without quotes again."""
        value = Filled(
            _MARK.sub(lambda mark: self._value(self._by_mark[mark[0]]) or "", node.value)
        )
        value.used = used
        value.is_default = not any(self.variables.value_of(one.name) for one in used if one.name)
        if node.style is None and node.tag == _TEXT:
            resolved = yaml.SafeLoader("").resolve(yaml.ScalarNode, str(value), (True, False))  # type: ignore[no-untyped-call]
            node.tag = str(resolved)
        node.value = value
