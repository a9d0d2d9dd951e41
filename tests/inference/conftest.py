"""Real servers on loopback, and retries that do not wait."""

from collections.abc import Iterator

import pytest

from replay_assets.inference import client
from replay_assets.inference.catalogue import Catalogue
from tests.inference.scripted_server import Script, ScriptedServer, scripted_server


@pytest.fixture(scope="session")
def shared_server() -> Iterator[ScriptedServer]:
    """One server for all tests: starting one takes a tenth of a second."""
    with scripted_server() as server:
        yield server


@pytest.fixture
def server(shared_server: ScriptedServer) -> Script:
    """A script of the test's own for the server to play."""
    return shared_server.new_script()


@pytest.fixture
def no_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    """Retry at once."""
    monkeypatch.setattr(client, "FIRST_WAIT_S", 0.0)
    monkeypatch.setattr(client, "LONGEST_WAIT_S", 0.01)


@pytest.fixture(scope="session")
def shipped() -> Catalogue:
    """The catalogue of the package."""
    return Catalogue.load()
