"""Single answers and investigations of the same model side by side, paired by incident."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from statistics import fmean, median
from typing import Any

from replay_assets.candidates import Catalogue, agent_of
from replay_assets.contracts.agent_comparison import AgentComparison, AgentSide
from replay_assets.contracts.result import total
from replay_assets.contracts.score import ReplayScore
from replay_assets.evaluation.report.shown import percent
from replay_assets.evaluation.report.words import Words
from replay_assets.evaluation.scored_days import CandidateScores, ScoredDays
from replay_assets.lake import assets
from replay_assets.statistics.mcnemar import mid_p

Rows = list[Mapping[str, Any]]


def agent_comparisons(
    days: ScoredDays, scores: Sequence[CandidateScores], catalogue: Catalogue
) -> tuple[AgentComparison, ...]:
    """Return one comparison per candidate that has investigations in days that count.

    Args:
        days: the days.
        scores: the scores of every candidate and agent in these days.
        catalogue: which candidates have an agent.
    """
    by_id = {one.candidate_id: one for one in scores}
    found = (_compared(days, by_id[one.id], by_id[agent_of(one).id]) for one in catalogue.agents)
    return tuple(one for one in found if one is not None)


def agent_filters(words: Words) -> dict[str, Callable[..., Any]]:
    """Return the filters of the part on agents for a language."""
    return {"agent_rows": lambda one: list(_rows_shown(one, words))}


def _rows_shown(one: AgentComparison, words: Words) -> Iterator[tuple[str, str]]:
    """Yield names and values of what only investigations have."""
    misses = f"{one.tool_misses}/{one.reads}"
    if one.misses_by_tool:
        by_tool = (f"{name} {count}" for name, count in one.misses_by_tool.items())
        misses = f"{misses} ({', '.join(by_tool)})"
    yield words("agents_steps"), "—" if one.steps is None else f"{one.steps:g}"
    yield words("agents_calls"), str(one.tool_calls)
    yield words("agents_misses"), misses
    yield words("agents_answered"), percent(one.answered_share)
    yield words("agents_tools"), f"{one.used_acceptable_tool}/{one.with_acceptable_tools}"
    yield words("agents_violations"), str(one.violations)
    yield words("agents_unsafe"), str(one.unsafe_attempts)


def _compared(
    days: ScoredDays, single: CandidateScores, agent: CandidateScores
) -> AgentComparison | None:
    if not agent.scores:
        return None
    took = _rows_of(days, agent, assets.REPLAY_SCORES, assets.AGENT_SCORES)
    steps = _rows_of(days, agent, assets.REPLAY_RESULTS, assets.AGENT_STEPS)
    answers = _rows_of(days, single, assets.REPLAY_RESULTS, assets.REPLAY_RESULTS.table)
    ours, theirs = _graded(single), _graded(agent)
    both = ours.keys() & theirs.keys()
    only_single = sum(bool(ours[one].primary and not theirs[one].primary) for one in both)
    only_agent = sum(bool(theirs[one].primary and not ours[one].primary) for one in both)
    named = [row for row in took if row["acceptable_tools_used"] is not None]
    single_tokens = {
        row["incident_id"]: total([row["prompt_tokens"], row["completion_tokens"]])
        for row in _first(answers)
    }
    agent_tokens = {row["incident_id"]: row["tokens"] for row in _first(took)}
    misses = Counter(row["name"] for row in steps if row["is_miss"])
    return AgentComparison(
        single=_side(single.candidate_id, ours, both, single_tokens),
        agent=_side(agent.candidate_id, theirs, both, agent_tokens),
        pairs=len(both),
        only_single_right=only_single,
        only_agent_right=only_agent,
        mid_p=mid_p(only_agent, only_single) if both else None,
        investigations=len(took),
        steps=median(row["steps"] for row in took) if took else None,
        misses_by_tool=dict(sorted(misses.items())),
        with_acceptable_tools=len(named),
        used_acceptable_tool=sum(row["acceptable_tools_used"] > 0 for row in named),
        **{name: sum(row[name] for row in took) for name in SUMS},
    )


SUMS = ("tool_calls", "reads", "tool_misses", "violations", "unsafe_attempts")


def _rows_of(days: ScoredDays, of: CandidateScores, asset: assets.Asset, table: str) -> Rows:
    """Return the rows of a table that belong to a candidate's scores that count."""
    return [
        row
        for day, state in of.days.items()
        if state == "counted"
        for row in days.lineage.get(asset.at(day, of.candidate_id)).rows(table)
        if days.is_listed(row["incident_id"], day)
    ]


def _first(rows: Rows) -> Rows:
    """Return the rows of the first answer to each incident, which is the one that is compared."""
    return [row for row in rows if row["repeat"] == 0]


def _graded(scores: CandidateScores) -> dict[str, ReplayScore]:
    return {one.incident_id: one for one in scores.scores if one.primary is not None}


def _side(
    candidate_id: str,
    scores: Mapping[str, ReplayScore],
    both: Iterable[str],
    tokens: Mapping[str, int | None],
) -> AgentSide:
    incidents = sorted(both)
    return AgentSide(
        candidate_id=candidate_id,
        right=sum(bool(scores[one].primary) for one in incidents),
        tokens=_figure(median, (tokens.get(one) for one in incidents)),
        cost_usd=_figure(fmean, (scores[one].cost_usd for one in incidents)),
    )


def _figure(of: Callable[[Iterable[float]], float], values: Iterable[float | None]) -> float | None:
    """Return a figure of values; None if one is unknown: a part would look too cheap."""
    found = list(values)
    known = [one for one in found if one is not None]
    return round(float(of(known)), 6) if known and len(known) == len(found) else None
