"""A program that runs replays in forked children and kills them on request: no import per run.

Reads lines: a folder in which a run starts, then `kill` or `wait`. Answers `killed` or `ended 0`.
Arguments: the pack's file, the endpoint's address, and `agent` if the incidents are investigated.
"""

import os
import signal
import sys
import traceback
from pathlib import Path
from typing import Any, NoReturn

from replay_assets.contracts.vocabulary import load_vocabulary
from replay_assets.replay.agent.runner import AgentPack, run_agent
from replay_assets.replay.runner import run_pack
from tests.inference.scripted_server import candidate

CONCURRENCY = 16


def main() -> None:
    """Start runs until there are no more commands."""
    pack, base_url = Path(sys.argv[1]), sys.argv[2]
    how: dict[str, Any] = {"api_key": None, "vocabulary": load_vocabulary()}
    print("ready", flush=True)
    while folder := sys.stdin.readline().strip():
        child = os.fork()
        if child == 0:
            run_and_exit(pack, base_url, folder=Path(folder), **how)
        if sys.stdin.readline().strip() != "wait":  # also if the test that asked is over
            os.kill(child, signal.SIGKILL)
        _, status = os.waitpid(child, 0)
        print("killed" if os.WIFSIGNALED(status) else f"ended {status}", flush=True)


def run_and_exit(pack: Path, base_url: str, **how: Any) -> NoReturn:
    """Run a replay, then end this process without what its parent would do at its end."""
    asked = candidate(base_url, limits={"concurrency": CONCURRENCY})
    status = 1
    try:
        if "agent" in sys.argv[3:]:
            run_agent(AgentPack(pack, b""), asked, **how)
        else:
            run_pack(pack, asked, **how)
        status = 0
    except BaseException:  # noqa: BLE001 - the exit below would hide it
        traceback.print_exc()
    finally:
        os._exit(status)


if __name__ == "__main__":
    main()
