"""A program that runs replays in forked children and kills them on time: no import per run.

Reads a command a line: a folder, and the seconds to live or `whole`. Answers `killed` or `ended 0`.
Arguments: the pack's file and the endpoint's address.
"""

import os
import signal
import sys
import time
from pathlib import Path

from replay_assets.contracts.vocabulary import load_vocabulary
from replay_assets.replay.runner import run_pack
from tests.inference.scripted_server import candidate

CONCURRENCY = 16


def main() -> None:
    """Execute commands until there are no more."""
    pack, base_url = Path(sys.argv[1]), sys.argv[2]
    vocabulary = load_vocabulary()
    print("ready", flush=True)
    for command in sys.stdin:
        folder, life = command.split()
        child = os.fork()
        if child == 0:
            asked = candidate(base_url, limits={"concurrency": CONCURRENCY})
            status = 1
            try:
                run_pack(pack, asked, api_key=None, vocabulary=vocabulary, folder=Path(folder))
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
