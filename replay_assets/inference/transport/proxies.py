"""The proxy in front of an endpoint, found in the environment by the standard library."""

from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

from replay_assets.errors import ConfigurationError


def proxy_for(url: str) -> str | None:
    """Return the proxy that the environment sets for a URL, if any."""
    parts = urlsplit(url)
    proxies = getproxies()
    proxy = proxies.get(parts.scheme) or proxies.get("all")
    if not proxy or proxy_bypass(parts.netloc):
        return None
    if "://" not in proxy:
        proxy = f"http://{proxy}"
    if urlsplit(proxy).scheme not in ("http", "https"):
        raise ConfigurationError(
            f"the environment sets a proxy for {parts.scheme} that is neither http nor https; set "
            f"{parts.scheme.upper()}_PROXY to one of these, or NO_PROXY to {parts.hostname}"
        )
    return proxy
