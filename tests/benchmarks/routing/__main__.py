"""An outage of a route's first member, and the cost of a route without one: `python -m` this.

    python -m tests.benchmarks.routing [--part outages overhead] [--rounds 5]

Outages: 60 s at 16 in flight, 200 ms an answer, timeout 2 s; the first member is ill for 10 s of it
(each illness in a thread, all at the same time). Targets: recovered and returned within 10 s; every
request has one result; nothing is answered twice; only probes reach an ill member after the first
failures. Overhead: the same candidate alone and behind a route, in turns on one endpoint (50 ms, 16
in flight); span and CPU, medians. Target: at most 1.05 times the span.
"""

import argparse
import statistics
import tempfile
import time
from pathlib import Path

from replay_assets.contracts.vocabulary import load_vocabulary
from replay_assets.replay.runner import run_pack
from tests.benchmarks.replay.contenders import write_pack
from tests.benchmarks.replay.endpoint import endpoint, take_stats
from tests.benchmarks.routing.endpoints import ILLNESSES
from tests.benchmarks.routing.outage import Outage, run_outages
from tests.inference.routing.routes import FIRST, SECOND, member, route_over

REQUESTS, SLOTS, MEAN_S = 2000, 16, 0.05


def main() -> None:
    """Print the tables that were asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--part", nargs="*", default=["outages", "overhead"])
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    if "outages" in options.part:
        outages()
    if "overhead" in options.part:
        overhead(options.rounds)


def outages() -> None:
    """Print what happened in an outage of each kind."""
    planned = [Outage(one, 4800, 0.2, 15.0, 10.0, 2.0) for one in ILLNESSES]
    head = ("usual/s", "recovered s", "returned s", "at the ill", "probes", "twice", "results")
    print(f"{'':12}" + "".join(f"{word:>13}" for word in (*head, "answered")))
    with tempfile.TemporaryDirectory() as folder:
        for one, (seen, run) in zip(planned, run_outages(planned, Path(folder)), strict=True):
            figures = (
                f"{seen.usual:.0f}", f"{seen.recovered_s:.1f}", f"{seen.returned_s:.1f}",
                seen.at_first, seen.probes, seen.answered_twice,
                run.report.results, run.report.outcomes["answered"],
            )  # fmt: skip
            print(f"{one.illness:12}" + "".join(f"{figure:>13}" for figure in figures))


def overhead(rounds: int) -> None:
    """Print span and CPU of a candidate alone, and of a route with it as healthy first member."""
    spans: dict[str, list[float]] = {"alone": [], "route": []}
    cpu: dict[str, list[float]] = {"alone": [], "route": []}
    with tempfile.TemporaryDirectory() as folder, endpoint(MEAN_S, "constant") as base_url:
        pack = Path(folder) / "pack.jsonl"
        write_pack(pack, REQUESTS)
        limits = {"concurrency": SLOTS}
        alone = member(base_url, FIRST, limits=limits)
        asked = {"alone": alone, "route": route_over(alone, member(base_url, SECOND))}
        for number in range(rounds):
            for name, candidate in sorted(asked.items(), reverse=number % 2 == 1):
                into, began = Path(folder) / f"{name}-{number}", time.process_time()
                run_pack(pack, candidate, api_key=None, vocabulary=load_vocabulary(), folder=into)
                cpu[name].append((time.process_time() - began) / REQUESTS * 1000)
                spans[name].append(take_stats(base_url).span_s)
    ratios = [one / other for one, other in zip(spans["route"], spans["alone"], strict=True)]
    for name in asked:
        span_s, cpu_ms = statistics.median(spans[name]), statistics.median(cpu[name])
        print(f"{name:8} span {span_s:7.3f} s   CPU {cpu_ms:6.3f} ms per request")
    print(f"span of route over alone: median {statistics.median(ratios):.4f}, {sorted(ratios)}")


if __name__ == "__main__":
    main()
