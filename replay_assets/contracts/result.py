"""The result of one request: its record, its possible outcomes, and its row in the lake."""

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field

from replay_assets.contracts.record import Part, Record
from replay_assets.totals import known_total

RESULT_VERSION = "agent_nemotron_external_result_v1"

Outcome = Literal[
    "answered",
    "contract_broken",
    "request_rejected",
    "model_refusal",
    "length_stop",
    "iteration_limit",
    "infrastructure_failure",
    "gate_refused",
    "not_sent",
]
UnusableOutcome = Literal[
    "contract_broken", "request_rejected", "model_refusal", "length_stop", "iteration_limit"
]
UNUSABLE_OUTCOMES: tuple[UnusableOutcome, ...] = (
    "contract_broken",
    "request_rejected",
    "model_refusal",
    "length_stop",
    "iteration_limit",
)
"""Outcomes without a usable answer for which the candidate is responsible: graded as wrong."""
GRADED_OUTCOMES: tuple[Outcome, ...] = ("answered", *UNUSABLE_OUTCOMES)
"""Outcomes for which the candidate is responsible."""
UNGRADED_OUTCOMES: tuple[Outcome, ...] = ("infrastructure_failure", "gate_refused", "not_sent")
"""Outcomes without an answer: the infrastructure failed, the gate blocked the request, or the
budget was used up. The next run asks again."""
OUTCOMES: tuple[Outcome, ...] = (*GRADED_OUTCOMES, *UNGRADED_OUTCOMES)


def answered_share(outcomes: Mapping[str, int]) -> float:
    """Return the share of requests that have an answer, from the number of each outcome.

    A request that the endpoint rejected counts as answered. Without requests it is 1: none failed.
    """
    requests = sum(outcomes.values())
    unanswered = sum(outcomes.get(outcome, 0) for outcome in UNGRADED_OUTCOMES)
    return 1 - unanswered / requests if requests else 1.0


AGENT_COUNTS = ("steps", "tool_calls", "tool_misses", "violations")
"""The fields of results, and of the report of a run, that only runs of agents have."""
AgentCount = Annotated[int | None, Field(exclude_if=lambda count: count is None)]
"""A count that is left out of the records of runs without an agent."""


class Usage(Part):
    """Tokens that the endpoint reported; a count that it did not report is None.

    Completion tokens include reasoning tokens; prompt tokens include cached tokens.
    """

    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    total_tokens: int | None = None
    reasoning_tokens: int | None = None
    cached_tokens: int | None = None


class Try(Part):
    """One attempt to send a call: its HTTP status, waiting time, latency, usage and cost.

    `possibly_paid` marks an attempt whose outcome can't be known, such as a connection reset:
    `cost_usd` is then the most that it can have cost.
    """

    status: int | None
    outcome: str
    wait_ms: float
    latency_ms: float
    ttft_ms: float | None
    usage: Usage
    cost_usd: float | None
    possibly_paid: bool


class TraceEvent(Part):
    """One call to the endpoint, with all its attempts. A repair call is a separate event."""

    type: Literal["nemotron_external_offline_runner"] = "nemotron_external_offline_runner"
    line_number: int
    model: str
    candidate_variant_id: str | None
    retry_used: bool
    first_error: str | None
    usage: Usage
    latency_ms: float | None
    wait_ms: float
    attempts: int
    ttft_ms: float | None = None
    cost_usd: float | None = None
    response_mode: str | None = None
    cached: bool = False
    tries: tuple[Try, ...] = ()


LinkOutcome = Literal[
    Outcome, "endpoint_refused", "circuit_open", "key_missing", "budget_exhausted"
]


class ChainLink(Part):
    """A member of a route that was asked, or skipped, for one request.

    The outcome of the one whose answer is the result is `answered`. `latency_ms` is the time of its
    attempts, `cost_usd` what they cost at most; None if that is unknown. A member is skipped with
    `circuit_open` (its endpoint failed often shortly before), `key_missing` or `budget_exhausted`.
    `endpoint_refused`: account, key or model were rejected, now or earlier in the run.
    """

    candidate_id: str
    outcome: LinkOutcome
    latency_ms: float
    cost_usd: float | None


