"""Faults that the stand-in plays on purpose, by seed and share, to try a client against."""

import random
from dataclasses import dataclass, field
from typing import Literal, get_args

Fault = Literal["429", "500", "not_json", "wrong_contract", "hang"]
FAULTS: tuple[Fault, ...] = get_args(Fault)
HANG_S = 3600.0


@dataclass
class FaultPlan:
    """How long an answer takes, and which share of requests meets which fault.

    Drawn from one seeded generator in the order in which requests arrive.
    """

    latency_ms: float = 0.0
    shares: dict[Fault, float] = field(default_factory=dict)
    seed: int = 0

    def __post_init__(self) -> None:
        self._random = random.Random(self.seed)  # noqa: S311 - plays faults, guards nothing

    def draw(self) -> Fault | None:
        """Return the fault that the next request meets, if any."""
        point = self._random.random()
        for fault, share in self.shares.items():
            if point < share:
                return fault
            point -= share
        return None


def parse_share(text: str) -> tuple[Fault, float]:
    """Return the fault and share of an option such as `429=0.05`.

    Raises:
        ValueError: the fault is unknown or the share is not between 0 and 1.
    """
    name, _, share = text.partition("=")
    for fault in FAULTS:
        if fault == name:
            value = float(share)
            if not 0 <= value <= 1:
                raise ValueError(f"{text!r}: the share must lie between 0 and 1")
            return fault, value
    raise ValueError(f"{text!r}: write FAULT=SHARE with a fault of {', '.join(FAULTS)}")
