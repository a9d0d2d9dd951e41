"""The address of the result of a request that an endpoint has accepted with a 202."""

import re
from collections.abc import Mapping
from urllib.parse import urljoin, urlsplit

REQUEST_ID = re.compile(r"[A-Za-z0-9_-]{1,128}")
DEFAULT_PORTS = {"http": 80, "https": 443}


def result_address(base_url: str, headers: Mapping[str, str]) -> str | None:
    """Return where the result can be requested; None if no address at the same host is given.

    `Location` is used if it has the scheme, host and port of the endpoint, because the key goes to
    no other host. NVIDIA gives an id instead: the result is at `status/<id>`.
    """
    location = _absolute(base_url, headers.get("location", ""))
    if location is not None and _origin(location) == _origin(base_url):
        return location.partition("#")[0]
    request_id = headers.get("nvcf-reqid", "")
    return f"{base_url}/status/{request_id}" if REQUEST_ID.fullmatch(request_id) else None


def _absolute(base_url: str, location: str) -> str | None:
    try:
        return urljoin(f"{base_url}/chat/completions", location) if location else None
    except ValueError:
        return None


def _origin(url: str) -> tuple[str, str | None, int | None] | None:
    """Return scheme, host and port; None if the URL is invalid or contains credentials."""
    try:
        parts = urlsplit(url)
        port = parts.port or DEFAULT_PORTS.get(parts.scheme)
    except ValueError:  # an invalid port
        return None
    if parts.username is not None or parts.password is not None:
        return None
    return parts.scheme, parts.hostname, port
