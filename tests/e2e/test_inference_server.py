"""A day of the samples through a real inference server: llama.cpp's, with a random model.

The model can't spell JSON; the server makes it keep the schema that the client asks for.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from replay_assets.candidates.candidate import Candidate
from replay_assets.contracts.calendar import day_window
from replay_assets.contracts.result import OUTCOMES
from replay_assets.contracts.vocabulary import Vocabulary
from replay_assets.evidence.extraction import extract_day
from replay_assets.lake.addresses import Address
from replay_assets.lake.store import Store
from replay_assets.replay.runner import ReplayRun, run_pack
from replay_assets.request_packs.builder import build_pack
from replay_assets.source.connection.database import IncidentDatabase

pytestmark = pytest.mark.llama

DAY = "2026-09-29"


@dataclass(frozen=True)
class Server:
    """Where it answers, and how its model is made to end a string now and then."""

    base_url: str
    sampling: dict[str, Any]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """llama.cpp's server with a model made here."""
    pytest.importorskip("xllamacpp")
    from tests.e2e.tiny_model import serving, write_tiny_model

    model = tmp_path_factory.mktemp("model") / "tiny.gguf"
    quote = write_tiny_model(model).index('"')
    sampling = {"temperature": 1.0, "seed": 7, "max_tokens": 2000, "logit_bias": {str(quote): 4.0}}
    with serving(model) as base_url:
        yield Server(base_url, sampling)


@pytest.fixture(scope="module")
def pack(
    tmp_path_factory: pytest.TempPathFactory, sample_source: str, vocabulary: Vocabulary
) -> Any:
    """The request pack of a day of the samples."""
    root = tmp_path_factory.mktemp("lake")
    database = IncidentDatabase(sample_source)
    raw = extract_day(database, day_window(DAY, "Asia/Taipei"), Store(str(root / "evidence")))
    database.close()
    rows, messages = raw.rows("incident_evidence"), raw.rows("recorded_messages")
    built = build_pack(rows, messages, day=DAY, vocabulary=vocabulary)
    lake = Store(str(root / "lake"))
    published = built.publish(lake, Address("request_pack", DAY), inputs={})
    return published.source_of("request_pack.jsonl")


def replay(
    server: Server, pack: Any, vocabulary: Vocabulary, folder: Path, **more: Any
) -> ReplayRun:
    """Replay the day through the server."""
    candidate = Candidate.model_validate(
        {
            "id": "tiny",
            "model": "tiny",
            "base_url": server.base_url,
            "sampling": server.sampling,
            "limits": {"concurrency": 2, "timeout_s": 60},
            **more,
        }
    )
    return run_pack(pack, candidate, api_key=None, vocabulary=vocabulary, folder=folder)


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
def test_a_day_is_replayed_with_answers_in_the_form_that_the_server_enforces(
    server: Server, pack: Any, vocabulary: Vocabulary, tmp_path: Path, stream: bool
) -> None:
    """One result each; random letters, and yet every answer keeps the contract's form."""
    run = replay(server, pack, vocabulary, tmp_path, stream=stream)
    lines = (tmp_path / "replay_results.jsonl").read_text().splitlines()
    results = [json.loads(line) for line in lines]
    assert len(results) == run.report.requests == run.report.results > 0
    assert sum(run.report.outcomes.values()) == len(results)
    found = {result["outcome"] for result in results}
    assert found <= set(OUTCOMES)
    assert "infrastructure_failure" not in found
    assert "answered" in found, [(one["outcome"], one["error"]) for one in results]
    for result in results:
        assert result["trace_events"][0]["usage"]["completion_tokens"] > 0


def test_without_a_schema_the_same_model_answers_nothing(
    server: Server, pack: Any, vocabulary: Vocabulary, tmp_path: Path
) -> None:
    """It is the server that makes it JSON: asked for none, each answer breaks the contract."""
    more = {"response_format": "none", "sampling": {"max_tokens": 50}}
    run = replay(server, pack, vocabulary, tmp_path, **more)
    assert run.report.outcomes["answered"] == 0
    assert run.report.results == run.report.requests
