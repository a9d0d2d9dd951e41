"""A program that runs replays in forked children and kills them on time: no import per run.

Reads a command a line: a folder, and the seconds to live or `whole`. Answers `killed` or `ended 0`.
Arguments: the pack's file, the endpoint's address, and `agent` if the incidents are investigated.
"""

import os
import signal
import sys
import time
from pathlib import Path

from replay_assets.contracts.vocabulary import load_vocabulary
from replay_assets.replay.agent.runner import AgentPack, run_agent
from replay_assets.replay.runner import run_pack
from tests.inference.scripted_server import candidate

CONCURRENCY = 16


def main() -> None:
    """Execute commands until there are no more."""
    pack, base_url = Path(sys.argv[1]), sys.argv[2]
    vocabulary, is_agent = load_vocabulary(), "agent" in sys.argv[3:]
    print("ready", flush=True)
    for command in sys.stdin:
        folder, life = command.split()
        child = os.fork()
        if child == 0:
            asked = candidate(base_url, limits={"concurrency": CONCURRENCY})
            status = 1
            try:
                how = {"api_key": None, "vocabulary": vocabulary, "folder": Path(folder)}
                if is_agent:
                    run_agent(AgentPack(pack, b""), asked, **how)  # type: ignore[arg-type]
                else:
                    run_pack(pack, asked, **how)  # type: ignore[arg-type]
                status = 0
            finally:
                os._exit(status)
        if life != "whole":
            time.sleep(float(life))
            os.kill(child, signal.SIGKILL)
        _, status = os.waitpid(child, 0)
        print("killed" if os.WIFSIGNALED(status) else f"ended {status}", flush=True)


if __name__ == "__main__":
    main()
