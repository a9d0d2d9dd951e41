"""What a file is, whatever its name says: another format is one cause, not one per line."""

import codecs
import io
import re
from pathlib import Path

from replay_assets.errors import SourceError

LOOKED_AT = 4096
"""Bytes of a file's beginning."""
SIGNATURES: dict[bytes, str] = {
    b"PK\x03\x04": "a zip file, as spreadsheets (.xlsx) are; save the sheet as CSV in UTF-8",
    b"\xd0\xcf\x11\xe0": "an old spreadsheet (.xls); save the sheet as CSV in UTF-8",
    b"\x1f\x8b": "packed by gzip; its name must end in .gz",
    b"BZh": "packed by bzip2; unpack it",
    b"\xfd7zXZ": "packed by xz; unpack it",
    b"\x28\xb5\x2f\xfd": "packed by zstd; unpack it",
    b"PAR1": "Parquet; write it as JSONL",
    b"SQLite format 3": "a SQLite database; name it in REPLAY_SOURCE_URL",
    b"version https://git-lfs": "a pointer of Git LFS; fetch the file with `git lfs pull`",
    b"<": "HTML or XML; save the data itself as JSONL or CSV",
}
"""How files of other formats begin, and what to do."""
AFTER_A_QUOTED_NAME = re.compile(rb'"(?:[^"\n]|"")*"([;|,\t])')
OVER_LINES = re.compile(rb'\{\s*\n\s*"')


def refuse_other_form(path: Path, stream: io.BufferedReader, delimiter: str | None) -> None:
    """Look at the beginning of a file, without reading it.

    Args:
        path: the file.
        stream: its content.
        delimiter: what separates fields by its name; None if it has JSON.

    Raises:
        SourceError: the file is of another format than its name says.
    """
    start = stream.peek(LOOKED_AT)[:LOOKED_AT]
    # Before UTF-16, because files of bytes hold NUL too.
    for signature, what in SIGNATURES.items():
        if start.startswith(signature):
            raise SourceError(f"{path} can't be read: it is {what}")
    if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) or b"\x00" in start[:64]:
        raise SourceError(f"{path} is not UTF-8, it looks like UTF-16; save it as UTF-8")
    text = start.removeprefix(codecs.BOM_UTF8).lstrip()
    if problem := _csv_problem(text, delimiter) if delimiter else _json_problem(text):
        raise SourceError(f"{path} can't be read: {problem}")


def _csv_problem(text: bytes, delimiter: str) -> str | None:
    if text[:1] in (b"{", b"["):
        return "it holds JSON; write one object per line, and name it .jsonl"
    if text[:4].lower() == b"sep=":
        return "its first line only names a separator, as Excel writes it; remove that line"
    found = AFTER_A_QUOTED_NAME.match(text)
    if found is not None and (used := found[1].decode()) != delimiter:
        return (
            f"{used!r} separates the names of its header; save it with commas as .csv, or with "
            "tabs as .tsv"
        )
    return None


def _json_problem(text: bytes) -> str | None:
    if text.startswith(b"["):
        return "it is one JSON list; write one object per line, such as with `jq -c '.[]'`"
    if OVER_LINES.match(text):
        return "its objects are written over several lines; write one per line (`jq -c .`)"
    line = text.partition(b"\n")[0]
    if text and not text.startswith(b"{") and any(one in line for one in (b",", b";", b"\t")):
        return "its first line looks like the header of a CSV file; name it .csv or .tsv"
    return None