RouteChain = Annotated[list[ChainLink] | None, Field(exclude_if=lambda chain: chain is None)]
"""The members of a route; left out of the records of other candidates."""


class ReplayResult(Record):
    """The result of one request, for every outcome.

    `latency_ms` is the time of the answered attempts only, `queue_ms` how long the request waited
    for its turn since the start of the run, `ttft_ms` the time to the first token of the last call.
    `cost_usd` is what its answers cost: None if the candidate has no price or the endpoint reported
    no usage. It does not include attempts that may have been paid for: `possibly_paid_usd` does.
    `cached` marks answers that another run paid for; latency and cost are those of that run.
    `repeat` counts from 0 if an incident is asked more than once.

    Only results of a route have a `chain`: the members in the order in which they were asked. Its
    `model` and `candidate_variant_id` are those of the last of them, and `fallback_used` means that
    another one than the first answered, or none did.

    Only results of an agent have the counts at the end: `steps` that were completed, `tool_calls`
    that the model asked for, `tool_misses` (reads that were never recorded), and `violations` that
    shields found, flagged or not.
    """

    VERSION: ClassVar[str] = RESULT_VERSION

    run_id: str
    incident_id: str
    candidate_id: str
    candidate_variant_id: str | None
    model: str
    outcome: Outcome
    model_output: dict[str, Any]
    latency_ms: float | None
    queue_ms: float
    cost_usd: float | None
    fallback_used: bool
    trace_complete: bool
    retry_used: bool
    trace_events: list[TraceEvent]
    error: str | None
    first_error: str | None
    repeat: int = 0
    ttft_ms: float | None = None
    possibly_paid_usd: float | None = None
    cached: bool = False
    chain: RouteChain = None
    steps: AgentCount = None
    tool_calls: AgentCount = None
    tool_misses: AgentCount = None
    violations: AgentCount = None


class ResultRow(Part):
    """A result in the table `replay_results`: the answer flattened, tokens of all calls summed."""

    incident_id: str
    candidate_id: str
    candidate_variant_id: str | None
    model: str
    outcome: Outcome
    proposed_action: str | None
    action_plan: list[str] | None
    risk_level: str | None
    requires_human_approval: bool | None
    blocked_by_policy: bool | None
    action_id: str | None
    root_cause_category: str | None
    root_cause_components: list[str] | None
    root_cause_statement: str | None
    prompt_tokens: int | None
    completion_tokens: int | None
    cost_usd: float | None
    retry_used: bool
    fallback_used: bool
    error: str | None
    latency_ms: float | None
    queue_ms: float
    repeat: int
    reasoning_tokens: int | None
    cached_tokens: int | None
    ttft_ms: float | None
    possibly_paid_usd: float | None
    cached: bool


def result_row(result: ReplayResult) -> dict[str, Any]:
    """Return a result as the columns of `ResultRow`."""
    answer = result.model_output
    # Packs of the original system do not ask for a root cause.
    cause = answer.get("root_cause") or {}
    tokens = [event.usage for event in result.trace_events]
    same_name = result.model_dump(mode="json", include=set(ResultRow.model_fields))
    return {
        **same_name,
        "proposed_action": answer.get("proposed_action"),
        "action_plan": answer.get("action_plan"),
        "risk_level": answer.get("risk_level"),
        "requires_human_approval": answer.get("requires_human_approval"),
        "blocked_by_policy": answer.get("blocked_by_policy"),
        "action_id": answer.get("action_id"),
        "root_cause_category": cause.get("category"),
        "root_cause_components": cause.get("components"),
        "root_cause_statement": cause.get("statement"),
        **{
            name: total([getattr(usage, name) for usage in tokens])
            for name in Usage.model_fields
            if name in ResultRow.model_fields
        },
    }


def total(counts: list[int | None]) -> int | None:
    """Return the sum of token counts; None if a count is unknown or if there are none."""
    return known_total(counts) if counts else None
