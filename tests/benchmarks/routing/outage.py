"""A replay over a route whose first member is ill for a while, and what its endpoints saw of it."""

import json
import sys
import threading
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from replay_assets.candidates import Candidate
from replay_assets.contracts.vocabulary import load_vocabulary
from replay_assets.replay.runner import ReplayRun, run_pack
from tests.benchmarks.routing.endpoints import Endpoint, Illness, serving
from tests.inference.routing.routes import FIRST, SECOND, member, route_over
from tests.replay.packs import pack_bytes, request

SERVED = 0.8
"""The share of the usual answers in a second from which on that second counts as recovered."""


@dataclass(frozen=True)
class Outage:
    """How a route is asked, and when its first member is ill."""

    illness: Illness
    requests: int
    latency_s: float
    ill_from_s: float
    ill_for_s: float
    timeout_s: float
    concurrency: int = 16

    def endpoints(self) -> tuple[Endpoint, Endpoint]:
        """Return the endpoints of both members."""
        until_s = self.ill_from_s + self.ill_for_s
        first = Endpoint(self.latency_s, self.illness, self.ill_from_s, until_s)
        return first, Endpoint(self.latency_s)

    def route(self, urls: Sequence[str]) -> Candidate:
        """Return the route over both."""
        limits = {"concurrency": self.concurrency, "timeout_s": self.timeout_s}
        return route_over(
            *(
                member(url, one, limits=limits)
                for one, url in zip((FIRST, SECOND), urls, strict=True)
            )
        )

    def replay(self, urls: Sequence[str], folder: Path) -> ReplayRun:
        """Replay all requests through the route."""
        pack = pack_bytes(*(request(f"inc-{number}") for number in range(self.requests)))
        route, vocabulary = self.route(urls), load_vocabulary()
        return run_pack(pack, route, api_key=None, vocabulary=vocabulary, folder=folder)


@dataclass(frozen=True)
class Seen:
    """What happened, in seconds and requests.

    Args:
        usual: answers in a second before the outage.
        recovered_s: from the start of the outage to the first second with 80 % of them.
        returned_s: from its end to the first second in which the first member gives 80 % of them.
        at_first: requests that the ill member received while it was ill.
        probes: those of them after its first failures could be known.
        answered: requests with an answer, and those with more than one.
    """

    usual: float
    recovered_s: float
    returned_s: float
    at_first: int
    probes: int
    answered: int
    answered_twice: int
    span_s: float

    @classmethod
    def of(cls, outage: Outage, first: Endpoint, second: Endpoint) -> "Seen":
        """Read the logs of both endpoints."""
        offset_s = (second.started or 0.0) - (first.started or 0.0)
        by_second = [(at + offset_s, one) for at, one in second.answered]
        everything = sorted([*first.answered, *by_second])
        until_s = outage.ill_from_s + outage.ill_for_s
        usual = sum(1 <= at < outage.ill_from_s for at, _ in everything) / (outage.ill_from_s - 1)
        ill = [at for at in first.arrived if outage.ill_from_s <= at < until_s]
        # Those in flight have failed, and those that took their slots.
        known_s = outage.ill_from_s + outage.timeout_s * 2 + 0.5
        counts = Counter(one for _, one in everything)
        return cls(
            usual=usual,
            recovered_s=_first_second(everything, outage.ill_from_s, usual),
            returned_s=_first_second(first.answered, until_s, usual),
            at_first=len(ill),
            probes=sum(at > known_s for at in ill),
            answered=len(counts),
            answered_twice=sum(count > 1 for count in counts.values()),
            span_s=everything[-1][0],
        )


def _first_second(answered: Sequence[tuple[float, str]], from_s: float, usual: float) -> float:
    """Return when the first second ends that has 80 % of the usual answers."""
    times = sorted(at for at, _ in answered if at >= from_s)
    needed = int(usual * SERVED)
    for number in range(len(times) - needed):
        if times[number + needed] - times[number] <= 1.0:
            return times[number + needed] - from_s
    return float("inf")


def run_outages(outages: Sequence[Outage], folder: Path) -> list[tuple[Seen, ReplayRun]]:
    """Replay through all routes at the same time, each in a thread."""
    pairs = [one.endpoints() for one in outages]
    runs: dict[int, ReplayRun] = {}
    with serving([one for pair in pairs for one in pair]):

        def replay(number: int) -> None:
            urls = [one.base_url for one in pairs[number]]
            runs[number] = outages[number].replay(urls, folder / str(number))

        threads = [threading.Thread(target=replay, args=(one,)) for one in range(len(outages))]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    seen = [Seen.of(one, *pair) for one, pair in zip(outages, pairs, strict=True)]
    return [(one, runs[number]) for number, one in enumerate(seen)]


if __name__ == "__main__":  # a process that can be killed: an outage, two addresses, a folder
    Outage(**json.loads(sys.argv[1])).replay(sys.argv[2:4], Path(sys.argv[4]))
