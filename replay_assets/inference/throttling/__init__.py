"""How fast an endpoint is asked: slots, requests and tokens per window, pauses, learned limits.

`backoff` says how long to wait before the next try of one request; it is used as a module.
"""

from replay_assets.inference.throttling.in_process import SHARED_LIMITS, InProcessLimits
from replay_assets.inference.throttling.limits import (
    EndpointLimit,
    LimitStore,
    Settled,
    estimate_tokens,
)
from replay_assets.inference.throttling.sliding_log import Ticket

__all__ = [
    "SHARED_LIMITS",
    "EndpointLimit",
    "InProcessLimits",
    "LimitStore",
    "Settled",
    "Ticket",
    "estimate_tokens",
]
