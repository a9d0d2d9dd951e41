"""A real endpoint on loopback that answers as scripted, and retries that do not wait."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from replay_assets.contracts.result import ReplayResult
from replay_assets.contracts.vocabulary import Vocabulary
from replay_assets.replay.runner import ReplayRun, run_pack
from tests.inference.conftest import retry_at_once
from tests.inference.scripted_server import Script, ScriptedServer, candidate
from tests.replay.packs import Request, pack_bytes, request

Runner = Callable[..., ReplayRun]


@pytest.fixture
def server(shared_server: ScriptedServer, monkeypatch: pytest.MonkeyPatch) -> Script:
    """A separate script per test for the server; retries are immediate."""
    retry_at_once(monkeypatch)
    return shared_server.new_script()


@pytest.fixture
def replay(
    server: Script, vocabulary: Vocabulary, tmp_path_factory: pytest.TempPathFactory
) -> Runner:
    """Replay requests through a candidate at the scripted server, in a separate folder."""

    def run(
        *requests: Request,
        api_key: str | None = None,
        folder: Path | None = None,
        refresh: bool = False,
        **changes: Any,
    ) -> ReplayRun:
        return run_pack(
            pack_bytes(*requests),
            candidate(server.base_url, **changes),
            api_key=api_key,
            vocabulary=vocabulary,
            folder=folder or tmp_path_factory.mktemp("replay"),
            refresh=refresh,
        )

    return run


def only(replay: Runner, *requests: dict[str, Any], **changes: Any) -> ReplayResult:
    """Replay one request and return its result."""
    (result,) = replay(*(requests or (request(),)), **changes).results
    return result
