"""What an endpoint says went wrong: the texts and codes of an error, in the forms of many servers.

Only what describes the error is read. Some servers echo the request, and the evidence of an
incident may say `quota exceeded` too.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

DESCRIBES = frozenset(
    {
        *("error", "errors", "error_type", "error_code", "error_msg", "error_message"),
        *("errorcode", "errormessage", "error_description", "innererror", "fault", "faultstring"),
        *("message", "msg", "code", "type", "__type", "status", "status_code", "status_msg"),
        *("reason", "reasons", "detail", "details", "title", "description", "param", "loc"),
        *("metadata", "raw", "base_resp"),
    }
)
"""The keys whose values describe an error; everything else may be an echo of the request."""
FIELD_KEYS = ("param", "loc")
"""The keys that name the field of the request which the endpoint rejects."""
CODE_KEYS = frozenset({"code", "status", "status_code", "error_code", "errorcode"})
REJECTING = frozenset({"400", "413", "422"})
ECHO = re.compile(r"""['"]input['"]\s*:|\binput_value=""")
"""Where a validation error quotes the request within its message."""
BLOCK_PAGE = re.compile(
    r"request(?:ed url)? (?:(?:was|is|has been) )?(?:rejected|blocked|unsuccessful)|incapsula"
    r"|access (?:(?:was|is|has been) )?denied|(?:been|page) blocked|attention required"
    r"|your support id|application firewall|mod_security|not acceptable",
    re.IGNORECASE,
)
"""Words of the pages by which firewalls reject a request, some of them under a status of 200."""
LONGEST_TEXT, MOST_TEXTS, DEEPEST, PAGE = 1_000, 50, 8, 20_000
"""Limits of what is read: no error needs more, and a body comes from outside."""


@dataclass(frozen=True, slots=True)
class ErrorText:
    """The words of an error, its codes, and the field of the request that it names, if any.

    `is_block_page`: it is a page by which a firewall rejects a request.
    """

    words: str
    codes: frozenset[str] = frozenset()
    field: str | None = None
    is_block_page: bool = False

    @property
    def rejects_request(self) -> bool:
        """Whether a code says so: an error within a 200 has the status that it would have had."""
        return not self.codes.isdisjoint(REJECTING)


def error_of(body: bytes) -> ErrorText:
    """Return what a body says about an error; the start of a text that is not JSON.

    A page of HTML is not from the endpoint but from what is in front of it: it has no words here.
    """
    text = body.decode("utf-8", "replace").lstrip("\ufeff \t\r\n")
    if text.startswith("<"):
        return ErrorText("", is_block_page=BLOCK_PAGE.search(text, 0, PAGE) is not None)
    values = list(_values(text))
    found = [pair for value in values for pair in _described(value, "error", DEEPEST)][:MOST_TEXTS]
    # A completion that was cut off says nothing of an error: its content is the model's.
    if not values and '"choices"' not in text:
        found = [("error", text)]
    fields = [one for key, one in found if key in FIELD_KEYS and one != "body"]
    return ErrorText(
        words=" ".join(map(_words, found)).replace("’", "'"),
        codes=frozenset(one for key, one in found if key in CODE_KEYS),
        # `messages[1].content` and `messages.1.content` are parts of `messages`.
        field=re.split(r"[.\[]", fields[0])[0] if fields else None,
    )


def _words(described: tuple[str, str]) -> str:
    return ECHO.split(described[1], maxsplit=1)[0][:LONGEST_TEXT]


def says_error(value: Mapping[str, Any]) -> bool:
    """Return whether a completion, or a choice of one, contains an error next to its content."""
    error = value.get("error")
    if isinstance(error, Mapping):
        return any(error.values())
    if isinstance(status := value.get("base_resp"), Mapping):  # MiniMax
        return bool(status.get("status_code"))
    return bool(error) and error is not True


def _values(text: str) -> Iterator[Any]:
    """Yield the JSON value of a body, or of each event if it is a stream."""
    parts = [text, *(line[5:] for line in text.splitlines() if line.startswith("data:"))]
    for part in parts:
        try:
            yield json.loads(part)
        except (ValueError, RecursionError):  # a stream's `[DONE]`, or an error page
            continue


def _described(value: Any, key: str, depth: int) -> Iterator[tuple[str, str]]:  # noqa: ANN401 - any JSON value
    """Yield the texts and numbers below a value that describe an error, each with its key."""
    if depth == 0 or value is None or isinstance(value, bool):
        return
    if isinstance(value, dict):
        for name, item in value.items():
            if name.casefold() in DESCRIBES or name == "choices":
                yield from _described(item, name.casefold(), depth - 1)
    elif isinstance(value, list):
        for item in value[:MOST_TEXTS]:
            yield from _described(item, key, depth - 1)
    elif key != "choices":
        yield key, str(value)
