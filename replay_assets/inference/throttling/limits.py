"""Rate limiting per endpoint: slots, requests and tokens per window, pauses the server asks for.

The client uses these protocols. `in_process` has the limits of one process; a store that processes
share can take its place. Two runs in two processes are kept apart by a Dagster pool for each limit
key until then.
"""

from dataclasses import dataclass
from typing import Protocol

from replay_assets.candidates import Limits
from replay_assets.inference.throttling.sliding_log import Ticket

CHARACTERS_PER_TOKEN = 2
"""A careful guess for mixed English and Chinese; it is corrected by the usage reported."""


def estimate_tokens(body: bytes, max_tokens: int) -> int:
    """Return an upper estimate of what a call will use: its prompt and a full answer."""
    characters = len(body) if body.isascii() else len(body.decode())
    return characters // CHARACTERS_PER_TOKEN + max_tokens


@dataclass(frozen=True, slots=True)
class Settled:
    """How an attempt ended, as far as a limit needs it. `tokens` is None where not reported."""

    refused: bool = False
    served: bool = False
    tokens: int | None = None
    pause_s: float | None = None


class EndpointLimit(Protocol):
    """Admits the calls of all candidates that share base URL, model and the variable of their key.

    The configured figures are a ceiling; what the endpoint refuses (429) lowers what is really
    used, what it answers raises it again. A 5xx changes nothing: it is broken, not asked too much.
    """

    def join(self, limits: Limits) -> None:
        """Apply a candidate's limits too, for as long as it asks: the smallest of all apply."""
        ...

    def leave(self, limits: Limits) -> None:
        """Forget a candidate's limits; what was sent and learned is remembered."""
        ...

    @property
    def refused_for_s(self) -> float:
        """For how long every call has been refused; 0 where the last was not."""
        ...

    async def acquire(self, tokens: int) -> Ticket:
        """Wait for a slot and for room, then return the call's ticket, to be settled."""
        ...

    def settle(self, ticket: Ticket, end: Settled) -> None:
        """Free a call's slot and learn from how it ended."""
        ...


class LimitStore(Protocol):
    """Where limits are kept: in this process, or where several processes share them."""

    def limit_of(self, key: str) -> EndpointLimit:
        """Return the one limit of a key."""
        ...
