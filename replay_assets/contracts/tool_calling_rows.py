"""The tables of the tool-calling benchmark: one row per result, one per figure of the report."""

import json
from typing import ClassVar

from replay_assets.contracts.arrow import TableRow
from replay_assets.contracts.tool_case import ToolCallingResult


class ToolResultRow(TableRow):
    """One result; `calls` is JSON, because queries should not have to unpack nested columns."""

    TABLE_VERSION: ClassVar[str] = "tool_calling_results_v1"

    case_id: str
    candidate_id: str
    baseline: bool
    category: str
    language: str
    outcome: str
    calls: str
    calls_in_text: int
    right: bool | None
    right_lenient: bool | None
    name_right: bool | None
    code: str | None
    latency_ms: float | None
    prompt_tokens: int | None
    completion_tokens: int | None
    cost_usd: float | None
    error: str | None


class ToolFigureRow(TableRow):
    """How many cases of one group are right for one candidate.

    Attributes:
        candidate_id: the candidate.
        baseline: whether it is a baseline, not a model.
        grouping: `all`, `category`, `language` or `tool`.
        group: the category, the language or the tool.
        cases: the cases of the group.
        graded: those with an answer.
        right: those that are right.
        accuracy: their share of the graded ones.
    """

    TABLE_VERSION: ClassVar[str] = "tool_calling_report_v1"

    candidate_id: str
    baseline: bool
    grouping: str
    group: str
    cases: int
    graded: int
    right: int
    accuracy: float | None


def result_row(result: ToolCallingResult) -> ToolResultRow:
    """Return a result as a row of the table."""
    fields = result.model_dump(mode="json", exclude={"schema_version", "calls", "usage"})
    usage = result.usage
    calls = [one.model_dump(mode="json") for one in result.calls]
    return ToolResultRow(
        **fields,
        calls=json.dumps(calls, ensure_ascii=False),
        prompt_tokens=None if usage is None else usage.prompt_tokens,
        completion_tokens=None if usage is None else usage.completion_tokens,
    )
