"""A killed run of investigations continues at its step: same content, nothing is paid twice."""

import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from replay_assets.contracts.timing import TIMING_FIELDS, without_timing
from replay_assets.lake import assets
from tests.replay.killing import CountingEndpoint, completions_in, kill_runs, runs_of
from tests.replay.packs import answer_text, pack_bytes, request

INCIDENTS, CALLS, KILLS, KILLS_A_RUN = 200, 2, 20, 5
Asked = tuple[str, int]
"""An incident and the number of an inference in its turn."""


def reply(asked: Any) -> tuple[Asked, dict[str, Any]]:
    """Call a tool twice, then answer; a conversation is always continued in the same way."""
    incident = asked["messages"][1]["content"].split()[2]
    number = sum(one["role"] == "assistant" for one in asked["messages"])
    note = json.dumps({"pod": incident, "tail": number})
    message: dict[str, Any] = {"role": "assistant", "content": None}
    if number < CALLS:
        function = {"name": "get_logs", "arguments": note}
        message["tool_calls"] = [{"id": f"c{number}", "type": "function", "function": function}]
    else:
        message["content"] = answer_text(proposed_action=note)
    return (incident, number), message


@pytest.fixture(scope="module")
def model() -> Iterator[CountingEndpoint]:
    """The model on loopback."""
    with CountingEndpoint(reply).on_loopback() as found:
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
    for said in completions_in(folder):
        note = said["calls"][0]["arguments"] if said["calls"] else None
        note = note or json.loads(said["content"])["proposed_action"]
        found.add((json.loads(note)["pod"], json.loads(note)["tail"]))
    return found


@pytest.mark.slow
def test_twenty_kills_change_nothing_and_pay_nothing_twice(
    model: CountingEndpoint, tmp_path: Path
) -> None:
    """At random moments: while it starts, in the middle of turns, and while it writes."""
    pack = tmp_path / "pack.jsonl"
    pack.write_bytes(pack_bytes(*(request(f"inc-{number}") for number in range(INCIDENTS))))
    with runs_of(pack, model.base_url, "agent") as runs:
        caught, partly = kill_runs(
            runs,
            model,
            tmp_path,
            questions=INCIDENTS * (CALLS + 1),
            kills=KILLS,
            kills_a_run=KILLS_A_RUN,
            part=3,
            moments=random.Random(11),
            content_of=content_of,
            acknowledged=acknowledged,
        )
    assert caught > KILLS // 2
    assert sum(map(sum, partly)) > KILLS // 4
