"""Fields that depend on the run, such as times and attempts: ignored when content is compared."""

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
        "ms",
        "started_at",
        "completed_at",
    }
)
"""How an answer was obtained depends on the run: on the first try or a later one, paid for by this
run or by another. What an answer says, and what such an answer costs, is content."""

EVENT, EVENT_TIME = "event_type", "at"
"""An object with the first field is an event, and the second is its time; elsewhere, `at` is
content."""
NOT_PLAIN = TIMING_FIELDS | {EVENT}
"""An object with none of these fields has no time."""

FOREIGN_FIELDS = frozenset({"incident_context", "source_metadata", "model_output"})
"""Keys inside these fields are not ours: an alert label called `attempts` is content."""

_WITHOUT_FIELDS = frozenset({str, bool, int, float, type(None)})


def without_timing(value: Any) -> Any:  # noqa: ANN401 - any JSON value
    """Return a JSON value without its timing fields, at every depth, except in foreign fields."""
    if isinstance(value, dict):
        times = TIMING_FIELDS if EVENT not in value else TIMING_FIELDS | {EVENT_TIME}
        return {
            key: item
            if item.__class__ in _WITHOUT_FIELDS or key in FOREIGN_FIELDS
            else without_timing(item)
            for key, item in value.items()
            if key not in times
        }
    if isinstance(value, list):
        return [without_timing(item) for item in value]
    return value
