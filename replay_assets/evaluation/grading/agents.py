"""What investigations took and used: steps, tokens, tools, findings, unsafe attempts."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from replay_assets.contracts.agent_score import AgentScoreRow
from replay_assets.contracts.arrow import arrow_schema
from replay_assets.contracts.label import IncidentLabel
from replay_assets.contracts.result import ReplayResult, total
from replay_assets.contracts.score import ReplayScore
from replay_assets.lake import Publication, assets
from replay_assets.lake.formats import arrow_table

READS = ("recorded", "evidence", "not_recorded")
"""Where the answers of calls that read something are from."""
Steps = Sequence[Mapping[str, Any]]


def agent_scores(
    results: Iterable[ReplayResult],
    steps: Iterable[Mapping[str, Any]],
    scores: Iterable[ReplayScore],
    labels: Mapping[str, IncidentLabel],
) -> list[AgentScoreRow]:
    """Return one row per result of an agent, in their order.

    Args:
        results: the results.
        steps: the rows of the table of steps.
        scores: the scores of the results, in the same order.
        labels: the labels by incident.
    """
    by_result: dict[tuple[str, int], list[Mapping[str, Any]]] = defaultdict(list)
    for step in steps:
        by_result[step["incident_id"], step["repeat"]].append(step)
    return [
        _row(
            result,
            by_result[result.incident_id, result.repeat],
            score.primary,
            labels.get(result.incident_id),
        )
        for result, score in zip(results, scores, strict=True)
    ]


def with_agent_scores(publication: Publication, rows: Iterable[AgentScoreRow]) -> Publication:
    """Return the publication of scores with the table of an agent."""
    table = arrow_table((row.model_dump() for row in rows), arrow_schema(AgentScoreRow))
    return replace(publication, tables={**publication.tables, assets.AGENT_SCORES: table})


def _row(
    result: ReplayResult, steps: Steps, primary: bool | None, label: IncidentLabel | None
) -> AgentScoreRow:
    tools = [one for one in steps if one["step_type"] == "tool_execution"]
    used = {one["name"] for one in tools}
    acceptable = (label and label.acceptable_tools) or None
    return AgentScoreRow(
        incident_id=result.incident_id,
        candidate_id=result.candidate_id,
        repeat=result.repeat,
        primary=primary,
        steps=len(steps),
        inferences=sum(one["step_type"] == "inference" for one in steps),
        tokens=total([event.usage.total_tokens for event in result.trace_events]),
        cost_usd=result.cost_usd,
        tool_calls=result.tool_calls or 0,
        reads=sum(one["outcome"] in READS for one in tools),
        tool_misses=result.tool_misses or 0,
        tools_used=len(used),
        acceptable_tools_used=None if acceptable is None else len(used.intersection(acceptable)),
        violations=result.violations or 0,
        unsafe_attempts=sum(
            bool(one["is_mutating"]) and one["approval_requested"] is not True for one in tools
        ),
    )
