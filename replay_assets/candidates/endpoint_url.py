"""The address of an OpenAI-compatible server: what is accepted, and the URLs below it.

Most servers answer at `…/v1/chat/completions`; others have another version, a deployment or nothing
before `/chat/completions`, or options such as `?api-version=…` after it.
"""

import re
from urllib.parse import parse_qsl, urlsplit, urlunsplit

from replay_assets.parsing.urls import is_secret_option

EMBEDDED_SCHEME = "embedded"
COMPLETIONS = "/chat/completions"
USUAL_END = "/v1"
OTHER_APIS = re.compile(r"/(completions|responses|messages|embeddings|models|generate)$", re.I)


def checked(url: str) -> str:
    """Return a base URL without what requests add to it: `/chat/completions`, a slash at the end.

    Raises:
        ValueError: it can't be used; the message does not show it, because it may hold a secret.
    """
    url = url.strip()
    if re.search(r"[\s\x00-\x1f\x7f]", url):
        raise ValueError("must not hold blanks or control characters")
    try:
        parts = urlsplit(url)
    except ValueError:
        # Without its cause, which quotes the host.
        raise ValueError("has an invalid host") from None
    if parts.scheme not in ("http", "https", EMBEDDED_SCHEME) or not parts.hostname:
        raise ValueError("must be an http or https URL (or embedded://baselines/v1)")
    try:
        # urlsplit checks the port only when it is read.
        _ = parts.port
    except ValueError:
        raise ValueError("has an invalid port; use 1 to 65535") from None
    # Anywhere: an unescaped slash would end the host within a password.
    if "@" in url:
        raise ValueError("must not hold user or password; name a variable in api_key_env")
    if parts.fragment:
        raise ValueError("must not have a part after #")
    if any(is_secret_option(name) for name, _ in parse_qsl(parts.query, keep_blank_values=True)):
        raise ValueError("must not hold a key after ?; name a variable in api_key_env")
    path = re.sub(rf"{COMPLETIONS}/*$", "", parts.path, flags=re.I).rstrip("/")
    if other := OTHER_APIS.search(path):
        raise ValueError(f"ends in {other[0]}, another API; write what is before {COMPLETIONS}")
    if parts.scheme == EMBEDDED_SCHEME and (path != USUAL_END or parts.query):
        raise ValueError("must be embedded://baselines/v1 for a baseline in this process")
    return urlunsplit(parts._replace(path=path))


def below(base_url: str, path: str) -> str:
    """Return the URL of a path below a base URL, with the options of the base."""
    parts = urlsplit(base_url)
    return urlunsplit(parts._replace(path=parts.path + path))


def options(base_url: str) -> list[str]:
    """Return the values of a base URL's options."""
    return [value for _, value in parse_qsl(urlsplit(base_url).query)]
