"""HTTP: the HTTP client, proxies, size limits, and a probe of an endpoint.

Only transports bytes; `chat` interprets them.
"""
