"""Digests: equal for two runs with the same content, different otherwise."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pyarrow as pa
import pytest

from replay_assets.contracts.arrow import arrow_schema
from replay_assets.contracts.result import ResultRow, result_row
from replay_assets.contracts.timing import TIMING_FIELDS
from replay_assets.lake.digests import content_digest, digest_of, file_digest
from replay_assets.lake.formats import arrow_table
from tests.contracts.examples import RESULT
from tests.lake.written import encode_jsonl, table_digest

RECORD = RESULT.as_json()
OTHER_VALUE: dict[type, object] = {
    str: "another",
    int: 7,
    bool: "flipped",
    float: 3.25,
    type(None): "no longer null",
    dict: {"another": 1},
    list: ["another"],
}


def digest_of_files(**files: bytes) -> str:
    named = {name.replace("_j", ".j").replace("_h", ".h"): text for name, text in files.items()}
    digests = {name: file_digest(name, text) for name, text in named.items()}
    return content_digest({}, {name: one for name, one in digests.items() if one is not None})


@pytest.mark.parametrize("field", sorted(RECORD))
def test_a_results_digest_ignores_timing_fields_and_nothing_else(field: str):
    """A rerun that is only slower is the same result; one that says anything else is not."""
    changed = {**RECORD, field: OTHER_VALUE[type(RECORD[field])]}
    assert (digest_of(changed) == digest_of(RECORD)) is (field in TIMING_FIELDS)


@pytest.mark.parametrize("column", ["latency_ms", "queue_ms", "cost_usd", "error", "outcome"])
def test_a_tables_digest_ignores_timing_columns_and_nothing_else(column: str):
    """The Parquet table of the same records follows the same rule."""
    row, schema = result_row(RESULT), arrow_schema(ResultRow)
    changed = {**row, column: 1.5 if schema.field(column).type == pa.float64() else "x"}
    digests = [table_digest(arrow_table([one], schema)) for one in (row, changed)]
    same = digests[0] == digests[1]
    assert same is (column in TIMING_FIELDS)


@pytest.mark.parametrize(
    "other",
    [
        pytest.param(pa.table({"n": [2, 1]}), id="order of rows"),
        pytest.param(pa.table({"n": [1]}), id="a row less"),
        pytest.param(pa.table({"n": pa.array([1, 2], pa.int32())}), id="type"),
        pytest.param(pa.table({"m": [1, 2]}), id="column's name"),
        pytest.param(pa.table({"n": [1, 2], "m": [None, None]}), id="a column more"),
    ],
)
def test_a_table_that_differs_has_another_digest(other: pa.Table):
    """Order, types and names are content."""
    assert table_digest(other) != table_digest(pa.table({"n": [1, 2]}))


def test_two_empty_tables_differ_by_their_columns():
    """The digest of an empty day still includes its columns."""
    empty = [pa.schema([(name, pa.string())]).empty_table() for name in ("a", "b")]
    assert table_digest(empty[0]) != table_digest(empty[1])


def test_the_order_of_keys_does_not_matter():
    """JSON objects have no order, but lists do."""
    assert digest_of({"a": 1, "b": 2}) == digest_of({"b": 2, "a": 1})
    assert digest_of([1, 2]) != digest_of([2, 1])


def test_a_value_that_is_not_json_is_rejected():
    """A digest of an object's address would differ from run to run."""
    with pytest.raises(TypeError, match="unsupported"):
        digest_of({"a": object()})


def test_a_partitions_digest_reads_json_and_leaves_renderings_out():
    """Spacing and HTML are not content; a changed value is."""
    document: dict[str, Any] = {"right": 3, "p95_latency_ms": 812.5}
    base = digest_of_files(
        report_json=json.dumps(document).encode(), rows_jsonl=encode_jsonl([RECORD])
    )
    again = digest_of_files(
        report_html=b"<p>3 right at 14:02</p>",
        report_json=json.dumps({**document, "p95_latency_ms": 9.0}, indent=2).encode(),
        rows_jsonl=encode_jsonl([{**RECORD, "latency_ms": 9.0}]),
    )
    assert again == base
    assert base != digest_of_files(
        report_json=json.dumps({**document, "right": 4}).encode(),
        rows_jsonl=encode_jsonl([RECORD]),
    )


def test_a_partitions_digest_depends_on_the_names_of_its_parts():
    """The train file and the test file are not interchangeable."""
    assert digest_of_files(train_jsonl=b"{}\n") != digest_of_files(test_jsonl=b"{}\n")


def test_instants_a_microsecond_apart_differ():
    """Times of the source are content; only our own clock is not."""
    at = datetime(2026, 9, 21, tzinfo=UTC)
    schema = pa.schema([("collected_at", pa.timestamp("us", tz="UTC"))])
    first, second = (
        table_digest(pa.table([[one]], schema=schema))
        for one in (at, at + timedelta(microseconds=1))
    )
    assert first != second
