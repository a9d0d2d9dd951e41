"""What a replay says of itself: counts, failures, cost and speed of one pack's results."""

from typing import ClassVar

from pydantic import Field

from replay_assets.contracts.record import Record
from replay_assets.contracts.result import Usage

RUN_REPORT_VERSION = "agent_nemotron_external_runner_report_v1"


class RunReport(Record):
    """Report of one run of one pack.

    `valid` means: nothing failed and there are as many results as requests. `failures` holds input
    findings (`request_…:line_N`) or `external_error:<incident_id>`. The 95th percentile is numpy's
    linear interpolation over the results that have a latency. Money is null where it is unknown:
    `total_cost_usd` is what the answers cost, whoever paid, `spent_usd` that less what came from
    the cache, `possibly_paid_usd` the most that attempts of unknown outcome can have cost.
    `response_modes` counts answers by how JSON was asked for; `usage` is null where a call reported
    none. `requests` counts an incident once a repeat.
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
