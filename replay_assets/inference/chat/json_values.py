"""Decodes the JSON of endpoints, which may break the standard in ways that don't matter."""

import json
from typing import Any

import msgspec


def decoded(body: bytes | str) -> Any:  # noqa: ANN401 - any JSON value
    """Return a JSON value; half surrogate pairs and NaN are accepted: some servers write them.

    Raises:
        ValueError: the body is not JSON.
    """
    try:
        return msgspec.json.decode(body)
    except ValueError:
        return json.loads(body)


def whole_text(text: str) -> str:
    r"""Return a text without half characters, which JSON can contain but files can't.

    A stream may cut a character in two: into `\ud83d` and `\ude00`, or into its bytes, which are
    decoded as `surrogateescape` does. Both halves make one character; one alone is a question mark.
    """
    if text.isascii():
        return text
    try:
        return text.encode("utf-16", "surrogatepass").decode("utf-16")
    except UnicodeDecodeError:  # half a character: perhaps its bytes, tried next
        pass
    try:
        return text.encode("utf-8", "surrogateescape").decode()
    except UnicodeError:
        return text.encode("utf-8", "replace").decode()
