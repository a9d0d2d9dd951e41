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
