"""Timing fields are removed at every depth, and nothing else is removed."""

import pytest

from replay_assets.contracts.timing import TIMING_FIELDS, without_timing
from tests.contracts.examples import RESULT, RUN_REPORT


@pytest.mark.parametrize("field", sorted(TIMING_FIELDS))
def test_a_timing_field_is_left_out_at_every_depth(field: str):
    """Latency is in results, in their trace events and in reports."""
    record = {field: 1, "kept": [{field: 2, "deep": {field: 3, "also": None}}]}
    assert without_timing(record) == {"kept": [{"deep": {"also": None}}]}


@pytest.mark.parametrize("value", [None, 0, "latency_ms", [], {}, ["latency_ms"]], ids=repr)
def test_a_value_without_timing_fields_is_unchanged(value: object):
    """A name is a timing field only as a key, never as a value."""
    assert without_timing(value) == value


def test_only_times_attempts_and_cache_are_left_out_of_results_and_reports():
    """Cost, tokens and outcome are content: a rerun with other values has other content."""
    result = RESULT.as_json()
    assert set(result) - set(without_timing(result)) == {
        "latency_ms", "queue_ms", "ttft_ms", "possibly_paid_usd", "cached",
    }  # fmt: skip
    event = result["trace_events"][0]
    assert set(event) - set(without_timing(event)) == {
        "latency_ms", "wait_ms", "attempts", "ttft_ms", "cached", "tries",
    }  # fmt: skip
    report = RUN_REPORT.as_json()
    assert set(report) - set(without_timing(report)) == {
        "avg_latency_ms", "p95_latency_ms", "avg_ttft_ms", "avg_queue_ms", "retries",
        "cached_records", "spent_usd", "possibly_paid_usd",
    }  # fmt: skip


def test_the_time_of_an_event_is_left_out_and_other_fields_of_that_name_are_kept() -> None:
    """`at` is too short a name to mean a time everywhere."""
    event = {"event_type": "step_start", "at": "2026-09-21", "payload": {"at": 1, "ms": 2}}
    assert without_timing([event, {"at": 1}]) == [
        {"event_type": "step_start", "payload": {"at": 1}},
        {"at": 1},
    ]


def test_keys_inside_foreign_fields_are_content() -> None:
    """An alert label called `attempts` changes a pack; its digest must change too."""
    request = {"incident_context": {"labels": {"attempts": "3"}}, "latency_ms": 1.0}
    assert without_timing(request) == {"incident_context": {"labels": {"attempts": "3"}}}
