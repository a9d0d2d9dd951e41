"""CPU of an agent's loop per step without the client: events, tools, shields, messages.

    python -m tests.benchmarks.agent [--turns 300]

Each turn has nine inferences with three calls each and one answer, on the evidence of a sample of
public incidents if REPLAY_REAL_DATA is set, else on a made-up one. Printed are microseconds of CPU
per step, with and without the built-in shields, and the ratio to encoding the same events alone.
Target: at most 1 ms per step.
"""

import argparse
import json
import os
import time
from pathlib import Path
from typing import Any

from replay_assets.inference import CalledTool
from replay_assets.lake.formats import record_line
from replay_assets.replay.agent.shields.built_in import built_in_shields
from replay_assets.replay.agent.tools.tool_box import ToolBox
from tests.replay.agent.turns import loop, play, said, user
from tests.replay.packs import answer_text

CALLS = [
    CalledTool("kubectl_get", json.dumps({"resource": "pods", "namespace": "shop"})),
    CalledTool("get_logs", json.dumps({"pod": "web-0", "namespace": "shop", "tail": 50})),
    CalledTool("restart_deployment", json.dumps({"deployment": "web", "namespace": "shop"})),
]
ANSWERS = [said("I look further.", *CALLS) for _ in range(9)] + [said(answer_text())]


def evidence() -> list[str]:
    """Evidence of incidents, 6 KB at most."""
    folder = Path(os.environ.get("REPLAY_REAL_DATA") or "/nonexistent") / "incidents"
    if not folder.is_dir():
        return ["$ kubectl get pods -n shop\nweb-0 CrashLoopBackOff\n" * 40]
    lines = (folder / "incident_evidence.jsonl").read_text("utf-8").splitlines()
    return [json.loads(line)["evidence_summary"] for line in lines]


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--turns", type=int, default=300)
    turns = parser.parse_args().turns
    texts = evidence()
    for name, shields in (("no shields", ()), ("built-in shields", built_in_shields())):
        steps, cpu_s, encoding_s = measured(texts, shields, turns)
        print(
            f"{name:17} {steps} steps, {cpu_s / steps * 1e6:.0f} us of CPU per step, "
            f"{cpu_s / encoding_s:.1f} times the encoding of its events"
        )


def measured(texts: list[str], shields: Any, turns: int) -> tuple[int, float, float]:
    """Return steps, and the CPU of the loop and of encoding its events."""
    steps, cpu_s, encoding_s = 0, 0.0, 0.0
    for number in range(turns + 1):
        text = texts[number % len(texts)]
        started = time.process_time()
        looping = loop(tools=ToolBox(text), shields=shields, timer=time.perf_counter)
        turn, _ = play(looping.run([], [user(text)]), ANSWERS)
        events = looping.log.events()
        took_s = time.process_time() - started
        started = time.process_time()
        for event in events:
            record_line(event)
        if number:  # the first one reads the shipped rules
            cpu_s, encoding_s = cpu_s + took_s, encoding_s + time.process_time() - started
            steps += len(turn.steps)
    return steps, cpu_s, encoding_s


if __name__ == "__main__":
    main()
