"""The report of one replay of one pack: counts, failures, cost and speed."""

from typing import ClassVar

from pydantic import Field

from replay_assets.contracts.record import Record
from replay_assets.contracts.result import AgentCount, Usage

RUN_REPORT_VERSION = "agent_nemotron_external_runner_report_v1"


class RunReport(Record):
    """The report of one run of one pack.

    `valid` means that nothing failed and that there are as many results as requests. `failures`
    lists faults in the input (`request_…:line_N`) or `external_error:<incident_id>`. The 95th
    percentile is numpy's linear interpolation over the results that have a latency.

    An unknown amount of money is None. `total_cost_usd` is what the answers cost, no matter which
    run paid for them; `spent_usd` leaves out answers that another run paid for; `possibly_paid_usd`
    is the most that attempts of unknown outcome can have cost. `response_modes` counts answers by
    the way in which JSON was requested. A count in `usage` is None if a call did not report it.
    `requests` counts an incident once per repeat. Only reports on an agent have the sums at the
    end, which are those of its results.
    """

    VERSION: ClassVar[str] = RUN_REPORT_VERSION

    candidate_id: str
    candidate_variant_id: str | None
    model: str
    baseline: bool
    pack_digest: str
    candidate_digest: str
    requests: int
    results: int
    valid: bool
    outcomes: dict[str, int]
    failures: list[str]
    external_error_records: int
    fallback_used_records: int
    trace_incomplete_records: int
    retry_used_records: int
    total_cost_usd: float | None
    avg_latency_ms: float | None
    p95_latency_ms: float | None
    repeats: int = 1
    usage: Usage = Usage()
    response_modes: dict[str, int] = Field(default_factory=dict)
    retries: int = 0
    cached_records: int = 0
    spent_usd: float | None = None
    possibly_paid_usd: float | None = None
    avg_ttft_ms: float | None = None
    avg_queue_ms: float | None = None
    steps: AgentCount = None
    tool_calls: AgentCount = None
    tool_misses: AgentCount = None
    violations: AgentCount = None
