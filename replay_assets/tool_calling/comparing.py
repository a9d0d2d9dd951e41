"""Compare one value of a call with the values that are accepted for it.

Strings are compared as the Berkeley Function-Calling Leaderboard does: case, blanks and the marks
`,./-_*^` do not matter. Values that name a Kubernetes object are compared exactly: `web-0` and
`web_0` are different objects.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from replay_assets.contracts.json_types import PYTHON_TYPES

LEFT_OUT = ""
"""The accepted value that means that a parameter may be left out."""
NAMES_A_NAMESPACE = frozenset({"namespace", "namespaces", "ns"})
NAMES_AN_OBJECT = frozenset(
    {
        *("name", "resource", "object", "workload", "pod", "container", "node", "service"),
        *("deployment", "statefulset", "daemonset", "replicaset", "job", "cronjob"),
        *("configmap", "secret", "ingress", "pvc"),
    }
)
"""Parameters whose value names an object of Kubernetes, if their tool is one of Kubernetes."""

_FOLDED = re.compile(r"[ ,./\-_*^]")
_KUBERNETES = re.compile(r"kube|k8s|\bpods?\b|\bdeployments?\b|\bnamespaces?\b", re.IGNORECASE)


def is_of_kubernetes(function: Mapping[str, Any]) -> bool:
    """Return whether a tool works on objects of Kubernetes, by its name and its texts."""
    properties = (function.get("parameters") or {}).get("properties") or {}
    texts = f"{function['name'].replace('_', ' ')} {function.get('description')}"
    return not NAMES_A_NAMESPACE.isdisjoint(properties) or bool(_KUBERNETES.search(texts))


def may_be_left_out(accepted: Sequence[Any]) -> bool:
    """Return whether a parameter with these accepted values is optional."""
    return any(isinstance(one, str) and one == LEFT_OUT for one in accepted)


@dataclass(frozen=True)
class ValueComparison:
    """How values are compared.

    Args:
        lenient: whether a number or a boolean may be written as text, and a text as a number.
        of_kubernetes: whether the tool works on objects of Kubernetes.
        exact: whether the texts compared now must be equal character by character.
    """

    lenient: bool = False
    of_kubernetes: bool = False
    exact: bool = False

    def named(self, parameter: str) -> "ValueComparison":
        """Return how the value of a parameter is compared."""
        name = parameter.casefold()
        is_object = name != "resource" and name.removesuffix("_name") in NAMES_AN_OBJECT
        exact = name in NAMES_A_NAMESPACE or (self.of_kubernetes and is_object)
        return replace(self, exact=exact)

    def accepts(self, value: Any, accepted: Iterable[Any]) -> bool:  # noqa: ANN401 - any JSON value
        """Return whether a value is one of those that are accepted."""
        return any(self._equal(value, one) for one in accepted)

    def _equal(self, value: Any, accepted: Any) -> bool:  # noqa: ANN401 - any JSON value
        if isinstance(value, dict) and isinstance(accepted, dict):
            return self._equal_objects(value, accepted)
        if isinstance(value, list) and isinstance(accepted, list):
            return len(value) == len(accepted) and all(map(self._equal, value, accepted))
        if isinstance(value, str) and isinstance(accepted, str):
            return self._equal_texts(value, accepted)
        if self.lenient and isinstance(value, str) != isinstance(accepted, str):
            value, accepted = _read(value), _read(accepted)
        # True equals 1 in Python, but not in JSON.
        if isinstance(value, bool) or isinstance(accepted, bool) or value is None:
            return value is accepted
        return _is_number(value) and _is_number(accepted) and value == accepted

    def _equal_texts(self, value: str, accepted: str) -> bool:
        if self.exact or accepted == LEFT_OUT:
            return value == accepted
        return fold(value) == fold(accepted)

    def _equal_objects(self, value: Mapping[str, Any], accepted: Mapping[str, Any]) -> bool:
        """Return whether two objects are equal; each accepted key has a list of values."""
        values = {key: one if isinstance(one, list) else [one] for key, one in accepted.items()}
        return (
            value.keys() <= values.keys()
            and all(key in value or may_be_left_out(values[key]) for key in values)
            and all(self.named(key).accepts(one, values[key]) for key, one in value.items())
        )


def has_type(value: Any, schema: Any) -> bool:  # noqa: ANN401 - any JSON value
    """Return whether a value has the type that a JSON schema asks for, as have the values in it."""
    if not isinstance(schema, Mapping):
        return True
    named = schema.get("type")
    names = named if isinstance(named, list) else [named]
    types = {kind for name in names if isinstance(name, str) for kind in PYTHON_TYPES.get(name, ())}
    if types and not _is_one_of(value, types):
        return False
    if isinstance(value, list):
        return all(has_type(one, schema.get("items")) for one in value)
    if isinstance(value, dict):
        properties = schema.get("properties") or {}
        return all(has_type(one, properties.get(key)) for key, one in value.items())
    return True


def fold(text: str) -> str:
    """Return a text without what does not matter when it is compared."""
    return _FOLDED.sub("", text).casefold().replace("'", '"')


def _is_one_of(value: Any, types: Iterable[type]) -> bool:  # noqa: ANN401 - any JSON value
    # In JSON Schema, 3.0 is an integer.
    if isinstance(value, float) and value.is_integer() and int in types:
        return True
    return type(value) in types


def _is_number(value: Any) -> bool:  # noqa: ANN401 - any JSON value
    return isinstance(value, int | float)


def _read(value: Any) -> Any:  # noqa: ANN401 - any JSON value
    """Return the number or boolean that a text spells, if it does."""
    if not isinstance(value, str):
        return value
    text = value.strip().casefold()
    if text in ("true", "false"):
        return text == "true"
    try:
        return float(text)
    except ValueError:
        return value
