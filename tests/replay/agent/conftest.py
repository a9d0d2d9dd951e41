"""One run in which an endpoint plays every path, and the records of each."""

import dataclasses
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.routing import Route

from replay_assets.contracts.agent_event import AgentEvent
from replay_assets.contracts.agent_turn import AgentTurn
from replay_assets.contracts.result import ReplayResult
from replay_assets.contracts.vocabulary import Vocabulary
from replay_assets.inference import RunStores
from replay_assets.replay.agent.log import turn_of
from replay_assets.replay.agent.runner import AgentPack, AgentRun, run_agent
from replay_assets.replay.agent.shields.guards import Guards
from tests.inference.conftest import retry_at_once
from tests.inference.scripted_server import candidate, serving
from tests.replay.agent.paths import PATHS, PathEndpoint, Spec
from tests.replay.packs import pack_bytes, request

CUSTOM = {"type": "function", "function": {"name": "page_owner", "parameters": {"type": "object"}}}
Investigate = Callable[..., AgentRun]


@dataclasses.dataclass
class Played:
    """The records of one path."""

    result: ReplayResult
    events: list[AgentEvent]
    turn: AgentTurn
    bodies: list[Spec]


@pytest.fixture(scope="module")
def endpoint() -> Iterator[tuple[str, PathEndpoint]]:
    """The endpoint that plays the paths, and its address."""
    playing = PathEndpoint()
    route = Route("/v1/chat/completions", playing.handle, methods=["POST"])
    with serving(Starlette(routes=[route])) as base_url:
        yield base_url, playing


@pytest.fixture(scope="module")
def played(
    endpoint: tuple[str, PathEndpoint],
    vocabulary: Vocabulary,
    tmp_path_factory: pytest.TempPathFactory,
) -> dict[str, Played]:
    """Every path, played in one run."""
    base_url, playing = endpoint
    with pytest.MonkeyPatch.context() as patch:
        retry_at_once(patch)
        run = investigate(
            base_url,
            vocabulary,
            tmp_path_factory.mktemp("paths"),
            *(path["id"] for path in PATHS),
            stream=True,
        )
    by_incident: dict[str, list[AgentEvent]] = {}
    for event in run.read_events():
        by_incident.setdefault(event.incident_id, []).append(event)
    return {
        one.incident_id: Played(
            one,
            by_incident[one.incident_id],
            turn_of(by_incident[one.incident_id]),
            playing.bodies[one.incident_id],
        )
        for one in run.read_results()
    }


def investigate(
    base_url: str,
    vocabulary: Vocabulary,
    folder: Path,
    *incident_ids: str,
    recordings: bytes = b"",
    stores: RunStores | None = None,
    run: dict[str, Any] | None = None,
    **changes: Any,
) -> AgentRun:
    """Investigate incidents whose evidence names a path."""
    limits = {"concurrency": 64, "timeout_s": 20, "retry_budget_s": 0.05}
    return run_agent(
        AgentPack(pack_bytes(*map(request, incident_ids)), recordings),
        candidate(base_url, **{"limits": limits, "custom_tools": [CUSTOM], **changes}),
        api_key=None,
        vocabulary=vocabulary,
        folder=folder,
        stores=stores or RunStores.in_memory(),
        **{"guards": Guards(), **(run or {})},
    )
