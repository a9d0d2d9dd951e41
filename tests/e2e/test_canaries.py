"""Canaries through the whole pipeline: no byte sent, kept, logged or raised holds one.

A separate value for each category, field and encoding, in evidence, tools' output, decisions
and repairs; real Dagster runs by the command line, against a loopback server that echoes what it
received, its own Authorization header with it.
"""

import base64
import json
import os
import re
import sqlite3
import subprocess
import sys
from collections import defaultdict
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tests.conftest import load_into
from tests.e2e.planted import Planted, planted
from tests.inference.scripted_server import serving

pytestmark = pytest.mark.slow

DAY = "2026-09-30"
KEYS = {"ECHO_KEY": "FAKE+" + "key/of-the-echo", "OTHER_KEY": "FAKE-" + "key-of-nobody-asked"}
FIELDS = ("alertname", "severity", "labels", "evidence_summary", "evidence_kind", "tool_output",
          "tool_call")  # fmt: skip
LATER = ("coordinator_output", "repair_step", "repair_error", "said", "human_decision")
"""Fields that no pack reads; some of them reach the training file, sanitized."""
INCIDENTS = 4
STATUS = {
    "echo-answer": 200,
    "echo-tuned": 200,
    "echo-rejects": 413,
    "echo-ends": 422,
    "echo-fails": 500,
}
DENIED = "echo-denies"


class Echo:
    """Answers each candidate in its way, with everything that it received; keeps all of it."""

    def __init__(self) -> None:
        self.received: list[bytes] = []

    async def handle(self, request: Request) -> Response:
        """Echo body and headers, the key also in base64."""
        body = await request.body()
        head = [str(request.url), *(f"{name}: {one}" for name, one in request.headers.items())]
        self.received.append("\n".join(head).encode() + b"\n" + body)
        key = request.headers.get("authorization", "").removeprefix("Bearer ")
        echo = {
            "error": f"bad key {key} ({base64.b64encode(f'u:{key}'.encode()).decode()})",
            "headers": dict(request.headers),
            "body": body.decode(),
        }
        model = json.loads(body)["model"]
        status = 401 if model == DENIED else STATUS[model]
        if status != 200:
            return JSONResponse(echo, status, headers={"X-Echo": key})
        content = {
            "proposed_action": f"use {key}", "action_plan": [json.dumps(echo)],
            "risk_level": "low", "requires_human_approval": True, "blocked_by_policy": False,
            "root_cause": {
                "components": [key],
                "category": key if model == "echo-tuned" else "memory_exhaustion",
                "statement": f"echo {key}",
            },
            "action_id": "restart_workload", "echo": echo,
        }  # fmt: skip
        message = {"role": "assistant", "content": json.dumps(content)}
        choice = {"index": 0, "message": message, "finish_reason": "stop"}
        return JSONResponse({"choices": [choice], "echo": echo}, headers={"X-Echo": key})


