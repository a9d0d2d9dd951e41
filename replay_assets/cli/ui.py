"""Runs Dagster's UI with its services and ends all of them together."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress

from replay_assets.instance_folder import prepare_workspace
from replay_assets.launching import end_runs_left
from replay_assets.settings import Settings, environment_with

ENDS_WITHIN_S = 1.0
"""Seconds that Dagster's processes have to end by themselves; runs store their answers it."""
CHECK_S = 0.05


def serve(settings: Settings, host: str, port: int) -> int:
    """Run the UI, its daemon and the runs that they start until a signal; return their status."""
    end_runs_left()
    workspace = prepare_workspace(settings)
    command = [sys.executable, "-m", "dagster", "dev", "-w", workspace]
    environment = environment_with(REPLAY_HOME=str(settings.data.parent))
    return run_group([*command, "-h", host, "-p", str(port)], environment)


def run_group(command: Sequence[str], environment: Mapping[str, str]) -> int:
    """Run a command until it ends or an error is raised here; then end all processes it started."""
    # A separate session, so that one signal reaches all of its processes and no other.
    group = subprocess.Popen(  # noqa: S603 - there is no shell that would interpret arguments
        command, env=environment, start_new_session=True
    )
    try:
        return group.wait()
    finally:
        _end(group)


def _end(group: subprocess.Popen[bytes]) -> None:
    if os.name == "nt":  # which has no process groups
        group.terminate()
        return
    deadline = time.monotonic() + ENDS_WITHIN_S
    with suppress(ProcessLookupError):  # all of them have ended
        os.killpg(group.pid, signal.SIGTERM)
        while time.monotonic() < deadline:
            group.poll()  # else it would stay in its group
            os.killpg(group.pid, 0)
            time.sleep(CHECK_S)
        os.killpg(group.pid, signal.SIGKILL)
    group.wait()
