"""Rate limiting per endpoint: slots, requests and tokens per window, pauses, learned limits.

Nothing here sends a request, or decides whether it is sent again. `backoff` has the pause before
the next attempt of one request; it is imported as a module.
"""

from replay_assets.inference.throttling.in_process import SHARED_LIMITS, InProcessLimits
from replay_assets.inference.throttling.limits import (
    EndpointLimit,
    LimitStore,
    Settled,
    Ticket,
    estimate_tokens,
)
from replay_assets.inference.throttling.pauses import pause_asked_s

__all__ = [
    "SHARED_LIMITS",
    "EndpointLimit",
    "InProcessLimits",
    "LimitStore",
    "Settled",
    "Ticket",
    "estimate_tokens",
    "pause_asked_s",
]