def rows_of(canaries: list[Planted], later: list[Planted]) -> dict[str, list[dict[str, object]]]:
    """A day's incidents that hold the canaries, each in its field, in turn."""
    texts: dict[tuple[int, str], list[str]] = defaultdict(list)
    for position, one in enumerate([*canaries, *later]):
        texts[position % INCIDENTS, one.field].append(one.text)

    def text(incident: int, field: str) -> str:
        return "\n".join(texts[incident, field])

    at = f"{DAY}T02:00:00Z"
    rows: dict[str, list[dict[str, object]]] = defaultdict(list)
    for n in range(INCIDENTS):
        incident = f"inc-{n}"
        rows["incident_evidence"].append({
            "id": f"ev-{n}", "incident_id": incident, "alertname": text(n, "alertname"),
            "labels": {f"note_{i}": one for i, one in enumerate(texts[n, "labels"])},
            "severity": text(n, "severity"), "evidence_summary": text(n, "evidence_summary"),
            "evidence_kind": text(n, "evidence_kind"), "collected_at": at,
            "verification_result": "success", "schema_version": "v1",
            "matched_playbook_id": "pb-1",
        })  # fmt: skip
        for role, field in (("coordinator", "coordinator_output"),
                            ("human_responder", "human_decision")):  # fmt: skip
            rows["agent_sessions"].append({
                "id": f"{role}-{n}", "incident_id": incident, "agent_role": role, "model": "m",
                "output_json": {"reasoning": text(n, field), "decision": text(n, field)},
                "created_at": at,
            })  # fmt: skip
            for position, (said_by, said) in enumerate(
                [("user", "said"), ("assistant", "said"), ("tool", "tool_output")]
            ):
                call = {"name": "get_logs", "arguments": json.dumps({"grep": text(n, "tool_call")})}
                rows["session_messages"].append({
                    "session_id": f"{role}-{n}", "position": position, "role": said_by,
                    "content": text(n, said),
                    "tool_calls": [{"id": "call_1", "type": "function", "function": call}]
                    if said_by == "assistant" else None,
                    "tool_call_id": "call_1" if said_by == "tool" else None, "created_at": at,
                })  # fmt: skip
        rows["auto_repair_executions"].append({
            "id": f"re-{n}", "incident_id": incident, "attempt": 1, "playbook_name": "restart",
            "executed_steps": [{"action": text(n, "repair_step")}], "success": True,
            "error": text(n, "repair_error"), "executor": "automation", "created_at": at,
        })  # fmt: skip
    return rows


@pytest.fixture(scope="module")
def canaries() -> list[Planted]:
    """Each category in each field and encoding that a pack reads."""
    return list(planted(FIELDS))


@pytest.fixture(scope="module")
def later(canaries: list[Planted]) -> list[Planted]:
    """Each category, bare, in each field that came after the evidence."""
    return list(planted(LATER, encodings=("plain",), start=len(canaries)))


@pytest.fixture(scope="module")
def walk(
    tmp_path_factory: pytest.TempPathFactory, canaries: list[Planted], later: list[Planted]
) -> tuple[Path, Echo, bytes]:
    """The day and its week, walked by the command line; the home, the server, what was printed."""
    home = tmp_path_factory.mktemp("canaries")
    (home / "data").mkdir()
    (home / "rows").mkdir()
    for table, rows in rows_of(canaries, later).items():
        text = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
        (home / "rows" / f"{table}.jsonl").write_text(text, encoding="utf-8")
    source = f"sqlite:///{home / 'source.sqlite'}"
    load_into(source, home / "rows")
    echo = Echo()
    with serving(Starlette(routes=[
        Route("/v1/chat/completions", echo.handle, methods=["POST"])
    ])) as address:  # fmt: skip
        entries = [
            {
                "id": name,
                "model": name,
                "base_url": address,
                "api_key_env": "ECHO_KEY",
                "prompt_variant": "contract_tuned" if name == "echo-tuned" else "base",
                "limits": {"concurrency": 4, "retry_budget_s": 3},
            }
            for name in (*STATUS, DENIED)
        ] + [{"id": "other", "model": "o", "base_url": address, "api_key_env": "OTHER_KEY"}]
        (home / "candidates.yaml").write_text(json.dumps(entries))
        chosen = [word for name in (*STATUS, DENIED) for word in ("--candidate", name)]
        program = [sys.executable, "-m", "replay_assets", "backfill"]
        done = subprocess.run(
            [*program, "--from", DAY, "--to", DAY, *chosen],
            env={
                **os.environ, **KEYS, "REPLAY_HOME": str(home), "REPLAY_SOURCE_URL": source,
                "REPLAY_CANDIDATES": str(home / "candidates.yaml"), "COLUMNS": "200",
                "DAGSTER_HOME": str(home / "data" / "dagster_home"),
                "REPLAY_AUDIT_KEY": "FAKE-" + "audit-key",
            },
            capture_output=True, check=False,
        )  # fmt: skip
    return home, echo, done.stdout + done.stderr


