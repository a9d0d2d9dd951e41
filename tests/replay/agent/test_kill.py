"""A killed run of investigations continues at its step: same content, nothing is paid twice."""

import asyncio
import json
import random
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from replay_assets.contracts.timing import TIMING_FIELDS, without_timing
from replay_assets.inference.call_store.journal import checked
from replay_assets.inference.call_store.local import CALLS_FILE, JOURNAL_FILE
from replay_assets.lake import assets
from tests.inference.scripted_server import serving
from tests.replay.packs import answer_text, pack_bytes, request
from tests.replay.test_kill import runs_of

INCIDENTS, CALLS, KILLS, KILLS_A_RUN = 200, 2, 20, 5
LATENCY_S = 0.01
Asked = tuple[str, int]
"""An incident and the number of an inference in its turn."""


class Model:
    """Calls a tool twice, then answers; notes every inference that it is asked for."""

    def __init__(self) -> None:
        self.arrived: list[Asked] = []
        self.base_url = ""

    async def handle(self, asked: Request) -> JSONResponse:
        """Answer after a while; what it answers to a conversation is always the same."""
        body = await asked.json()
        incident = body["messages"][1]["content"].split()[2]
        number = sum(one["role"] == "assistant" for one in body["messages"])
        self.arrived.append((incident, number))
        await asyncio.sleep(LATENCY_S)
        note = json.dumps({"pod": incident, "tail": number})
        message: dict[str, Any] = {"role": "assistant", "content": None}
        if number < CALLS:
            function = {"name": "get_logs", "arguments": note}
            message["tool_calls"] = [{"id": f"c{number}", "type": "function", "function": function}]
        else:
            message["content"] = answer_text(proposed_action=note)
        usage = {"prompt_tokens": 100, "completion_tokens": 20, "total_tokens": 120}
        choice = {"index": 0, "message": message, "finish_reason": "stop"}
        return JSONResponse({"choices": [choice], "usage": usage})


@pytest.fixture(scope="module")
def model() -> Iterator[Model]:
    """The model on loopback."""
    found = Model()
    route = Route("/v1/chat/completions", found.handle, methods=["POST"])
    with serving(Starlette(routes=[route])) as base_url:
        found.base_url = base_url
        yield found


def content_of(folder: Path) -> list[Any]:
    """Results, report, events and steps of a run, without timing fields."""
    names = (assets.RESULTS_FILE, assets.EVENTS_FILE)
    lines = [line for name in names for line in (folder / name).read_text("utf-8").splitlines()]
    report = json.loads((folder / assets.RUN_REPORT_FILE).read_text("utf-8"))
    rows = pq.read_table(folder / assets.STEPS_FILE)
    kept = [name for name in rows.column_names if name not in TIMING_FIELDS]
    return [
        without_timing(report),
        rows.select(kept),
        *(without_timing(json.loads(line)) for line in lines),
    ]


def acknowledged(folder: Path) -> set[Asked]:
    """The inferences whose answer is complete in the journal."""
    found = set()
    for name in (JOURNAL_FILE, CALLS_FILE):
        path = folder / name
        lines = path.read_bytes().splitlines(keepends=True)[1:] if path.exists() else []
        for record in (checked(line) for line in lines):
            if record is not None:
                said = json.loads(record)["completion"]
                note = said["calls"][0]["arguments"] if said["calls"] else None
                note = note or json.loads(said["content"])["proposed_action"]
                found.add((json.loads(note)["pod"], json.loads(note)["tail"]))
    return found


@pytest.mark.slow
def test_twenty_kills_change_nothing_and_pay_nothing_twice(model: Model, tmp_path: Path) -> None:
    """At random moments: while it starts, in the middle of turns, and while it writes."""
    pack, moments = tmp_path / "pack.jsonl", random.Random(11)
    pack.write_bytes(pack_bytes(*(request(f"inc-{number}") for number in range(INCIDENTS))))
    kills = caught = partly = 0
    with runs_of(pack, model.base_url, "agent") as runs:
        started = time.monotonic()
        runs.start(tmp_path / "whole")
        assert runs.wait() == "ended 0"
        span_s = time.monotonic() - started
        expected = content_of(tmp_path / "whole")
        assert len(model.arrived) == INCIDENTS * (CALLS + 1)
        while kills < KILLS:
            folder = tmp_path / f"run-{kills}"
            known_at: list[tuple[int, set[Asked]]] = []
            for _ in range(min(KILLS_A_RUN, KILLS - kills)):
                runs.start(folder, moments.uniform(0, span_s / 4))
                caught += runs.wait() == "killed"
                kills += 1
                known_at.append((len(model.arrived), acknowledged(folder)))
            runs.start(folder)
            assert runs.wait() == "ended 0"
            assert content_of(folder) == expected
            for position, known in known_at:
                assert not known & set(model.arrived[position:])
            partly += sum(0 < len(known) < INCIDENTS * (CALLS + 1) for _, known in known_at)
    assert caught > KILLS // 2
    assert partly > KILLS // 4
