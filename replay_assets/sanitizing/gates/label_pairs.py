"""A label's name with its value next to it in a text: `risk_level=low`, `risk level is low`.

Such a pair is a leak however short the value is; the value alone would be found everywhere.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from replay_assets.sanitizing.gates.label_texts import fold, plain, words

_YES = ("true", "yes", "y", "1", "on", "是", "有", "需要")
_NO = ("false", "no", "n", "0", "off", "否", "無", "无", "不")
_COLOUR = r"(?:\x1b\[[0-9a-z;]{0,8}m)?"
_MARKS = _COLOUR + r"[\s\"'`*\[({<|「『“‘-]{0,8}" + _COLOUR
_VERBS = "|".join(
    rf"{plain(verb).replace(' ', chr(92) + 's')}"
    for verb in (
        "is", "was", "are", "were", "equals", "remains", "set to", "has value",
        "has the value", "will be", "should be", "would be", "must be",
    )
)  # fmt: skip
_TAGS = r"(?:\s{0,4}</?[a-z0-9]{1,12}>){1,4}\s{0,4}"
"""Tags between two cells: `</td><td>`."""
_SIGN = (
    r"[\"'`*\])」』”’]{0,4}(?:\s?\([^)\n]{1,40}\))?\s{0,4}(?:[:=|]{1,3}>?|-+>|[→⇒➜➔⟶]"
    r"|(?:的[值內内]容?)?\s?(?:已?[設设改]定?)?[為为]|(?:的[值內内]容?)?\s?是|>|\t|\s{2,8}|\s?\("
    rf"|{_TAGS}|\s?[-–—]\s|\s(?:{_VERBS})(?:\s(?:now|set to))?(?=\s))"
)
_ITEMS = r"(?:(?<=[\[({])[^\])}\n]{0,200}[,\s\"'])?"
"""Other items of a list before the value: `acceptable_actions: [restart, scale]`."""
_BESIDE = (
    r"(?: |[\"'`」]?\)?[,;]\s?[\"'`「]?"
    rf"|[\"'`」]?[,;]?\s{{1,3}}(?:{plain('value')}|{plain('val')}|值)\W{{1,4}})"
)
"""Between an identifier and its value: a blank, the sign of a list, or the word `value`."""
_ASCII_END = r"(?![0-9a-z_])"
_CJK_END = r"(?![\u3400-\u9fff])|(?=[的了且並并而但和與与及])"


@dataclass(frozen=True)
class LabelPair:
    """A label's name and one of its values, as a search for both side by side."""

    name: str
    folded: str
    values: tuple[str, ...]
    """The spellings of the value: several for yes and no."""

    def is_in(self, text: str) -> bool:
        """Return whether the pair is in a folded text that contains the name."""
        pattern = _pattern(self.name, self.values)
        return pattern is not None and pattern.search(text) is not None


def label_pairs(labels: Mapping[str, Any]) -> list[LabelPair]:
    """Return a search for each value of each label, at any depth."""
    return [pair for name, value in labels.items() for pair in _pairs(name, value)]


def pairs_in(value: Any, pairs: Sequence[LabelPair]) -> list[LabelPair]:  # noqa: ANN401 - any JSON
    """Return the pairs that a text, an object or a list of a name and a value contains."""
    if isinstance(value, str):
        letters = fold(value)
        named = [pair for pair in pairs if pair.folded in letters]
        text = plain(value) if named else ""
        return [pair for pair in named if pair.is_in(text)]
    spelled = [(fold(name), plain(f"{name}={item}")) for name, item in _members(value)]
    return [
        pair
        for pair in pairs
        if any(name == pair.folded and pair.is_in(text) for name, text in spelled)
    ]


def _members(value: Any) -> Iterator[tuple[str, str]]:  # noqa: ANN401 - any JSON value
    """Yield the names and values of an object, or of a list that has one of each."""
    if isinstance(value, list) and len(value) == 2:
        value = {"name": value[0], "value": value[1]}
    if not isinstance(value, Mapping):
        return
    items = [
        (str(key), str(item))
        for key, below in value.items()
        for item in (below if isinstance(below, list) else [below])
        if isinstance(item, str | int | float)
    ]
    yield from items
    yield from ((name, item) for _, name in items for _, item in items if name is not item)


def _pairs(name: str, value: Any) -> Iterator[LabelPair]:  # noqa: ANN401 - any JSON value
    if isinstance(value, Mapping):
        value = list(value.values())
    if isinstance(value, list | tuple | set | frozenset):
        for item in value:
            yield from _pairs(name, item)
        return
    spelled = (_YES if value else _NO) if isinstance(value, bool) else (value,)
    if value is not None and fold(name):
        yield LabelPair(name, fold(name), tuple(map(str, spelled)))


@lru_cache(maxsize=4096)
def _pattern(name: str, values: tuple[str, ...]) -> re.Pattern[str] | None:
    """Return the search for a name and one of several spellings of its value; None without text."""
    parts = [words(value).split() for value in values]
    letters = fold(name)
    if not any(parts):
        return None
    value = "|".join(
        r"[\W_]{0,3}".join(map(re.escape, part))
        + (_ASCII_END if part[-1].isascii() else f"(?:{_CJK_END})")
        for part in parts
        if part
    )
    spelled = r"[\W_]{0,2}".join(map(re.escape, letters))
    # A single blank separates them only after an identifier; in prose the value goes on.
    identifier = r"[_-]?".join(map(re.escape, letters))
    start = r"(?<![0-9a-z])" if letters[0].isascii() else ""
    return re.compile(
        rf"{start}(?:{spelled}(?:{_SIGN}){_MARKS}{_ITEMS}|{identifier}{_BESIDE})(?:{value})"
    )
