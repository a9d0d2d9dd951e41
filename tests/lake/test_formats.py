"""Parquet, JSONL and JSON: what is written can be read back, here and by other readers."""

import json
from typing import Any

import pyarrow as pa
import pytest

from replay_assets.contracts.evidence import INCIDENT_EVIDENCE
from replay_assets.contracts.record import Record
from replay_assets.errors import ContractError
from replay_assets.lake.formats import (
    arrow_table,
    decode_json,
    decode_jsonl,
    decode_table,
    encode_json,
    json_line,
    record_line,
)
from tests.lake.written import encode_jsonl, encode_table


@pytest.mark.parametrize("character", ["\u2028", "\u2029", "\u0085"], ids=ascii)
def test_a_line_separator_inside_text_does_not_end_a_jsonl_line(character: str):
    """`str.splitlines` and some trainers' readers would cut the record in two."""
    content = encode_jsonl([{"text": f"a{character}b", f"key{character}": 1}])
    assert len(content.decode().splitlines()) == 1
    assert decode_jsonl(content, "f.jsonl") == [{"text": f"a{character}b", f"key{character}": 1}]


def test_jsonl_keeps_chinese_readable_and_keys_in_their_order():
    """People read these files; the order of fields is part of their bytes."""
    assert encode_jsonl([{"b": "磁碟已滿", "a": None}]) == '{"b":"磁碟已滿","a":null}\n'.encode()


@pytest.mark.parametrize("value", [float("nan"), float("inf")], ids=["NaN", "infinity"])
def test_a_number_that_is_not_json_is_rejected(value: float):
    """`NaN` in a file breaks every reader except Python's."""
    with pytest.raises(ValueError, match="not JSON compliant"):
        json_line({"cost_usd": value})
    with pytest.raises(ValueError, match="not JSON compliant"):
        encode_json({"cost_usd": value})


@pytest.mark.parametrize(
    ("content", "message"),
    [
        pytest.param(b'{"a":1}\n\n{"a":\n', "f.jsonl, line 3: not JSON", id="cut off"),
        pytest.param(b'{"a":1}\n[1]\n', "f.jsonl, line 2: expected an object", id="a list"),
        pytest.param(b'{"a":1}\n{"a":"\xff"}\n', "f.jsonl, line 2: not JSON", id="not UTF-8"),
    ],
)
def test_a_bad_jsonl_line_is_named_by_its_number(content: bytes, message: str):
    """The user must be able to find the line among thousands."""
    with pytest.raises(ContractError) as refusal:
        decode_jsonl(content, "f.jsonl")
    assert str(refusal.value).startswith(message)


def test_no_records_make_an_empty_file():
    """An empty day is a file without lines, and can be read."""
    assert encode_jsonl([]) == b""
    assert decode_jsonl(b"", "f.jsonl") == []


def test_a_json_document_is_indented_and_reads_back():
    """Reports and manifests are read by people too."""
    document = {"verdict": "HOLD", "reasons": ["傷害"]}
    content = encode_json(document)
    assert content.endswith(b"}\n")
    assert "傷害".encode() in content
    assert decode_json(content, "report.json") == document


@pytest.mark.parametrize("content", [b"[1]", b"{", b""], ids=["a list", "cut off", "empty"])
def test_a_wrong_json_document_is_named(content: bytes):
    """A truncated manifest must not be read as an empty one."""
    with pytest.raises(ContractError, match=r"^report\.json: "):
        decode_json(content, "report.json")


def test_an_empty_table_keeps_its_complete_schema():
    """A day without incidents has the columns and types of every other day."""
    table = decode_table(encode_table(arrow_table([], INCIDENT_EVIDENCE)))
    assert table.num_rows == 0
    assert table.schema.equals(INCIDENT_EVIDENCE)


def test_a_row_that_lacks_a_column_is_null_there():
    """Rows never change the schema."""
    table = arrow_table([{"id": "ev-1"}], INCIDENT_EVIDENCE)
    assert table.schema.equals(INCIDENT_EVIDENCE)
    assert table.to_pylist() == [{**dict.fromkeys(INCIDENT_EVIDENCE.names), "id": "ev-1"}]


def test_equal_tables_are_equal_bytes():
    """Materialising twice changes no byte."""
    rows = [{"id": str(n), "evidence_summary": "磁碟" * n} for n in range(500)]
    first, second = (encode_table(arrow_table(rows, INCIDENT_EVIDENCE)) for _ in range(2))
    assert first == second


def test_a_damaged_parquet_page_is_noticed():
    """A flipped bit on a disk must not become evidence."""
    content = bytearray(encode_table(pa.table({"n": list(range(10_000))})))
    content[len(content) // 2] ^= 0xFF
    with pytest.raises(OSError, match=r"(?i)crc|checksum|corrupt"):
        decode_table(bytes(content))


def test_a_json_line_is_json():
    """Our additional escapes are valid JSON."""
    value = {"text": 'quote " backslash \\ tab \t \u2028'}
    assert json.loads(json_line(value)) == value


class _Note(Record):
    VERSION = "1"

    text: str
    numbers: dict[str, Any]


@pytest.mark.parametrize(
    "text",
    ["plain", "磁碟已滿", "a\u2028b\u0085", '\x00\x1f\x7f\\"/', "NaN", "-Infinity", "\U0001f600"],
)
def test_a_record_is_written_like_its_json(text: str):
    """The fast path and the slow one give the same value, on one line for every reader."""
    note = _Note(
        schema_version="1", text=text, numbers={"a": [1, 1.5, None, True, 10**20], text: {}}
    )
    line = record_line(note).decode()
    assert line == json_line(note.as_json()) + "\n"
    assert len(line.splitlines()) == 1


@pytest.mark.parametrize("value", [float("nan"), float("-inf")], ids=["NaN", "infinity"])
def test_a_record_with_a_number_that_is_not_json_is_rejected(value: float):
    """Deep inside, where no field's type forbids it."""
    with pytest.raises(ValueError, match="not JSON compliant"):
        record_line(_Note(schema_version="1", text="", numbers={"a": [value]}))


def test_a_record_with_half_a_surrogate_pair_is_rejected():
    """It can't be encoded as UTF-8."""
    with pytest.raises(ValueError, match="surrogates not allowed"):
        record_line(_Note(schema_version="1", text="\ud83d", numbers={}))
