"""How names of components are compared: spelling, kind of thing, generated suffix and alias."""

import re
import unicodedata
from collections.abc import Iterable, Mapping
from functools import cache

from replay_assets.contracts.names import folded
from replay_assets.parsing.yaml_files import shipped_yaml

_SEPARATORS = re.compile(r"[,;、\n/&|]|\s+(?:and|\+)\s+", re.IGNORECASE)
# The brackets of a list, and what begins a point of one.
_LIST_MARKS = re.compile(r"^\[(.*)\]$|^[-*•] +", re.DOTALL | re.MULTILINE)
# Kubernetes makes these from letters and digits without vowels; older replica sets from digits.
_OF_POD = re.compile(r"-(?=[a-z]*\d)[a-z0-9]{7,10}-[a-z0-9]{5}$")
_OF_REPLICA_SET = re.compile(r"-(?=[a-z]*\d)(?=\d*[a-z])[bcdfghjklmnpqrstvwxz0-9]{8,10}$")
_OF_DAEMON_SET = re.compile(r"-(?=[a-z]*\d)(?=\d*[a-z])[bcdfghjklmnpqrstvwxz2456789]{5}$")

Aliases = Mapping[str, Iterable[str]]
"""Other names of a component, by the name that they are compared as."""


class ComponentNames:
    """Reads texts as sets of component names.

    Args:
        aliases: a team's own aliases; they come before the shipped ones.
    """

    def __init__(self, aliases: Aliases | None = None) -> None:
        kinds, shipped, self._nothing = _shipped()
        self._kinds = kinds
        self._aliases = {**shipped, **_inverted(aliases or {}, kinds)}

    def of(self, texts: Iterable[str]) -> frozenset[str]:
        """Return the names in texts; one text may list several, such as `orders-api, redis`.

        Names are separated by a comma, a semicolon, a slash, "|", "&", "+", "and" or a line break.
        A part that only says what kind of thing is meant is a name only if there is no other, and
        what is written where nothing is known (`N/A`) is not a name.
        """
        plain = (unicodedata.normalize("NFKC", text).strip() for text in texts)
        named = [_LIST_MARKS.sub(r"\1", text) for text in plain if self._is_name(folded(text))]
        parts = [folded(part) for text in named for part in _SEPARATORS.split(text)]
        parts = [part.rstrip(".") for part in parts if self._is_name(part)]
        things = [part for part in parts if _plain(part, self._kinds)] or parts
        return frozenset(self._name(part) for part in things)

    def _is_name(self, part: str) -> bool:
        return part.strip(".-–?") != "" and part not in self._nothing

    def _name(self, part: str) -> str:
        name = _plain(part, self._kinds) or part
        return self._aliases.get(part) or self._aliases.get(name, name)


def _plain(part: str, kinds: frozenset[str]) -> str:
    """Return a name without words for its kind and without a generated suffix."""
    words = [word for word in part.split(" ") if word not in kinds]
    name = " ".join(words)
    for kind in kinds:
        # Chinese has no blank in between.
        if not kind.isascii() and name.endswith(kind) and len(name) > len(kind):
            name = name.removesuffix(kind)
    for suffix in (_OF_POD, _OF_REPLICA_SET, _OF_DAEMON_SET):
        if (match := suffix.search(name)) and match.start() > 0:
            return name[: match.start()]
    return name.strip()


def _inverted(aliases: Aliases, kinds: frozenset[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, others in aliases.items():
        for other in others:
            spelled = folded(other)
            found[spelled] = found[_plain(spelled, kinds) or spelled] = folded(name)
    return found


@cache
def _shipped() -> tuple[frozenset[str], dict[str, str], frozenset[str]]:
    content = shipped_yaml("replay_assets.contracts", "component_names.yaml")
    kinds = frozenset(map(folded, content["kinds"]))
    return kinds, _inverted(content["aliases"], kinds), frozenset(map(folded, content["nothing"]))
