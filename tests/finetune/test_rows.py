"""The canonical row: its identity, its text for duplicates, and its way through a file."""

from typing import Any

import msgspec

from replay_assets.finetune.rows import Message, Row, ToolCall, decode_row, encode_row, row_id


def a_row(**changes: Any) -> Row:
    """Return a row of one question and one answer."""
    fields: dict[str, Any] = {
        "kind": "positive",
        "prompt": (Message("system", "Find the cause."), Message("user", "disk is full")),
        "completion": (Message("assistant", "Delete old logs."),),
        "incident_id": "inc-1",
        "scenario_group": "disk",
        "label_source": "verified_execution",
        "metadata": {"alertname": "DiskFull"},
    }
    return Row(**{**fields, **changes})


def test_the_text_for_duplicates_has_no_constant_instruction() -> None:
    """Else short rows with one long instruction would look alike."""
    assert a_row().text == "disk is full\nDelete old logs."
    call = Message("assistant", tool_calls=(ToolCall("c1", "df", {"path": "/"}),))
    assert a_row(completion=(call,)).text == 'disk is full\n\n["df",{"path":"/"}]'


def test_a_rows_id_follows_from_what_it_teaches() -> None:
    """Not from its lineage, so that a row keeps its place when a judge's label is added."""
    row = a_row()
    assert row_id(a_row(weight=2.0, session_id="s")) == row_id(row)
    assert row_id(a_row(kind="negative")) != row_id(row)
    assert row_id(a_row(completion=(Message("assistant", "Reboot."),))) != row_id(row)


def test_a_row_survives_its_file() -> None:
    """Defaults are not written, and are read back."""
    row = a_row(rejected=(Message("assistant", "重啟"),), execution_id="r-1")
    assert decode_row(encode_row(row)) == row
    assert msgspec.structs.asdict(decode_row(encode_row(row)))["session_id"] is None
