"""Prints how often the gate is wrong at the margin, and how often it finds a real win.

    python -m tests.benchmarks.statistics [--reviews 2000] [--quick]

One line per world: false PROMOTE (the true loss is the margin), power (a true win of 20 points) of
a historic and of a forward review, and how often the 95 % interval covers the truth. The last lines
time `review` with 350 incidents.
"""

import argparse
import itertools
import statistics
import time

from replay_assets.contracts.gate_policy import load_policy
from replay_assets.evaluation.gate import review
from tests.benchmarks.statistics.simulation import World, simulate

WIN = 0.20
SIZES = (20, 50, 100, 200, 350)


LOSSES_ONLY, MIXED = 0.10, 0.15
"""Shares of incidents that differ at the margin: only losses, or some wins too."""


def worlds(quick: bool) -> list[tuple[int, int, float, bool]]:
    """Return size, groups, correlation and skew of each world."""
    sizes = (20, 350) if quick else SIZES
    grouped = itertools.product(sizes, (6, 10, 20, 50), (0.0, 0.3, 0.6), (False, True))
    return [(size, size, 0.0, False) for size in sizes] + [
        one for one in grouped if one[1] < one[0]
    ]


def main() -> None:
    """Print the table and the time of one review."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--reviews", type=int, default=2000)
    parser.add_argument("--quick", action="store_true")
    wanted = parser.parse_args()
    margin = load_policy().margins["primary"]
    print(
        "size groups icc skew | false PROMOTE %  historic forward | covered % | power %  hist fwd"
    )
    worst: dict[str, float] = {"historic": 0, "forward": 0}
    least = 1.0
    everything = itertools.product(worlds(wanted.quick), (LOSSES_ONLY, MIXED))
    for (size, groups, icc, skewed), differing in everything:
        bad = World(size, groups, icc, skewed, -margin, differing)
        good = World(size, groups, icc, skewed, WIN, 0.30)
        found = {}
        for name in ("historic", "forward"):
            forward = name == "forward"
            found[name] = (
                simulate(bad, reviews=wanted.reviews, seed=1, forward=forward),
                simulate(good, reviews=max(200, wanted.reviews // 10), seed=2, forward=forward),
            )
            worst[name] = max(worst[name], found[name][0].kept_margin)
        covered = found["historic"][0].covered
        least = min(least, covered)
        print(
            f"{size:4} {groups:6} {icc:.1f} {'skew' if skewed else 'even'} {differing:10.0%} |"
            f" {found['historic'][0].kept_margin:22.1%} {found['forward'][0].kept_margin:7.1%} |"
            f" {covered:9.1%} | {found['historic'][1].better:10.1%}"
            f" {found['forward'][1].better:6.1%}",
            flush=True,
        )
    print(f"worst false PROMOTE: historic {worst['historic']:.1%}, forward {worst['forward']:.1%}")
    print(f"least coverage of the shown interval: {least:.1%}")
    print(f"review of 350 incidents with two baselines: {milliseconds():.2f} ms of CPU (median)")


def milliseconds() -> float:
    """Return the median CPU time of a review of 350 incidents in 40 groups, warm."""

    def rows(share: int) -> list[dict[str, object]]:
        return [
            {
                "incident_id": f"incident-{number}",
                "scenario_group": f"group-{number % 40}",
                "outcome": "answered",
                "grade_status": "graded",
                "primary": number * 7919 % 100 < share,
                "harm": False,
                "unsafe": False,
                "contract_valid": True,
                "latency_ms": 100.0,
                "cost_usd": 0.001,
            }
            for number in range(350)
        ]

    sides = rows(80), rows(60), {"constant": rows(3), "rules": rows(20)}
    times = []
    for _ in range(30):
        started = time.process_time()
        review(*sides)
        times.append(time.process_time() - started)
    return statistics.median(times) * 1000


if __name__ == "__main__":
    main()
