"""Metadata of partitions for the UI: counts, previews, small plots and paths.

The content of raw evidence and labels is never shown, only ids and counts. A plot is an SVG of a
few kilobytes, because the event log stores three to four times its size.
"""

import base64
from collections.abc import Mapping, Sequence
from html import escape
from pathlib import PurePosixPath
from typing import Any

import dagster as dg
import pyarrow as pa

from replay_assets.lake import Published
from replay_assets.parsing.plain_text import markdown_cell, one_line

PREVIEW_ROWS = 10
CELL_CHARACTERS = 60
BAR_WIDTH, BAR_HEIGHT, LABEL_WIDTH = 260, 20, 210

Metadata = dict[str, Any]


def partition_metadata(published: Sequence[Published]) -> Metadata:
    """Return the row count, digest and path of the partitions that a run published."""
    metadata: Metadata = {
        "dagster/row_count": sum(_records(one) for one in published),
        "path": dg.MetadataValue.path(published[-1].folder),
        "content_digest": published[-1].digest,
    }
    for one in published if len(published) == 1 else ():
        for name, value in one.facts.items():
            metadata[name] = dict(value) if isinstance(value, Mapping) else value
    return metadata


def preview(
    records: Sequence[Mapping[str, Any]],
    columns: Sequence[str],
    *,
    rows: int = PREVIEW_ROWS,
    total: int | None = None,
) -> dg.MarkdownMetadataValue:
    """Return the first rows as a table; `total` also counts rows that are not in `records`."""
    total = len(records) if total is None else total
    lines = [
        "| " + " | ".join(columns) + " |",
        "|" + "---|" * len(columns),
        *(
            "| " + " | ".join(_cell(row.get(name)) for name in columns) + " |"
            for row in records[:rows]
        ),
    ]
    if total > rows:
        lines.append(f"\n… and {total - rows} more")
    return dg.MetadataValue.md("\n".join(lines) if records else "no rows")


def table_preview(table: pa.Table, columns: Sequence[str]) -> dg.MarkdownMetadataValue:
    """Return the first rows of a stored table; only these are converted to Python objects."""
    first = table.select(columns).slice(0, PREVIEW_ROWS).to_pylist()
    return preview(first, columns, total=table.num_rows)


def bars(
    counts: Mapping[str, int | float], title: str, *, zeros: bool = False
) -> dg.MarkdownMetadataValue:
    """Return a horizontal bar chart as an inline image; with `zeros`, also of counts of 0."""
    shown = {name: value for name, value in counts.items() if value or zeros}
    if not shown:
        return dg.MetadataValue.md("nothing to show")
    longest = max(shown.values()) or 1
    height = BAR_HEIGHT * (len(shown) + 1) + 8
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{LABEL_WIDTH + BAR_WIDTH + 60}" '
        f'height="{height}" font-family="sans-serif" font-size="12">'
        f'<text x="0" y="14" font-weight="bold">{escape(title)}</text>'
    ]
    for row, (name, value) in enumerate(shown.items(), start=1):
        y = row * BAR_HEIGHT
        # At least one pixel: a small count must not look like none.
        width = max(round(BAR_WIDTH * value / longest), 1 if value else 0)
        parts.append(
            f'<text x="0" y="{y + 14}">{escape(name)}</text>'
            f'<rect x="{LABEL_WIDTH}" y="{y + 3}" width="{width}" height="14" fill="#3568b8"/>'
            f'<text x="{LABEL_WIDTH + width + 6}" y="{y + 14}">{value:g}</text>'
        )
    # Dagster's UI removes SVG elements from Markdown, but shows an embedded image.
    image = base64.b64encode(("".join(parts) + "</svg>").encode()).decode()
    return dg.MetadataValue.md(f"![{title}](data:image/svg+xml;base64,{image})")


def data_version(published: Sequence[Published]) -> dg.DataVersion | None:
    """Return the content digest as data version: a rerun with the same content is not stale."""
    return dg.DataVersion(published[0].digest) if len(published) == 1 else None


def _records(published: Published) -> int:
    """Return the number of records in the file that has the asset's name."""
    entries = [entry for entry in published.manifest.files if entry.records is not None]
    asset = published.address.asset
    named = [one for one in entries if PurePosixPath(one.path).name.split(".")[0] == asset]
    return next((one.records or 0 for one in [*named, *entries]), 0)


def _cell(value: object) -> str:
    if value is None:
        return "—"
    text = one_line(value)
    # Cut first: half of an escaped character would be shown as it is.
    return markdown_cell(
        text if len(text) <= CELL_CHARACTERS else text[: CELL_CHARACTERS - 1] + "…"
    )