def kept_in(home: Path) -> dict[str, bytes]:
    """Everything that the walk wrote outside the raw roots, tables and databases spelled out."""
    raw = [home / "rows", home / "source.sqlite", home / "data/evidence", home / "data/labels"]
    found: dict[str, bytes] = {}
    for path in sorted(home.rglob("*")):
        if not path.is_file() or any(path.is_relative_to(root) for root in raw):
            continue
        content = path.read_bytes()
        if path.suffix == ".parquet":
            rows = pq.read_table(path).to_pylist()
            content = json.dumps(rows, default=str, ensure_ascii=False).encode()
        elif content.startswith(b"SQLite format 3"):
            with sqlite3.connect(path) as database:
                content = "\n".join(database.iterdump()).encode()
        found[str(path.relative_to(home))] = content
    return found


def leaks(canaries: list[Planted], places: dict[str, bytes]) -> list[str]:
    """Which canaries are in which place."""
    whole = b"\n".join(places.values())
    return [
        f"{one.kind} in {one.field} as {one.encoding}: {[n for n, c in places.items() if t in c]}"
        for one in canaries
        for t in one.traces
        if t in whole
    ]


def test_the_walk_did_send_keep_and_fail(walk: tuple[Path, Echo, bytes]) -> None:
    """The tests below could not fail if nothing had happened."""
    home, echo, printed = walk
    assert len(echo.received) > 4 * INCIDENTS
    files = kept_in(home)
    for name in ("request_pack.jsonl", "audit.json", "recorded_tool_output.jsonl",
                 "replay_results.jsonl", "sft.alpaca.train", "report.html"):  # fmt: skip
        assert any(name in path for path in files), name
    assert any(path.endswith(".db") for path in files)
    assert DENIED.encode() in printed
    outcomes = b"".join(c for n, c in files.items() if n.endswith("run_report.json"))
    assert b'"answered": 4' in outcomes
    assert b'"request_rejected": 4' in outcomes


def test_every_canary_was_in_the_raw_evidence(
    walk: tuple[Path, Echo, bytes], canaries: list[Planted], later: list[Planted]
) -> None:
    """And each is a separate value."""
    home, _, _ = walk
    tables = (home / "data/evidence/tables").rglob("*.parquet")
    raw = "".join(
        json.dumps(pq.read_table(path).to_pylist(), default=str, ensure_ascii=False)
        for path in tables
    )
    raw = re.sub(r"\\+n", "\n", raw)
    reached = [one for one in [*canaries, *later] if one.field != "human_decision"]
    assert [one for one in reached if one.value not in raw] == []
    assert len({one.value for one in reached}) == len(reached)


def test_no_canary_is_in_any_byte_received(
    walk: tuple[Path, Echo, bytes], canaries: list[Planted], later: list[Planted]
) -> None:
    """URL, headers and bodies of every request, repair calls among them."""
    _, echo, _ = walk
    received = {f"request {n}": body for n, body in enumerate(echo.received)}
    assert leaks([*canaries, *later], received) == []


def test_no_canary_is_in_any_file_event_or_line_printed(
    walk: tuple[Path, Echo, bytes], canaries: list[Planted], later: list[Planted]
) -> None:
    """The lake, Dagster's event log and compute logs, state, the terminal."""
    home, _, printed = walk
    assert leaks([*canaries, *later], {**kept_in(home), "printed": printed}) == []


def test_no_key_is_kept_though_the_endpoint_echoes_it(walk: tuple[Path, Echo, bytes]) -> None:
    """In errors, answers, headers, in base64; nor is the key of a candidate that was not asked."""
    home, echo, printed = walk
    received = b"".join(echo.received)
    assert KEYS["ECHO_KEY"].encode() in received
    assert KEYS["OTHER_KEY"].encode() not in received
    everything = b"\n".join([*kept_in(home).values(), printed])
    for key in (*KEYS.values(), "FAKE-" + "audit-key"):
        assert key.encode() not in everything
        assert base64.b64encode(f"u:{key}".encode())[4:24] not in everything
