"""Places in a YAML file: their lines, the fields that may be there, keys that occur twice."""

from collections import Counter
from collections.abc import Iterator
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin

import yaml
from pydantic import BaseModel

Place = tuple[str | int, ...]
"""The keys and indexes that lead to a value."""


def find(root: yaml.Node | None, place: Place) -> tuple[int, Place, yaml.Node | None]:
    """Return the line of a place, the place without parts that the file lacks, and its node.

    Those parts are a missing field, and the names that pydantic gives to the types of a union.
    """
    node, line = root, 1 if root is None else root.start_mark.line + 1
    found: list[str | int] = []
    for part in place:
        if isinstance(node, yaml.SequenceNode) and isinstance(part, int):
            node = node.value[part]
            line = node.start_mark.line + 1
        elif isinstance(node, yaml.MappingNode):
            pairs = {str(key.value): (key, value) for key, value in node.value}
            if str(part) not in pairs:
                continue
            key, node = pairs[str(part)]
            line = key.start_mark.line + 1
        else:
            continue
        found.append(part)
    return line, tuple(found), node


def values_in(node: yaml.Node, known: dict[int, int] | None = None) -> int:
    """Return how many values a node holds when every alias is followed.

    Raises:
        yaml.MarkedYAMLError: a value holds itself.
    """
    known = {} if known is None else known
    if known.get(id(node)) == 0:
        raise yaml.MarkedYAMLError(problem="a value holds itself", problem_mark=node.start_mark)
    if id(node) not in known:
        # 0 marks a node that is being counted: to meet it again means that it contains itself.
        known[id(node)] = 0
        known[id(node)] = 1 + sum(values_in(child, known) for _, child in _children(node))
    return known[id(node)]


def nodes_in(root: yaml.Node) -> Iterator[tuple[Place, yaml.Node]]:
    """Yield every node with its place; a mapping or list that has aliases only once."""
    waiting: list[tuple[yaml.Node, Place]] = [(root, ())]
    seen: set[int] = set()
    while waiting:
        node, place = waiting.pop()
        # An alias leads to the same node again.
        if id(node) in seen:
            continue
        if not isinstance(node, yaml.ScalarNode):
            seen.add(id(node))
        yield place, node
        waiting += reversed([(child, (*place, part)) for part, child in _children(node)])


def repeated_keys(root: yaml.Node) -> Iterator[Place]:
    """Yield where a mapping has a key for the second time."""
    for place, node in nodes_in(root):
        if isinstance(node, yaml.MappingNode):
            times = Counter(str(key.value) for key, _ in node.value)
            yield from ((*place, name) for name, count in times.items() if count > 1)


def _children(node: yaml.Node) -> list[tuple[str | int, yaml.Node]]:
    if isinstance(node, yaml.SequenceNode):
        return list(enumerate(node.value))
    if isinstance(node, yaml.MappingNode):
        return [(str(key.value), value) for key, value in node.value]
    return []


def fields_at(form: Any, place: Place) -> tuple[str, ...]:  # noqa: ANN401 - any type's annotation
    """Return the fields that the models of a pydantic type have at a place."""
    forms = list(_alternatives(form))
    for part in place:
        forms = [inner for one in forms for inner in _inside(one, part)]
    models = [one for one in forms if _is_model(one)]
    return tuple(dict.fromkeys(name for model in models for name in _fields(model)))


def _alternatives(form: Any) -> Iterator[Any]:  # noqa: ANN401
    """Yield the members of a union, the type within an annotated type, or the type itself."""
    origin = get_origin(form)
    if origin is Annotated:
        yield from _alternatives(get_args(form)[0])
    elif origin in (Union, UnionType):
        for one in get_args(form):
            yield from _alternatives(one)
    else:
        yield form


def _inside(form: Any, part: str | int) -> Iterator[Any]:  # noqa: ANN401
    if _is_model(form):
        yield from _alternatives(_fields(form).get(str(part)))
    elif get_origin(form) in (list, tuple, dict):
        key_and_value = get_args(form)
        yield from _alternatives(key_and_value[1 if get_origin(form) is dict else 0])


def _is_model(form: Any) -> bool:  # noqa: ANN401
    return isinstance(form, type) and issubclass(form, BaseModel)


def _fields(model: type[BaseModel]) -> dict[str, Any]:
    """Return the annotations of a model's fields, by the names that a file uses."""
    return {info.alias or name: info.annotation for name, info in model.model_fields.items()}
