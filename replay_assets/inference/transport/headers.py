"""Headers of requests, and which keys they can hold."""

from replay_assets.candidates import Candidate
from replay_assets.errors import ConfigurationError

USER_AGENT = "replay-assets"


def headers_of_requests(api_key: str | None) -> dict[str, str]:
    """Return the headers of every request to an endpoint."""
    headers = {
        "Accept": "application/json, text/event-stream",
        # Only what `wire` can decompress.
        "Accept-Encoding": "gzip, deflate",
        "Content-Type": "application/json",
        "User-Agent": USER_AGENT,
    }
    if api_key:
        headers["Authorization"] = f"Bearer {api_key}"
    return headers


def header_safe(api_key: str | None, candidate: Candidate) -> str | None:
    """Return a key without surrounding white space; None if there is no key.

    Raises:
        ConfigurationError: the key is invalid in a header; the library's own error would show it.
    """
    key = (api_key or "").strip()
    if key and not (key.isascii() and key.isprintable()):
        raise ConfigurationError(
            f"{candidate.api_key_env or 'the key'} of candidate {candidate.id!r} contains "
            "characters that are not allowed in an HTTP header; set it again"
        )
    return key or None
