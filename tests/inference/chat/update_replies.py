"""Rewrite the table of endpoint replies: `python -m tests.inference.chat.update_replies`."""

from pathlib import Path

from tests.inference.chat.endpoint_replies import EndpointReply, endpoint_replies

DOCUMENT = Path(__file__).parents[3] / "docs" / "endpoint-replies.md"
LONGEST = 150
HEADING = "| status | stream |"
TABLE = (
    HEADING
    + """ body | seen at | what becomes of it |
|---|---|---|---|---|
{rows}
"""
)
BECOMES = {
    "answer": "answer",
    "retry": "retry",
    "end": "end of the run",
    "request": "rejection of the request",
    "model": "refusal of the model",
}


def document() -> str:
    """Return the document with its present text and a new table, which comes last."""
    text, _, _ = DOCUMENT.read_text(encoding="utf-8").partition(HEADING)
    return text + TABLE.format(rows="\n".join(map(_row, endpoint_replies())))


def _row(row: EndpointReply) -> str:
    shown = " ".join(row.shown.split()).replace("|", "\\|").replace("`", "'")
    shown = shown if len(shown) <= LONGEST else f"{shown[:LONGEST]}…"
    outcome = f", `{row.outcome}`" if row.outcome else ""
    cells = (row.status, "yes" if row.stream else "no", f"`{shown}`", row.source)
    return f"| {' | '.join(map(str, cells))} | {BECOMES[row.becomes]}{outcome} |"


if __name__ == "__main__":
    DOCUMENT.write_text(document(), encoding="utf-8", newline="\n")
