"""A signal ends every command within two seconds, wherever the command is."""

import os
import signal
import subprocess
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from replay_assets.cli import main
from replay_assets.cli.ui import run_group
from replay_assets.errors import CONTINUES
from replay_assets.lake.processes import Process
from tests.inference.scripted_server import Script, ScriptedServer, completion
from tests.replay.packs import answer_text, pack_bytes, request

FIRST, LAST = "2026-09-28", "2026-09-29"
COMMAND = """
import click, signal, sqlite3, sys, time
from replay_assets.cli import stopping
stopping.GRACE_S = 0.2

def sqlite():
    sqlite3.connect(":memory:").execute(
        "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT max(x) FROM n"
    )

def swallowed():
    while True:
        try:
            time.sleep(60)
        except BaseException:
            pass

def as_dagster_does():
    signal.signal(signal.SIGTERM, signal.getsignal(signal.SIGINT))
    time.sleep(60)

try:
    with stopping.ended_by_signals(lambda: "the words"):
        print("began", flush=True)
        {body}()
except click.exceptions.Exit as error:
    sys.exit(error.exit_code)
"""
STUBBORN = """
import signal, subprocess, sys, time
for one in (signal.SIGINT, signal.SIGTERM):
    signal.signal(one, signal.SIG_IGN)
print(subprocess.Popen([sys.executable, "-Sc", "import time; time.sleep(60)"]).pid, flush=True)
time.sleep(60)
"""


@pytest.fixture
def server(shared_server: ScriptedServer) -> Script:
    """A separate script for each test."""
    return shared_server.new_script()


def signal_at(server: Script, requests: int, number: int) -> threading.Thread:
    """Send a signal to this process when the server has received some requests."""

    def send() -> None:
        while len(server.bodies) < requests:
            time.sleep(0.005)
        os.kill(os.getpid(), number)

    thread = threading.Thread(target=send)
    thread.start()
    return thread


def run(*words: str) -> Result:
    """Run the program in this process."""
    return CliRunner().invoke(main, list(words))


@pytest.mark.usefixtures("ctrl_c_interrupts")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_replay_ends_with_its_words_and_the_status_of_shells(
    number: signal.Signals, server: Script, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ctrl-C, `kill`, and a terminal that is closed."""
    catalogue, pack = tmp_path / "candidates.yaml", tmp_path / "pack.jsonl"
    catalogue.write_text(f"- {{id: mine, model: m, base_url: '{server.base_url}'}}\n")
    pack.write_bytes(pack_bytes(request("a"), request("b")))
    monkeypatch.setenv("REPLAY_CANDIDATES", str(catalogue))
    monkeypatch.setenv("REPLAY_HOME", str(tmp_path))
    server.answers(answer_text(), completion(answer_text(), delay_s=30))
    sending = signal_at(server, 2, number)
    out = str(tmp_path / "out")
    result = run("replay", "--pack", str(pack), "--candidate", "mine", "--out", out)
    sending.join()
    assert result.exit_code == 128 + number
    assert "The process was interrupted. 1 of 2 requests have no result" in result.output
    assert result.output.rstrip().endswith(CONTINUES)


@pytest.mark.usefixtures("ctrl_c_interrupts")
def test_a_signal_ends_the_walk_and_not_one_step(
    server: Script, sample_source: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither the other candidate of the day nor the next day is begun."""
    (tmp_path / "data").mkdir()
    (tmp_path / "candidates.yaml").write_text(
        f"- {{id: a, model: a, base_url: '{server.base_url}'}}\n"
        f"- {{id: b, model: b, base_url: '{server.base_url}'}}\n"
    )
    monkeypatch.setenv("REPLAY_HOME", str(tmp_path))
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path / "data" / "dagster_home"))
    monkeypatch.setenv("REPLAY_CANDIDATES", str(tmp_path / "candidates.yaml"))
    monkeypatch.setenv("REPLAY_SOURCE_URL", sample_source)
    server.answers(completion(answer_text(), delay_s=30))
    sending = signal_at(server, 1, signal.SIGTERM)
    result = run("backfill", "--from", FIRST, "--to", LAST)
    sending.join()
    assert result.exit_code == 128 + signal.SIGTERM
    assert [body["model"] for body in server.bodies] == ["a"]
    assert f"interrupted. 0 of 2 partitions were finished. {CONTINUES}" in result.output
    assert "Dagster" not in result.output


@pytest.mark.parametrize("body", ["sqlite", "swallowed", "as_dagster_does"])
@pytest.mark.parametrize("ignored", [False, True], ids=["terminal", "background"])
def test_what_no_handler_can_interrupt_ends_too(body: str, ignored: bool) -> None:
    """A database, a library that catches everything, and Dagster's handlers."""
    before = signal.signal(signal.SIGINT, signal.SIG_IGN if ignored else signal.SIG_DFL)
    try:
        process = subprocess.Popen(
            [sys.executable, "-c", COMMAND.replace("{body}", body)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
    finally:
        signal.signal(signal.SIGINT, before)
    assert process.stdout is not None
    with process, process.stdout as output:
        assert output.readline() == "began\n"
        if ignored:
            process.send_signal(signal.SIGINT)
        number = signal.SIGTERM if ignored else signal.SIGINT
        process.send_signal(number)
        assert process.wait(2) == 128 + number
        assert process.stderr is not None
        assert process.stderr.read() == "the words\n"


@pytest.mark.usefixtures("ctrl_c_interrupts")
def test_all_processes_of_the_ui_end_with_it(
    capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also those that Dagster's services have started, and those that ignore the signal."""
    monkeypatch.setattr("replay_assets.cli.ui.ENDS_WITHIN_S", 0.1)
    shown: list[str] = []

    def interrupt() -> None:
        while not (text := capfd.readouterr().out.strip()):
            time.sleep(0.02)
        shown.append(text)
        os.kill(os.getpid(), signal.SIGINT)

    thread = threading.Thread(target=interrupt)
    thread.start()
    with pytest.raises(KeyboardInterrupt):
        run_group([sys.executable, "-Sc", STUBBORN], dict(os.environ))
    thread.join()
    child = replace(Process.this(), pid=int(shown[0]), started="")
    deadline = time.monotonic() + 2  # a killed process may need a moment to end
    while not child.has_ended() and time.monotonic() < deadline:
        time.sleep(0.01)
    assert child.has_ended()
