"""The runner: a pack through a candidate, results in request order, and the run's report.

Workers pull requests one by one, as many as the candidate's concurrency. A key or a model that the
endpoint refuses ends the run at once; what was not sent then leaves nothing published.
"""

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from replay_assets.contracts.result import OUTCOMES, RESULT_TABLE, ReplayResult, result_row
from replay_assets.contracts.run_report import RUN_REPORT_VERSION, RunReport
from replay_assets.contracts.vocabulary import Vocabulary
from replay_assets.errors import ConfigurationError, ReplayStoppedError
from replay_assets.inference.candidate import Candidate
from replay_assets.inference.client import ChatClient
from replay_assets.inference.failures import EndpointRefusedError
from replay_assets.inference.gate import SendingGate
from replay_assets.lake.digests import digest_of, vocabulary_digest
from replay_assets.lake.formats import encode_json, encode_jsonl, table_of
from replay_assets.lake.store import Publication
from replay_assets.replay.exchange import Exchange
from replay_assets.replay.pack_reading import PackLine, read_pack

CODE_VERSION = "1"
RESULTS_FILE = "replay_results.jsonl"
REPORT_FILE = "run_report.json"
API_KEY_MISSING = "api_key_missing"

Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class ReplayRun:
    """Results of a pack in request order, and what the run says of itself."""

    results: list[ReplayResult]
    report: RunReport

    def files(self) -> dict[str, bytes]:
        """Return the two files that a run writes."""
        return {
            RESULTS_FILE: encode_jsonl(result.as_json() for result in self.results),
            REPORT_FILE: encode_json(self.report.as_json()),
        }

    def publication(self, *, inputs: Mapping[str, str]) -> Publication:
        """Return the run as a partition: its files, and a table of the answers."""
        return Publication(
            tables={"replay_results": table_of(map(result_row, self.results), RESULT_TABLE)},
            files=self.files(),
            inputs={**inputs, "candidate": self.report.candidate_digest},
            facts={"requests": self.report.requests, "outcomes": self.report.outcomes},
            code_version=CODE_VERSION,
        )


def run_pack(
    content: bytes,
    candidate: Candidate,
    *,
    api_key: str | None,
    vocabulary: Vocabulary,
    progress: Progress | None = None,
    gate: SendingGate | None = None,
) -> ReplayRun:
    """Replay a pack. Without a gate of the run's own, the client guards the one key it is given.

    A pack with findings, or a missing key, gives a report with `valid` false and no results:
    nothing was sent.

    Raises:
        ReplayStoppedError: the endpoint refused the key or the model; nothing is kept.
        ConfigurationError: the pack was built with another vocabulary than the one at hand.
    """
    pack = read_pack(content, candidate_id=candidate.id)
    failures = list(pack.findings)
    if candidate.api_key_env is not None and not (api_key or "").strip():
        failures.append(API_KEY_MISSING)
    digest = digest_of([line.request.as_json() for line in pack.lines])
    count = len(pack.lines) + len({finding.rpartition(":")[2] for finding in pack.findings})
    if failures:
        return ReplayRun([], _report(candidate, [], count, digest, failures))
    _require_vocabulary(pack.lines, vocabulary)
    try:
        results = asyncio.run(_replay(pack.lines, candidate, api_key, vocabulary, progress, gate))
    except ExceptionGroup as group:
        # Workers fail together; the first of them says what happened.
        raise group.exceptions[0] from group
    return ReplayRun(results, _report(candidate, results, count, digest, []))


async def _replay(
    lines: list[PackLine],
    candidate: Candidate,
    api_key: str | None,
    vocabulary: Vocabulary,
    progress: Progress | None,
    gate: SendingGate | None,
) -> list[ReplayResult]:
    results: dict[int, ReplayResult] = {}
    waiting = iter(lines)
    ready_at = time.perf_counter()

    async def work(client: ChatClient) -> None:
        for line in waiting:
            exchange = Exchange(line, candidate, vocabulary, ready_at)
            results[line.number] = await exchange.run(client)
            if progress is not None:
                progress(len(results), len(lines))

    try:
        async with (
            ChatClient(candidate, api_key=api_key, gate=gate) as client,
            asyncio.TaskGroup() as tasks,
        ):
            for _ in range(min(candidate.limits.concurrency, len(lines))):
                tasks.create_task(work(client))
    except* EndpointRefusedError as refused:
        raise ReplayStoppedError(
            f"{refused.exceptions[0]} {len(lines) - len(results)} of {len(lines)} requests have no "
            "result; nothing was published."
        ) from None
    return [results[line.number] for line in lines]


def _require_vocabulary(lines: list[PackLine], vocabulary: Vocabulary) -> None:
    ours = vocabulary_digest(vocabulary)
    for line in lines:
        theirs = line.request.source_metadata.get("vocabulary_digest", ours)
        if theirs != ours:
            raise ConfigurationError(
                f"line {line.number}: the pack was built with another vocabulary "
                f"({str(theirs)[:12]}…, ours is {ours[:12]}…). Set REPLAY_VOCABULARY to that file, "
                "or build the pack again."
            )


def _report(
    candidate: Candidate,
    results: list[ReplayResult],
    requests: int,
    pack_digest: str,
    failures: list[str],
) -> RunReport:
    outcomes = Counter(result.outcome for result in results)
    failed = [result for result in results if result.error is not None]
    failures = failures + [f"external_error:{result.incident_id}" for result in failed]
    latencies = [result.latency_ms for result in results if result.latency_ms is not None]
    return RunReport(
        schema_version=RUN_REPORT_VERSION,
        candidate_id=candidate.id,
        candidate_variant_id=_common_variant(results, candidate),
        model=candidate.model,
        baseline=candidate.baseline,
        pack_digest=pack_digest,
        candidate_digest=candidate.digest(),
        requests=requests,
        results=len(results),
        valid=not failures and len(results) == requests,
        outcomes={str(outcome): outcomes[outcome] for outcome in OUTCOMES},
        failures=failures,
        external_error_records=len(failed),
        fallback_used_records=sum(result.fallback_used for result in results),
        trace_incomplete_records=sum(not result.trace_complete for result in results),
        retry_used_records=sum(result.retry_used for result in results),
        total_cost_usd=_total_cost(results, candidate),
        avg_latency_ms=round(float(np.mean(latencies)), 4) if latencies else None,
        p95_latency_ms=round(float(np.percentile(latencies, 95)), 4) if latencies else None,
    )


def _common_variant(results: list[ReplayResult], candidate: Candidate) -> str | None:
    variants: set[Any] = {result.candidate_variant_id for result in results}
    if not variants:
        return candidate.variant_id
    return variants.pop() if len(variants) == 1 else "mixed"


def _total_cost(results: list[ReplayResult], candidate: Candidate) -> float | None:
    """Sum what was paid; null without a price, or where an endpoint did not say what it used."""
    unknown = any(result.cost_usd is None for result in results)
    if candidate.prices_usd_per_million is None or unknown:
        return None
    return round(sum(result.cost_usd or 0.0 for result in results), 6)
