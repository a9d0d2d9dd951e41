"""The report of a run, built from its results one by one."""

from array import array
from collections import Counter
from collections.abc import Sequence
from statistics import fmean

from replay_assets.candidates import Candidate
from replay_assets.contracts.percentile import percentile
from replay_assets.contracts.result import AGENT_COUNTS, OUTCOMES, ReplayResult, Usage
from replay_assets.contracts.run_report import RUN_REPORT_VERSION, RunReport
from replay_assets.replay.pack_reading import Pack

USAGE = tuple(Usage.model_fields)


class ReportBuilder:
    """Sums up results one by one; the results are not kept in memory."""

    def __init__(self, candidate: Candidate, pack: Pack) -> None:
        self._candidate = candidate
        self._pack = pack
        self._counts: Counter[str] = Counter()
        self._outcomes: Counter[str] = Counter()
        self._modes: Counter[str] = Counter()
        self._variants: set[str | None] = set()
        self._failures: list[str] = []
        self._times = {name: array("d") for name in ("latency_ms", "queue_ms", "ttft_ms")}
        self._usage: dict[str, int | None] = {}
        self._agent: Counter[str] = Counter()
        priced = candidate.is_priced
        self._money: dict[str, float | None] = dict.fromkeys(
            ("cost", "spent", "possibly_paid"), 0.0 if priced else None
        )

    def add(self, result: ReplayResult) -> None:
        """Add the next result."""
        self._outcomes[result.outcome] += 1
        self._variants.add(result.candidate_variant_id)
        self._counts["results"] += 1
        for name in ("fallback_used", "retry_used", "cached"):
            self._counts[name] += getattr(result, name)
        self._counts["incomplete"] += not result.trace_complete
        if result.error is not None:
            self._failures.append(f"external_error:{result.incident_id}")
        for name, values in self._times.items():
            if (value := getattr(result, name)) is not None:
                values.append(value)
        for name in AGENT_COUNTS:
            if (count := getattr(result, name)) is not None:
                self._agent[name] += count
        self._pay("cost", result.cost_usd)
        self._pay("spent", _spent(result))
        self._pay("possibly_paid", result.possibly_paid_usd)
        for event in result.trace_events:
            self._counts["retries"] += event.attempts - 1
            if event.response_mode is not None:
                self._modes[event.response_mode] += 1
                self._use(event.usage)

    def report(self, failures: Sequence[str] = ()) -> RunReport:
        """Return the report; `failures` are the reasons why the pack was not sent."""
        requests = self._pack.requests * self._candidate.repeats
        results = self._counts["results"]
        latencies = self._times["latency_ms"]
        return RunReport(
            schema_version=RUN_REPORT_VERSION,
            candidate_id=self._candidate.id,
            candidate_variant_id=self._variant(),
            model=self._candidate.shown_model,
            baseline=self._candidate.baseline,
            pack_digest=self._pack.digest,
            candidate_digest=self._candidate.digest(),
            requests=requests,
            results=results,
            valid=not failures and not self._failures and results == requests,
            outcomes={str(outcome): self._outcomes[outcome] for outcome in OUTCOMES},
            failures=[*failures, *self._failures],
            external_error_records=len(self._failures),
            fallback_used_records=self._counts["fallback_used"],
            trace_incomplete_records=self._counts["incomplete"],
            retry_used_records=self._counts["retry_used"],
            total_cost_usd=self._paid("cost"),
            avg_latency_ms=_mean(latencies),
            p95_latency_ms=_rounded(percentile(latencies, 95)),
            repeats=self._candidate.repeats,
            usage=Usage(**self._usage),
            response_modes=dict(sorted(self._modes.items())),
            retries=self._counts["retries"],
            cached_records=self._counts["cached"],
            spent_usd=self._paid("spent"),
            possibly_paid_usd=self._paid("possibly_paid"),
            avg_ttft_ms=_mean(self._times["ttft_ms"]),
            avg_queue_ms=_mean(self._times["queue_ms"]),
            **self._agent,
        )

    def _variant(self) -> str | None:
        if not self._variants:
            return self._candidate.variant_id
        return next(iter(self._variants)) if len(self._variants) == 1 else "mixed"

    def _pay(self, purpose: str, usd: float | None) -> None:
        """Add to a sum of money; if one part is unknown, the sum stays unknown, not too low."""
        so_far = self._money[purpose]
        self._money[purpose] = None if so_far is None or usd is None else so_far + usd

    def _paid(self, purpose: str) -> float | None:
        usd = self._money[purpose]
        return None if usd is None or not self._counts["results"] else round(usd, 6)

    def _use(self, usage: Usage) -> None:
        for name in USAGE:
            so_far, tokens = self._usage.get(name, 0), getattr(usage, name)
            self._usage[name] = None if so_far is None or tokens is None else so_far + tokens


def _spent(result: ReplayResult) -> float | None:
    """Return what this run paid for a result; answers from the cache cost nothing."""
    if result.cost_usd is None:
        return None
    return sum(event.cost_usd or 0.0 for event in result.trace_events if not event.cached)


def _mean(values: Sequence[float]) -> float | None:
    return _rounded(fmean(values)) if values else None


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 4)
