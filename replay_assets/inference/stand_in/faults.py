"""Faults that the stand-in plays on purpose, chosen by seed and share, to test a client."""

import hashlib
import time
from collections import Counter, deque
from dataclasses import dataclass, field
from typing import Literal, get_args

Fault = Literal[
    "429",
    "429_silent",
    "500",
    "503",
    "reset",
    "hang",
    "drip",
    "truncated",
    "not_json",
    "html_error",
    "gzip_bomb",
    "echo_headers",
    "slow_start",
    "wrong_contract",
    "wrong_usage",
]
"""`429` has a Retry-After header, `429_silent` has none; `not_json` is half a completion with a
200; `html_error` is a gateway's page; `echo_headers` is a 400 that quotes the request's headers;
`slow_start` takes `SLOW_START_S` longer; `wrong_usage` reports impossible token counts."""
FAULTS: tuple[Fault, ...] = get_args(Fault)
SLOW_START_S = 2.0


@dataclass
class FaultPlan:
    """How long an answer takes, which share of requests gets which fault, how many are accepted.

    The fault of a request depends on the seed, its body and how often it was sent before, not on
    the order in which requests arrive: a run with faults can be repeated at any concurrency. Above
    `limit` requests in any `window_s` seconds the answer is 429, on request with Retry-After. The
    fault `429` asks for a pause of `asked_pause_s`.
    """

    latency_ms: float = 0.0
    shares: dict[Fault, float] = field(default_factory=dict)
    seed: int = 0
    limit: int | None = None
    window_s: float = 60.0
    send_retry_after: bool = False
    asked_pause_s: float = 1.0

    def __post_init__(self) -> None:
        self._times_sent: Counter[bytes] = Counter()
        self._accepted: deque[float] = deque()

    @property
    def requests(self) -> int:
        """How many requests have come; counted while faults are drawn."""
        return self._times_sent.total()

    def draw(self, body: bytes) -> Fault | None:
        """Return the fault that a request gets now, if any."""
        if not self.shares:
            return None
        # A digest, not `random`: the draw must not depend on the order of requests.
        digest = hashlib.sha256(b"%d " % self.seed + body).digest()
        self._times_sent[digest] += 1
        drawn = hashlib.sha256(digest + b"%d" % self._times_sent[digest]).digest()
        point = int.from_bytes(drawn[:8]) / 2**64
        for fault, share in self.shares.items():
            if point < share:
                return fault
            point -= share
        return None

    def retry_after_s(self) -> float:
        """Count a request; return the seconds to wait until one is accepted, 0 if this one is."""
        if self.limit is None:
            return 0.0
        now = time.monotonic()
        while self._accepted and self._accepted[0] <= now - self.window_s:
            self._accepted.popleft()
        if len(self._accepted) >= self.limit:
            return self._accepted[0] + self.window_s - now
        self._accepted.append(now)
        return 0.0


def parse_share(text: str) -> tuple[Fault, float]:
    """Return the fault and share of an option such as `429=0.05`.

    Raises:
        ValueError: the fault is unknown, or the share is not between 0 and 1.
    """
    name, _, share = text.partition("=")
    for fault in FAULTS:
        if fault == name:
            value = float(share)
            if not 0 <= value <= 1:
                raise ValueError(f"{text!r}: the share must be between 0 and 1")
            return fault, value
    raise ValueError(f"{text!r}: use FAULT=SHARE; the faults are {', '.join(FAULTS)}")
