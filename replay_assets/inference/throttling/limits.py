"""The protocols of rate limiting per endpoint, which the client uses.

They cover slots, requests and tokens per window, and pauses that the server asks for. `in_process`
has the limits of one process; a store that processes share can replace it. Until then, a Dagster
pool per limit key keeps runs in two processes from using one endpoint at the same time.
"""

from dataclasses import dataclass
from typing import Protocol

from replay_assets.candidates import Limits

CHARACTERS_PER_TOKEN = 2
"""A low guess for mixed English and Chinese, so that estimates are rather too high; the reported
usage corrects them."""


def estimate_tokens(body: bytes, max_tokens: int) -> int:
    """Return an upper estimate of the tokens that a call uses: its prompt and a full answer."""
    characters = len(body) if body.isascii() else len(body.decode())
    return characters // CHARACTERS_PER_TOKEN + max_tokens


class Ticket:
    """One admitted call: when it was sent, and how many tokens are counted for it."""

    __slots__ = ("rate_limited", "sent_at", "tokens")

    def __init__(self, sent_at: float, tokens: int) -> None:
        self.sent_at = sent_at
        self.tokens = tokens
        self.rate_limited = False


@dataclass(frozen=True, slots=True)
class Settled:
    """How an attempt ended, as far as a limit needs it.

    `failed`: the infrastructure failed; None if nothing was sent, or the end is not known. `tokens`
    is None if not reported.
    """

    rate_limited: bool = False
    served: bool = False
    tokens: int | None = None
    pause_s: float | None = None
    failed: bool | None = None


class EndpointLimit(Protocol):
    """Admits the calls of all candidates that share base URL, model and the variable of their key.

    The configured figures are the maximum. A 429 lowers the rate that is really used, and answers
    raise it again. A 5xx changes nothing: the endpoint is broken, not overloaded.
    """

    def join(self, limits: Limits) -> None:
        """Add a candidate's limits until it leaves; the smallest limits of all candidates apply."""
        ...

    def leave(self, limits: Limits) -> None:
        """Remove a candidate's limits; what was sent and learned is remembered."""
        ...

    @property
    def limited_for_s(self) -> float:
        """For how long every call has been rate limited; 0 if the last call was not."""
        ...

    @property
    def pause_left_s(self) -> float:
        """The rest of the pause before the next call; 0 if there is none."""
        ...

    async def acquire(self, tokens: int) -> Ticket:
        """Wait for a slot and for room in the windows; return a ticket for `settle`."""
        ...

    def settle(self, ticket: Ticket, end: Settled) -> None:
        """Free a call's slot and learn from how it ended."""
        ...

    def require(self, ticket: Ticket) -> None:
        """Check, directly before a call is sent, that it may still be sent.

        Raises:
            CircuitOpenError: the endpoint has failed often meanwhile.
        """
        ...

    async def pause(self, seconds: float) -> None:
        """Wait before a call is sent again."""
        ...


class LimitStore(Protocol):
    """Where limits are kept: in this process, or in a place that processes share."""

    def limit_of(self, key: str) -> EndpointLimit:
        """Return the one limit of a key."""
        ...
