"""The gate against label leaks: no key that grades an answer, no text that only a label contains.

A leak is a forbidden key at any depth and in any spelling, also inside JSON in a string, in a
name/value pair or as the name of a column. A mention in prose is not a leak: evidence may well
describe an `execution_error`. A name with the label's value next to it is one. Findings name the
field and the place, never a value.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from replay_assets.sanitizing.detect import texts_in
from replay_assets.sanitizing.gates.label_pairs import LabelPair, label_pairs, pairs_in
from replay_assets.sanitizing.gates.label_texts import (
    decoded_parts,
    fold,
    keys_spelled,
    may_hold_key,
    names_in,
    words,
)


def _folded(names: str) -> frozenset[str]:
    return frozenset(map(fold, names.split()))


NAME_KEYS = _folded(
    "name key field label attribute attr property metric parameter param column field_name k"
)
VALUE_KEYS = _folded(
    "value val values v data content text result score answer default schema arguments "
    "string_value bool_value number_value"
)
COLUMN_KEYS = _folded("columns fields headers header required keys parameters properties")
"""Lists under these keys contain names of columns or fields, which count as keys."""
SHORTEST_VALUE = 10
"""Label values below this many characters are too common to be traced in free text."""
DEEPEST_ENCODING = 6
"""How often decoded text is decoded again: JSON in base64 in JSON needs three rounds."""
SHOWN_KEY = re.compile(r"[A-Za-z0-9_.\-]{1,40}")


@dataclass(frozen=True)
class Node:
    """A value below a root: its path, the key that holds it, and how often it was encoded."""

    path: str
    value: Any
    under: str = ""
    in_list: bool = False
    encodings: int = 0


def find_label_leaks(
    request: Mapping[str, Any],
    labels: Mapping[str, Any],
    forbidden: Sequence[str],
    raw_evidence: str | None = None,
    *,
    paired: Mapping[str, Any] | None = None,
) -> list[str]:
    """Return the label leaks of a request; an empty list if it is clean.

    Args:
        request: the request, or a part of it, as a JSON object.
        labels: the incident's label values; may be empty if they are not available.
        forbidden: field names that must not be used as a key anywhere.
        raw_evidence: the evidence as it was recorded; a label value that is also in the evidence
            is not a leak.
        paired: further label values that are leaks only next to their name, because their words
            are common: categories, actions, yes and no.
    """
    banned, names = _banned(tuple(forbidden))
    if not labels and not paired and not may_hold_key(texts_in(request), names):
        return []
    known = words(raw_evidence or "")
    traced = [
        (name, spelled)
        for name, text in _label_texts(labels)
        if len(text) >= SHORTEST_VALUE and (spelled := words(text)).strip() and spelled not in known
    ]
    pairs = _pairs_to_find({**(paired or {}), **labels}, raw_evidence or "")
    findings: list[str] = []
    for node in _nodes(request):
        findings += _forbidden_keys(node, banned)
        if traced and isinstance(node.value, str):
            leaf = words(node.value)
            findings += [f"label_value:{name} at {node.path}" for name, it in traced if it in leaf]
        found = pairs_in(node.value, pairs) if pairs else []
        findings += [f"label_value:{pair.name} at {node.path}" for pair in found]
    return list(dict.fromkeys(findings))


def _pairs_to_find(labels: Mapping[str, Any], raw_evidence: str) -> list[LabelPair]:
    """Return the label's names with their values, without those that the evidence has too."""
    pairs = label_pairs(labels)
    in_evidence = pairs_in(raw_evidence, pairs)
    return [pair for pair in pairs if pair not in in_evidence]


@lru_cache(maxsize=16)
def _banned(forbidden: tuple[str, ...]) -> tuple[Mapping[str, str], frozenset[str]]:
    """Return forbidden names by their folded form, and these forms."""
    banned = {fold(name): name for name in forbidden if fold(name)}
    return banned, frozenset(banned)


