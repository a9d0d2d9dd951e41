"""Which fields say when, how fast or by which way, not what: left out when content is compared."""

from typing import Any

TIMING_FIELDS = frozenset(
    {
        "latency_ms",
        "queue_ms",
        "wait_ms",
        "attempts",
        "avg_latency_ms",
        "p50_latency_ms",
        "p95_latency_ms",
        "ttft_ms",
        "avg_ttft_ms",
        "avg_queue_ms",
        "tries",
        "retries",
        "possibly_paid_usd",
        "cached",
        "cached_records",
        "spent_usd",
    }
)

"""Whether an answer was on the first try, paid now or by another run, is how it came; what it says
and what such an answer costs is content."""

OTHERS_WORDS = frozenset({"incident_context", "source_metadata", "model_output"})
"""Below these, names are not ours: an alert label called `attempts` is content."""


def without_timing(value: Any) -> Any:  # noqa: ANN401 - any JSON value
    """Return a JSON value less its timing fields, at every depth of what we wrote ourselves."""
    if isinstance(value, dict):
        return {
            key: item if key in OTHERS_WORDS else without_timing(item)
            for key, item in value.items()
            if key not in TIMING_FIELDS
        }
    if isinstance(value, list):
        return [without_timing(item) for item in value]
    return value
