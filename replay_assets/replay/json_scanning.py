"""Finding JSON objects in a model's text: alone, in a code fence or in prose, even broken ones."""

import json
from dataclasses import dataclass, field
from typing import Any

from replay_assets.parsing.json_text import Value, values_in


class TwoValuesError(Exception):
    """An object has two different values for one field."""


@dataclass
class Scan:
    """The content of a text: its complete outermost objects, and the first trailing comma.

    `trailing_comma_at` counts characters from 1.
    """

    objects: list[dict[str, Any]] = field(default_factory=list)
    trailing_comma_at: int | None = None


def scan(text: str) -> Scan:
    """Return the JSON objects of a text; a JSON parser reads each one from its start.

    A list of objects is read as if each one were alone. An object inside a truncated or malformed
    one is a part of that, not a separate answer: a part of a broken answer must not be used as the
    answer.

    Raises:
        TwoValuesError: an object names a field twice with different values.
    """
    found = Scan()
    text = _unquoted(text)
    broken_until = 0
    for one in values_in(text, decoder=_DECODER):
        if isinstance(one, Value):
            if one.end > broken_until:
                found.objects.append(one.value)
        elif one.too_deep:
            break  # an answer is never nested this deep
        else:
            broken_until = max(broken_until, one.stopped_at)
            found.trailing_comma_at = found.trailing_comma_at or _trailing_comma(
                text, one.stopped_at
            )
    return found


def _trailing_comma(text: str, position: int) -> int | None:
    """Return the position of the comma if a parser stopped at a comma before a closing bracket."""
    before = text[:position].rstrip()
    if text[position : position + 1] in ("}", "]") and before.endswith(","):
        return len(before)
    # From Python 3.13 on, the parser points at the comma itself.
    after = text[position + 1 :].lstrip()[:1]
    return position + 1 if text[position : position + 1] == "," and after in ("}", "]") else None


def _unquoted(text: str) -> str:
    """Return the content of a text that is one JSON string, because some models encode twice."""
    if text.lstrip()[:1] != '"':
        return text
    try:
        inner = _DECODER.decode(text)
    except ValueError:
        return text
    return inner if isinstance(inner, str) else text


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs) and any(found[name] != value for name, value in pairs):
        raise TwoValuesError
    return found


_DECODER = json.JSONDecoder(object_pairs_hook=_object)
