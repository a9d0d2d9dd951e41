"""HTTP: the one HTTP client, proxies, size limits, and a probe of an endpoint.

Moves bytes. What they mean is read in `chat`.
"""
