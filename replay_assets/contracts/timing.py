"""Which fields say when or how fast, not what: left out when two runs' content is compared."""

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
    }
)


def without_timing(value: Any) -> Any:  # noqa: ANN401 - any JSON value
    """Return a JSON value less its timing fields, at every depth."""
    if isinstance(value, dict):
        return {
            key: without_timing(item) for key, item in value.items() if key not in TIMING_FIELDS
        }
    if isinstance(value, list):
        return [without_timing(item) for item in value]
    return value
