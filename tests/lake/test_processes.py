"""A process that works is distinguished from one that ended, and from a later one with its id."""

import os
import subprocess
import sys
from dataclasses import replace

import pytest

from replay_assets.lake.processes import Process

THIS = Process.this()


@pytest.fixture(scope="module")
def zombie() -> Process:
    """Return a process that has ended and whose parent has not noticed."""
    child = subprocess.Popen([sys.executable, "-Sc", ""])
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)  # returns once it has ended
    child.returncode = 0  # so that Python does not look again
    return replace(THIS, pid=child.pid, started="")


def test_a_running_process_has_not_ended() -> None:
    """Also after it was written as a text and read again."""
    assert not THIS.has_ended()
    assert Process.parse(str(THIS)) == THIS


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux says when a process started")
def test_a_later_process_with_the_same_id_is_another_one() -> None:
    """Ids are used again, in containers all the time: there the first process always has id 1."""
    assert replace(THIS, started="1").has_ended()
    assert not replace(THIS, started="").has_ended()


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux shows the state of a process")
def test_a_zombie_has_ended(zombie: Process) -> None:
    """The first process of a container often collects none."""
    assert zombie.has_ended()


def test_of_a_process_on_another_machine_nothing_is_known() -> None:
    """Its id may be used here by another process, or by none."""
    assert not replace(THIS, host="elsewhere", pid=2**22 + 1).has_ended()
    assert replace(THIS, pid=2**22 + 1).has_ended()


@pytest.mark.parametrize("text", ["", "vm", "vm:", ":12", "vm:12x"])
def test_another_text_is_not_a_process(text: str) -> None:
    """A tag may be written by anyone."""
    assert Process.parse(text) is None


def test_a_process_of_an_earlier_release_has_no_start() -> None:
    """Runs of that release may still be in the instance."""
    assert Process.parse("vm:12") == Process("vm", 12, "")
