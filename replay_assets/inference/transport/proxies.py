"""The proxy in front of an endpoint, found in the environment by the standard library."""

from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

from replay_assets.errors import ConfigurationError
from replay_assets.parsing.urls import HOW_TO_ENCODE, UrlParts, shown_url


def proxy_for(url: str) -> str | None:
    """Return the proxy that the environment sets for a URL, if any.

    Raises:
        ConfigurationError: the proxy's URL can't be used.
    """
    parts = urlsplit(url)
    proxies = getproxies()
    proxy = proxies.get(parts.scheme) or proxies.get("all")
    if not proxy or proxy_bypass(parts.netloc):
        return None
    if "://" not in proxy:
        proxy = f"http://{proxy}"
    found = UrlParts.of(proxy)
    if found is not None and found.scheme.lower() not in ("http", "https"):
        raise ConfigurationError(
            f"the environment sets a proxy for {parts.scheme} that is neither http nor https; set "
            f"{parts.scheme.upper()}_PROXY to one of these, or NO_PROXY to {parts.hostname}"
        )
    if found is None or not _is_readable(proxy, found):
        raise ConfigurationError(
            f"the environment sets the proxy {shown_url(proxy)} for {parts.scheme}, which is not a "
            f"valid URL. {HOW_TO_ENCODE}. Correct {parts.scheme.upper()}_PROXY or ALL_PROXY."
        )
    return proxy


def _is_readable(proxy: str, found: UrlParts) -> bool:
    """Return whether host and port can be read, and the password ends where they begin."""
    if set(found.password or "") & set("@/?#[]"):
        return False
    try:
        parts = urlsplit(proxy)
        # The port is checked only when it is read.
        return bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False
