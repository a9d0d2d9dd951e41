"""`ui` looks at the port before it starts anything."""

import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from replay_assets.cli import listening, main
from replay_assets.cli.listening import require_free_port
from replay_assets.errors import ConfigurationError
from tests.ports import free_port


@pytest.fixture
def taken(request: pytest.FixtureRequest) -> Iterator[int]:
    """A port on which this process listens, at one address; free at the others."""
    family = socket.AF_INET6 if ":" in request.param else socket.AF_INET
    with socket.socket(family) as one:
        one.bind((request.param, free_port()))
        one.listen(1)
        yield int(one.getsockname()[1])


def test_ui_starts_nothing_on_a_taken_port(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No daemon, no instance folder; the message names the listener and the option."""
    (tmp_path / "data").mkdir()
    monkeypatch.setenv("REPLAY_HOME", str(tmp_path))
    monkeypatch.setattr("replay_assets.cli.ui.serve", pytest.fail)
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        result = CliRunner().invoke(main, ["ui", "--port", str(port)])
    assert result.exit_code == 1
    assert f"port {port} is in use" in result.output
    assert f"--port {port + 1}" in result.output
    assert "starts at" not in result.output
    assert list((tmp_path / "data").iterdir()) == []


@pytest.mark.skipif(not Path("/proc/net/tcp").exists(), reason="only Linux shows who listens")
@pytest.mark.parametrize("taken", ["127.0.0.1"], indirect=True)
def test_the_process_that_listens_is_named(taken: int) -> None:
    """By name and id; its arguments may contain a password."""
    with pytest.raises(ConfigurationError, match=rf"in use by .+ \(process {os.getpid()}\)"):
        require_free_port("127.0.0.1", taken)


@pytest.mark.parametrize(
    ("taken", "host"),
    [
        ("0.0.0.0", "127.0.0.1"),
        ("127.0.0.1", "0.0.0.0"),
        ("127.0.0.1", "localhost"),
        ("::", "127.0.0.1"),
    ],
    indirect=["taken"],
)
def test_a_port_is_taken_also_if_the_hosts_differ(taken: int, host: str) -> None:
    """One of the two listens on all addresses, or a name has several."""
    with pytest.raises(ConfigurationError, match=f"port {taken} is in use"):
        require_free_port(host, taken)


@pytest.mark.parametrize("taken", ["127.0.0.2"], indirect=True)
def test_another_address_is_refused_only_if_a_dagster_ui_listens_there(
    taken: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two UIs would be two daemons on one instance; any other server does not disturb."""
    require_free_port("127.0.0.1", taken)
    ui = listening._Listener(7, "python3", is_dagster=True)
    monkeypatch.setattr(listening, "_listeners", lambda _: [ui])
    with pytest.raises(ConfigurationError, match=r"a Dagster UI, python3 \(process 7\)"):
        require_free_port("127.0.0.1", taken)


@pytest.mark.parametrize("taken", ["127.0.0.1"], indirect=True)
def test_without_proc_only_the_port_is_named(
    taken: int, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """As on macOS and Windows."""
    monkeypatch.setattr(listening, "PROC", tmp_path)
    with pytest.raises(ConfigurationError, match=f"port {taken} is in use, so"):
        require_free_port("127.0.0.1", taken)


@pytest.mark.parametrize("host", ["no-such-host.invalid", "203.0.113.7"])
def test_a_host_that_is_not_of_this_machine_is_refused(host: str) -> None:
    """The option that chooses it is named."""
    with pytest.raises(ConfigurationError, match="--host"):
        require_free_port(host, 3999)


def test_a_port_that_was_just_left_is_free() -> None:
    """A connection of an ended server lingers for a minute; servers ignore that too."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        with socket.create_connection(("127.0.0.1", port)):
            server.accept()[0].close()
    require_free_port("127.0.0.1", port)


@pytest.mark.parametrize("port", ["0", "65536", "-1"])
def test_an_invalid_port_is_a_usage_error(port: str) -> None:
    """Port 0 would be one that no one knows."""
    result = CliRunner().invoke(main, ["ui", f"--port={port}"])
    assert result.exit_code == 2
    assert "--port" in result.output
