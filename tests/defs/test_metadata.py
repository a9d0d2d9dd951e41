"""Previews: the first rows, and how many more there are."""

import pyarrow as pa
import pytest

from replay_assets.defs.metadata import CELL_CHARACTERS, PREVIEW_ROWS, preview, table_preview


@pytest.mark.parametrize("count", [0, 1, PREVIEW_ROWS, PREVIEW_ROWS + 3])
def test_a_tables_preview_is_that_of_all_its_rows(count: int) -> None:
    """The only difference: just the rows that are shown become Python objects."""
    rows = [{"id": f"inc-{number}", "severity": None, "raw": "x"} for number in range(count)]
    schema = pa.schema([("id", pa.string()), ("severity", pa.string()), ("raw", pa.string())])
    columns = ("id", "severity")
    shown = table_preview(pa.Table.from_pylist(rows, schema=schema), columns).value
    assert shown == preview(rows, columns).value
    assert shown == preview(rows[:PREVIEW_ROWS], columns, total=count).value
    assert ("… and 3 more" in str(shown)) is (count == PREVIEW_ROWS + 3)


def test_a_long_cell_is_cut_before_it_is_escaped() -> None:
    """Half of an escaped character would be shown as text."""
    (_, _, row) = str(preview([{"id": "<" * 100}], ("id",)).value).splitlines()
    assert row == "| " + "&lt;" * (CELL_CHARACTERS - 1) + "… |"
