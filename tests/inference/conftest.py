"""Real servers on loopback, and retries that do not wait."""

import pytest

from replay_assets.candidates.catalogue import Catalogue
from replay_assets.inference.routing.breaker import SHARED_BREAKERS
from replay_assets.inference.throttling import SHARED_LIMITS, backoff, in_process
from tests.inference.scripted_server import Script, ScriptedServer


@pytest.fixture
def server(shared_server: ScriptedServer) -> Script:
    """Return a new script for the server to play."""
    return shared_server.new_script()


@pytest.fixture
def no_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    """Retry without waiting."""
    retry_at_once(monkeypatch)


def retry_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Remove the waits between retries; a pause that an endpoint asks for in seconds is kept."""
    monkeypatch.setattr(backoff, "FIRST_WAIT_S", 0.0)
    monkeypatch.setattr(in_process, "FIRST_PAUSE_S", 0.001)
    # All tests ask one server: what one was refused must not slow down the next.
    SHARED_LIMITS.forget()
    SHARED_BREAKERS.forget()


@pytest.fixture(scope="session")
def shipped() -> Catalogue:
    """The catalogue of the package."""
    return Catalogue.load()
