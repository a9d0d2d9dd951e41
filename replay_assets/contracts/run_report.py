"""What a replay says of itself: counts, failures, cost and speed of one pack's results."""

from typing import ClassVar

from replay_assets.contracts.record import Record

RUN_REPORT_VERSION = "agent_nemotron_external_runner_report_v1"


class RunReport(Record):
    """Report of one run of one pack.

    `valid` means: nothing failed and there are as many results as requests. `failures` holds input
    findings (`request_…:line_N`) or `external_error:<incident_id>`. The 95th percentile is numpy's
    linear interpolation over the results that have a latency. Money is null where it is unknown.
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
