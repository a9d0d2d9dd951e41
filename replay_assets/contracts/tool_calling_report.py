"""The report of the tool-calling benchmark: figures of each candidate, comparisons, misses."""

from typing import ClassVar

from replay_assets.contracts.recommendation import Recommendation
from replay_assets.contracts.record import Part, Record
from replay_assets.contracts.report_details import Rate
from replay_assets.contracts.tool_case import Code, Expected, ToolCall


class Share(Part):
    """How many cases of a group are right, of those that were graded."""

    cases: int
    graded: int
    right: int
    accuracy: float | None


class CandidateFigures(Part):
    """The figures of one candidate.

    Attributes:
        candidate_id: the candidate.
        baseline: whether it is a baseline, not a model.
        about: how it was asked, and what it is if it is a baseline.
        cases: all cases.
        graded: cases with an answer; all rates are shares of these.
        right: cases in which names and parameters are right.
        accuracy: their share (micro: every case weighs the same).
        low: the lower bound of its Wilson interval of 95 %.
        high: the upper bound.
        macro_accuracy: the mean of the categories' accuracies (each category weighs the same).
        accuracy_lenient: the share that is right if a number as text counts as a number.
        name_accuracy: the share in which the names of the tools are right.
        name_low: the lower bound of its interval.
        name_high: the upper bound.
        irrelevance: the cases in which no tool is right.
        calls_in_text: calls that the model wrote into its text instead.
        by_category: figures of each category.
        by_language: figures of each language.
        by_tool: figures of the cases that expect each tool; `none` if no tool is right.
        outcomes: the number of cases with each outcome.
        codes: the number of wrong answers with each code.
        p50_latency_ms: the median latency of answers, in milliseconds.
        p95_latency_ms: the 95th percentile.
        prompt_tokens: the tokens of all prompts; None if some are unknown.
        completion_tokens: the tokens of all answers; None if some are unknown.
        cost_usd: the cost of all cases; None if it is unknown or there are no prices.
    """

    candidate_id: str
    baseline: bool
    about: str
    cases: int
    graded: int
    right: int
    accuracy: float | None
    low: float | None
    high: float | None
    macro_accuracy: float | None
    accuracy_lenient: float | None
    name_accuracy: float | None
    name_low: float | None
    name_high: float | None
    irrelevance: Rate
    calls_in_text: int
    by_category: dict[str, Share]
    by_language: dict[str, Share]
    by_tool: dict[str, Share]
    outcomes: dict[str, int]
    codes: dict[str, int]
    p50_latency_ms: float | None
    p95_latency_ms: float | None
    prompt_tokens: int | None
    completion_tokens: int | None
    cost_usd: float | None


class PairComparison(Part):
    """Two candidates on the cases that both answered: the two-sided mid-p McNemar test."""

    first: str
    second: str
    pairs: int
    first_only_right: int
    second_only_right: int
    mid_p: float


class Miss(Part):
    """A wrong answer: the last message of the case, what is expected and what was given."""

    candidate_id: str
    case_id: str
    category: str
    code: Code
    request: str
    expected: Expected
    given: list[ToolCall]


class ToolCallingReport(Record):
    """The report on all candidates that were asked the same cases.

    Attributes:
        cases: the number of cases.
        weights: how the cases weigh in each figure.
        candidates: one entry per candidate.
        comparisons: each pair of candidates.
        misses: every wrong answer.
        recommendations: the order of members for each route of which a member was asked.
        recommendation_rule: the rule of these orders.
    """

    VERSION: ClassVar[str] = "tool_calling_report_v1"

    cases: int
    weights: dict[str, str]
    candidates: list[CandidateFigures]
    comparisons: list[PairComparison]
    misses: list[Miss]
    recommendations: tuple[Recommendation, ...] = ()
    recommendation_rule: str = ""