def _forbidden_keys(node: Node, banned: Mapping[str, str]) -> list[str]:
    return [
        f"forbidden_key:{banned[name]} at {node.path}{_step(key)}"
        for key in _keys_of(node)
        for name in sorted(names_in(key) & banned.keys())
    ]


def _keys_of(node: Node) -> Iterator[str]:
    """Yield everything that acts as a key in a value; its children are not searched."""
    value = node.value
    if isinstance(value, Mapping):
        yield from map(str, value)
        yield from _pair_names(value, in_columns=node.in_list and node.under in COLUMN_KEYS)
    elif isinstance(value, list):
        if node.under in COLUMN_KEYS:
            yield from (item for item in value if isinstance(item, str))
        if _is_pair(value, in_list=node.in_list):
            yield value[0]
        if _is_table(value):
            yield from (cell for cell in value[0] if isinstance(cell, str))
    elif isinstance(value, str):
        yield from keys_spelled(value)


def _pair_names(value: Mapping[Any, Any], *, in_columns: bool) -> Iterator[str]:
    """Yield the name of a name/value pair, whatever its two keys are called."""
    keys = {key: fold(str(key)) for key in value}
    if in_columns or not VALUE_KEYS.isdisjoint(keys.values()):
        for key, folded in keys.items():
            if folded in NAME_KEYS and isinstance(value[key], str):
                yield value[key]


def _is_pair(value: list[Any], *, in_list: bool) -> bool:
    """Return whether a list reads as `[name, value]`; a list of two words alone does not."""
    if len(value) != 2 or not isinstance(value[0], str):
        return False
    return in_list or not isinstance(value[1], str)


def _is_table(value: list[Any]) -> bool:
    """Return whether a list reads as rows of equal length, with a header as the first row."""
    if len(value) < 2 or not all(isinstance(row, list) for row in value):
        return False
    return len(value[0]) > 1 and len({len(row) for row in value}) == 1


def _nodes(root: Any) -> Iterator[Node]:  # noqa: ANN401 - any JSON value
    """Yield every value below a root and every value encoded in its texts, without recursion."""
    waiting = [Node("$", root)]
    seen: set[str] = set()
    while waiting:
        node = waiting.pop()
        yield node
        below: Iterable[Node] = ()
        if isinstance(node.value, Mapping):
            below = _members(node)
        elif isinstance(node.value, list):
            below = _items(node)
        elif isinstance(node.value, str) and node.encodings < DEEPEST_ENCODING:
            below = _opened(node, seen)
        # Reversed, because the last one is read next: findings follow the request's order.
        waiting.extend(reversed(list(below)))


def _members(node: Node) -> Iterator[Node]:
    for key, item in node.value.items():
        yield Node(f"{node.path}{_step(str(key))}", item, fold(str(key)), False, node.encodings)


def _items(node: Node) -> Iterator[Node]:
    for position, item in enumerate(node.value):
        yield Node(f"{node.path}[{position}]", item, node.under, True, node.encodings)


def _opened(node: Node, seen: set[str]) -> Iterator[Node]:
    for encoding, value in decoded_parts(node.value):
        if isinstance(value, str):
            # The same text may result from several encodings; searching it once is enough.
            if value in seen:
                continue
            seen.add(value)
        yield Node(f"{node.path}({encoding})", value, "", False, node.encodings + 1)


def _label_texts(labels: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield every text of the labels with the name of its field, at any depth."""
    for name, value in labels.items():
        waiting = [value]
        while waiting:
            item = waiting.pop()
            if isinstance(item, str):
                yield name, item
            elif isinstance(item, Mapping):
                waiting.extend(item.values())
            elif isinstance(item, list | tuple | set | frozenset):
                waiting.extend(item)


def _step(key: str) -> str:
    """Return a key as a step of a path; a key that may contain evidence is not written out."""
    return f".{key}" if SHOWN_KEY.fullmatch(key) else ".*"
