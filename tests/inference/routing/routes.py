"""A route of two members at one scripted server, each with its own script, and a run over it."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from starlette.responses import Response

from replay_assets.candidates import Candidate
from replay_assets.inference import Batch, Call, Dialogue, Question, RunStores, run_batch
from tests.inference.scripted_server import Body, Reply, Script

FIRST, SECOND = "first", "second"


@dataclass
class Members:
    """What each member answers: the script of a server chooses by the model that is asked."""

    server: Script
    replies: dict[str, Reply] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.server.answers(self._reply)

    async def _reply(self, body: Body) -> Response:
        return await self.replies[body["model"]](body)

    def asked(self, member: str) -> int:
        """Return how many requests a member received."""
        return sum(body["model"] == member for body in self.server.bodies)


def member(base_url: str, name: str, **changes: Any) -> Candidate:
    """Return a candidate whose model is its id."""
    entry = {"id": name, "model": name, "base_url": base_url}
    limits = {"concurrency": 4, "timeout_s": 5}
    return Candidate.model_validate({**entry, "limits": limits, **changes})


def route_over(*members: Candidate, **changes: Any) -> Candidate:
    """Return a route."""
    ids = [one.id for one in members]
    return Candidate.model_validate({"id": "route", "route": ids, **changes}).with_members(members)


def run_route(
    route: Candidate,
    topics: int,
    *,
    stores: RunStores | None = None,
    keys: dict[str, str] | None = None,
    others: tuple[Candidate, ...] = (),
    to: tuple[str, ...] = (),
    publish: Callable[[Iterator[Call]], list[Call]] = list,
) -> list[Call]:
    """Ask one question per topic and return the calls."""

    def dialogue(topic: int) -> Dialogue[Call]:
        messages = [{"role": "user", "content": f"topic {topic}"}]
        return (yield Question(messages, is_last=True, to=to))

    def dialogues() -> Iterator[Dialogue[Call]]:
        return map(dialogue, range(topics))

    return run_batch(
        Batch("routes", {"topics": topics}, "1", dialogues, topics),
        publish,
        candidate=route,
        api_key=None,
        keys=lambda name: (keys or {}).get(name),
        others=others,
        stores=stores or RunStores.in_memory(),
    )


def steps(call: Call) -> list[tuple[str, str]]:
    """Return the chain of a call in short."""
    return [(one.candidate_id, one.outcome) for one in call.chain]
