"""URLs in messages: no part of a password is shown, however the URL spells it.

A password may hold characters that should have been encoded. So it ends at the last `@` of the
whole URL: what follows the last one can't belong to it.
"""

import re
from typing import NamedTuple, Self
from urllib.parse import unquote, unquote_plus

MASK = "***"
SHORTEST_PART = 4
"""Characters of a password that must not be shown in a row."""
HOW_TO_ENCODE = (
    "Write the special characters of a password percent-encoded: @ as %40, : as %3A, / as %2F, "
    "? as %3F, # as %23, % as %25"
)
SECRET_OPTION = re.compile(
    r"pass(?!file)|pwd|^pw$|secret|token|jwt|sig(nature)?$|auth$|authorization|credential|key$"
    r"|^code$",  # the key of an Azure function
    re.I,
)
"""Names of options in the query whose values are not shown."""
FILE_OPTION = re.compile(r"^ssl(key|cert|rootcert|crl)$", re.I)
"""Names of options whose values are names of files."""
# With a colon for `jdbc:postgresql://` and fsspec's `simplecache::sftp://`.
_SCHEME = re.compile(r"\s*([A-Za-z][A-Za-z0-9+._:-]*)://(.*)", re.DOTALL)
# Options of libpq or ODBC in place of a host or a database, and a URL inside of the path.
_INSIDE = re.compile(r"\b(?:password|passwd|pwd)\s*=|://[^/]*:.*@", re.I | re.DOTALL)


class UrlParts(NamedTuple):
    """A URL divided at the last `@`: `password` is None if there is none, and not decoded.

    It is all of the URL if something else than a URL is written there.
    """

    scheme: str
    user: str
    password: str | None
    rest: str

    @classmethod
    def of(cls, url: str) -> Self | None:
        """Return the parts of a text; None if it is not a URL."""
        found = _SCHEME.match(url)
        if found is None:
            return None
        scheme, after = found.groups()
        head, _, options = after.partition("?")
        if _INSIDE.search(unquote(head)):
            return cls(scheme, "", after, "")
        if "@" in options and secret_options(url):
            # The last @ may be in a secret option, so that what follows it is a part of it.
            if ":" in head and not head.startswith("/"):
                user, _, password = after.partition(":")
                return cls(scheme, user, password, "")
            after = head
        before, at, rest = after.rpartition("@")
        user, colon, password = before.partition(":")
        if not colon and scheme.startswith("oracle"):
            user, colon, password = before.partition("/")  # as Oracle's tools write a login
        # A path may hold an @ too.
        if not at or re.search(r"[/?#]", user):
            return cls(scheme, "", None, after)
        return cls(scheme, user, password if colon else None, rest)

    @property
    def holds_unescaped_at(self) -> bool:
        """Whether the password holds an `@`, at which other readers of the URL would end it."""
        return self.password is not None and "@" in self.password


def shown_url(url: str) -> str:
    """Return a URL with its password masked and without options: they may hold a secret too."""
    parts = UrlParts.of(url)
    if parts is None:
        return "a text that is not a URL"
    password = "" if parts.password is None else f":{MASK}"
    at = "@" if parts.user or password else ""
    rest = parts.rest.partition("?")[0]
    return f"{parts.scheme}://{parts.user}{password}{at}{rest}"


def without_password(text: str, url: str) -> str:
    """Return a message of a driver without any part of the secrets in the URL that it was given.

    Words that the URL shows anyway, such as the name of the user, stay readable.
    """
    public = shown_url(url).casefold()
    hidden = [False] * len(text)
    for part in {part.casefold() for secret in _secrets_in(url) for part in _parts_of(secret)}:
        if part in public:
            continue
        short = len(part) < SHORTEST_PART
        form = rf"(?<!\w){re.escape(part)}(?!\w)" if short else f"(?={re.escape(part)})"
        for found in re.finditer(form, text, re.I):
            for place in range(found.start(), min(found.start() + len(part), len(text))):
                hidden[place] = True
    masked = "".join(
        "\0" if hide else character for character, hide in zip(text, hidden, strict=True)
    )
    return re.sub("\0+", MASK, masked)


def _secrets_in(url: str) -> set[str]:
    """Return the password and secret options of a URL, as written and decoded."""
    parts = UrlParts.of(url)
    if parts is None:
        return {url}
    written = (parts.password or "", secret_options(url))
    return {form for one in written for form in (one, unquote(one), unquote_plus(one)) if form}


def secret_options(url: str) -> str:
    """Return the value of the first secret option and all after it: it may hold a bare `&`."""
    options = url.partition("?")[2].split("&")
    for index, option in enumerate(options):
        name, _, value = option.partition("=")
        if is_secret_option(unquote_plus(name)):
            return "&".join((value, *options[index + 1 :]))
    return ""


def is_secret_option(name: str) -> bool:
    """Return whether the value of an option in a URL's query must not be shown."""
    return SECRET_OPTION.search(name) is not None and FILE_OPTION.match(name) is None


def _parts_of(secret: str) -> list[str]:
    last = max(len(secret) - SHORTEST_PART, 0)
    return [secret[start : start + SHORTEST_PART] for start in range(last + 1)]
