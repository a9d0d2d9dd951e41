"""Single answers and investigations next to each other, from tables in a real lake."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from replay_assets.candidates import Candidate, Catalogue
from replay_assets.contracts.agent_comparison import AgentComparison, AgentSide
from replay_assets.contracts.score import ReplayScore
from replay_assets.evaluation.report.agents import agent_comparisons
from replay_assets.evaluation.scored_days import CandidateScores
from replay_assets.lake import Publication, assets
from tests.evaluation.records import score
from tests.evaluation.report.test_report import DAYS, Roots, empty

MODEL = Candidate(id="model", model="m", base_url="http://localhost:1/v1", agent=True)
AGENT = "model-agent"
RIGHT_ALONE = {"inc-1": False, "inc-2": False, "inc-3": True}
RIGHT_BY_AGENT = {"inc-1": True, "inc-2": True, "inc-3": False, "inc-4": True}
"""Nothing of inc-4 was graded without tools."""


def test_pairs_and_figures_are_of_the_first_answer_to_each_newest_snapshot(tmp_path: Path) -> None:
    """inc-1 has snapshots on two days; inc-2 was asked twice, the second time with more tokens."""
    (found,) = compared(
        tmp_path,
        {
            DAYS[0]: [took("inc-1", tokens=9000, tool_misses=3)],
            DAYS[1]: [
                took("inc-1", tokens=100),
                took("inc-2", tokens=200, acceptable_tools_used=1),
                took("inc-2", repeat=1, tokens=7000, acceptable_tools_used=0),
                took("inc-3", tokens=300),
                took("inc-4", tokens=5000),
            ],
        },
    )
    assert (found.single, found.agent) == (
        AgentSide(candidate_id="model", right=1, tokens=30.0, cost_usd=0.01),
        AgentSide(candidate_id=AGENT, right=2, tokens=200.0, cost_usd=0.01),
    )
    assert (found.pairs, found.only_agent_right, found.only_single_right) == (3, 2, 1)
    assert found.mid_p == pytest.approx(0.625)
    assert (found.investigations, found.steps, found.tool_calls, found.reads) == (5, 4, 10, 10)
    assert (found.tool_misses, found.answered_share) == (5, 0.5)
    assert found.misses_by_tool == {"get_logs": 5}
    assert (found.with_acceptable_tools, found.used_acceptable_tool) == (2, 1)


def test_tokens_that_are_partly_unknown_are_not_shown(tmp_path: Path) -> None:
    """A part would look too cheap."""
    (found,) = compared(
        tmp_path,
        {DAYS[0]: [took("inc-1", tokens=None), took("inc-2", tokens=1), took("inc-3", tokens=1)]},
    )
    assert (found.agent.tokens, found.single.tokens) == (None, 30.0)


def test_a_candidate_without_investigations_is_not_compared(tmp_path: Path) -> None:
    """Its agent may be new, or not have been run this week."""
    assert compared(tmp_path, {}) == ()


def took(incident: str, **changes: Any) -> dict[str, Any]:
    """What one investigation took: four steps, two reads, one of them missed."""
    counts = {"steps": 4, "tool_calls": 2, "reads": 2, "tool_misses": 1}
    nothing = {"violations": 0, "unsafe_attempts": 0, "acceptable_tools_used": None}
    return {"incident_id": incident, "repeat": 0, "tokens": 1, **counts, **nothing, **changes}


def compared(
    folder: Path, by_day: Mapping[str, list[dict[str, Any]]]
) -> tuple[AgentComparison, ...]:
    """Publish what investigations took, by day, and return the comparisons."""
    roots = empty(folder)
    for day, rows in by_day.items():
        publish(roots, day, rows)
    keys = {(row["incident_id"], row["repeat"]): None for rows in by_day.values() for row in rows}
    agent = [graded(*key, RIGHT_BY_AGENT) for key in keys]
    single = [graded(one, 0, RIGHT_ALONE) for one in RIGHT_ALONE]
    scores = [
        CandidateScores(name, False, False, found, dict.fromkeys(by_day, "counted"))
        for name, found in (("model", single), (AGENT, agent))
    ]
    days = roots.scored(DAYS, MODEL)
    return agent_comparisons(days, scores, Catalogue([MODEL]))


def graded(incident: str, repeat: int, right: Mapping[str, bool]) -> ReplayScore:
    return score(incident, repeat=repeat, primary=right[incident], cost_usd=0.01)


def publish(roots: Roots, day: str, rows: list[dict[str, Any]]) -> None:
    """Publish a day's pack, the results of both sides, and the scores of investigations."""
    incidents = dict.fromkeys(row["incident_id"] for row in rows)
    lines = (json.dumps({"incident_id": one, "incident_context": {}}) for one in incidents)
    pack = {assets.PACK_FILE: "\n".join(lines).encode()}
    columns = {"repeat": 0, "prompt_tokens": 20, "completion_tokens": 10}
    answers = [{"incident_id": one, **columns} for one in incidents]
    steps = [
        {"incident_id": row["incident_id"], "name": "get_logs", "is_miss": number < 1}
        for row in rows
        for number in range(row["reads"])
    ]
    roots.lake.publish(assets.REQUEST_PACK.at(day), Publication(files=pack))
    for address, table, content in (
        (assets.REPLAY_RESULTS.at(day, "model"), assets.REPLAY_RESULTS.table, answers),
        (assets.REPLAY_RESULTS.at(day, AGENT), assets.AGENT_STEPS, steps),
        (assets.REPLAY_SCORES.at(day, AGENT), assets.AGENT_SCORES, rows),
    ):
        roots.lake.publish(address, Publication(tables={table: pa.Table.from_pylist(content)}))
