"""A replay, its client alone, bare aiohttp and httpx, on the same endpoint in the same run.

    python -m tests.benchmarks.replay [--case fast slow wide] [--rounds 3] [--memory]

Per contender: ideal over span (1 is an endpoint that never waits), that ratio over bare aiohttp's,
answers per second, CPU of its process per request, highest memory above its imports. Rounds are
interleaved, medians printed. Targets for `replay`: span >= 0.9 (fast: 50 ms, 64 in flight) and
>= 0.97 (slow: lognormal 1 s, 64); >= 0.95 of aiohttp's; <= 0.8 ms of CPU; >= 1,000 per second
(wide: 50 ms, 256). `--memory` asks 2,000 and 50,000 times: at most 120 MB above imports, and as
much.
"""

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.benchmarks.replay.contenders import CONTENDERS, write_pack
from tests.benchmarks.replay.endpoint import endpoint, ideal_s, take_stats


@dataclass(frozen=True)
class Case:
    """An endpoint, and how it is asked."""

    requests: int
    mean_s: float
    kind: str
    slots: int


CASES = {
    "fast": Case(2000, 0.05, "constant", 64),
    "slow": Case(1000, 1.0, "lognormal", 64),
    "wide": Case(4000, 0.05, "constant", 256),
}
MEMORY = (Case(2000, 0.005, "constant", 64), Case(50_000, 0.005, "constant", 64))


def main() -> None:
    """Print the tables that were asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--case", nargs="*", choices=list(CASES), default=list(CASES))
    parser.add_argument("--contender", nargs="*", choices=list(CONTENDERS), default=[*CONTENDERS])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--memory", action="store_true")
    options = parser.parse_args()
    for name in options.case:
        table(name, CASES[name], options.contender, options.rounds)
    for case in MEMORY if options.memory else ():
        table("memory", case, ["replay"], 1)


def table(name: str, case: Case, contenders: list[str], rounds: int) -> None:
    """Print a case's table."""
    print(
        f"\n{name}: {case.requests} requests, {case.kind} {case.mean_s} s, {case.slots} in flight"
    )
    head = ("span ratio", "of aiohttp", "a second", "CPU ms", "MB")
    print(f"{'':16}" + "".join(f"{word:>12}" for word in head))
    runs: dict[str, list[dict[str, float]]] = {one: [] for one in contenders}
    with tempfile.TemporaryDirectory() as folder, endpoint(case.mean_s, case.kind) as base_url:
        pack = Path(folder) / "pack.jsonl"
        write_pack(pack, case.requests)
        for _ in range(rounds):
            for one in contenders:
                runs[one].append(measured(one, base_url, pack, case))
    median = {
        one: {key: statistics.median(run[key] for run in found) for key in found[0]}
        for one, found in runs.items()
    }
    aiohttp = median.get("bare_aiohttp", {}).get("ratio", float("nan"))
    for one, figures in median.items():
        print(
            f"{one:16}{figures['ratio']:12.3f}{figures['ratio'] / aiohttp:12.3f}"
            f"{figures['rate']:12.0f}{figures['cpu_ms']:12.3f}{figures['above_imports_mb']:12.1f}",
            flush=True,
        )


def measured(name: str, base_url: str, pack: Path, case: Case) -> dict[str, float]:
    """Run a contender in a separate process; return its figures and the endpoint's."""
    module = "tests.benchmarks.replay.contenders"
    command = [sys.executable, "-m", module, name, base_url, str(pack), str(case.slots)]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    figures: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    seen = take_stats(base_url)
    assert seen.requests == case.requests, seen
    assert seen.most_at_once <= case.slots, seen
    return {
        "ratio": ideal_s(case.requests, case.mean_s, case.kind, case.slots) / seen.span_s,
        "rate": case.requests / seen.span_s,
        "cpu_ms": figures["cpu_s"] / case.requests * 1000,
        "above_imports_mb": figures["above_imports_mb"],
    }


if __name__ == "__main__":
    main()
