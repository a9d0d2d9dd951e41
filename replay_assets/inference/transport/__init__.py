"""HTTP: the HTTP client, proxies, size limits, and a probe of an endpoint.

Only transports bytes; `chat` interprets them and decides about retries.
"""

from replay_assets.inference.transport.headers import header_safe
from replay_assets.inference.transport.http import Endpoint
from replay_assets.inference.transport.probe import probe, with_model
from replay_assets.inference.transport.result_address import result_address
from replay_assets.inference.transport.wire import Reply, WireError

__all__ = [
    "Endpoint",
    "Reply",
    "WireError",
    "header_safe",
    "probe",
    "result_address",
    "with_model",
]
