"""Records of a JSONL or CSV file, one at a time with the number of its line.

By suffix: .jsonl or .ndjson, .csv (comma), .tsv (tab), each also with .gz. UTF-8, with or without a
byte order mark. A CSV file starts with a header; an empty field is null. A line that can't be read
is yielded as such, and reading goes on: memory holds one record, however large the file.
"""

import csv
import gzip
import io
import json
import re
import zlib
from collections import Counter
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from replay_assets.errors import SourceError
from replay_assets.parsing.json_text import strict_json
from replay_assets.source.loading.file_form import refuse_other_form

JSON_LINES = (".jsonl", ".ndjson")
DELIMITERS = {".csv": ",", ".tsv": "\t"}
SUFFIXES = (*JSON_LINES, *DELIMITERS)
LONGEST_FIELD = 64 * 1024 * 1024
"""Bytes of one CSV field; a quote that is never closed must not pull the whole file into memory."""
CSV_PROBLEMS = {
    "unexpected end of data": "a quote is opened, and not closed until the end of the file",
    **{
        f"'{separator}' expected after '\"'": "a quote inside a quoted field must be doubled"
        for separator in DELIMITERS.values()
    },
}
"""What the messages of Python's parser mean."""
NOT_UTF_8 = re.compile("[\udc80-\udcff]")
"""What Python makes of bytes that are not UTF-8."""
BYTE_ORDER_MARK = b"\xef\xbb\xbf"


@dataclass(frozen=True)
class FoundRecord:
    """A record, or why there is none, and the line it begins in. CSV gives text and null only."""

    line: int
    fields: dict[str, Any]
    problem: str | None = None
    from_text: bool = False


@dataclass
class RecordFile:
    """A file of records that is being read; `share` is how much of its bytes is done.

    `header` has the names of a CSV file's columns as soon as reading has started.
    """

    path: Path
    share: float = 0.0
    header: tuple[str, ...] = ()

    def __iter__(self) -> Generator[FoundRecord, None, None]:
        """Yield its records.

        Raises:
            SourceError: the file as a whole can't be read.
        """
        size = self.path.stat().st_size or 1
        with _opened(self.path) as (raw, stream):
            delimiter = DELIMITERS.get(kind_of(self.path))
            refuse_other_form(self.path, stream, delimiter)
            records = _csv(self, stream, delimiter) if delimiter else _json_lines(stream)
            for number, record in enumerate(records):
                if number % 256 == 0:
                    # In bytes as stored, because the unpacked size of a .gz is not known.
                    self.share = raw.tell() / size
                yield record
        self.share = 1.0


def kind_of(path: Path) -> str:
    """Return the suffix that says how a file is read; empty if we can't read it."""
    suffixes = [suffix.lower() for suffix in path.suffixes]
    last = suffixes[-2:-1] if suffixes[-1:] == [".gz"] else suffixes[-1:]
    return last[0] if last and last[0] in SUFFIXES else ""


def stem_of(path: Path) -> str:
    """Return a file's name without the suffixes that say how it is read."""
    name = path.stem if path.suffix.lower() == ".gz" else path.name
    return name.rpartition(".")[0]


@contextmanager
def _opened(path: Path) -> Iterator[tuple[BinaryIO, io.BufferedReader]]:
    try:
        with path.open("rb") as raw:
            if path.suffix.lower() != ".gz":
                yield raw, raw
                return
            with gzip.GzipFile(fileobj=raw) as unpacked:
                yield raw, io.BufferedReader(unpacked)
    except (OSError, EOFError, zlib.error) as error:
        raise SourceError(f"{path} can't be read: {error}") from error


def _json_lines(stream: BinaryIO) -> Iterator[FoundRecord]:
    for number, line in enumerate(stream, start=1):
        text = line.removeprefix(BYTE_ORDER_MARK) if number == 1 else line
        if not text.strip():
            continue
        try:
            record = strict_json(text.decode(), _each_once)
            if not isinstance(record, dict):
                raise ValueError("expected a JSON object")
        except UnicodeDecodeError as error:
            yield FoundRecord(number, {}, f"{error}; save the file as UTF-8")
        except json.JSONDecodeError as error:
            yield FoundRecord(number, {}, _json_problem(error))
        except ValueError as error:
            yield FoundRecord(number, {}, str(error))
        except RecursionError:
            yield FoundRecord(number, {}, "nested too deep")
        else:
            yield FoundRecord(number, record)


def _json_problem(error: json.JSONDecodeError) -> str:
    """Return what is wrong with a line; the parser's own words name a line within the line."""
    where = f"at character {error.pos + 1}"
    if error.msg == "Extra data":
        return f"something follows its JSON value {where}; write one object per line, and no comma"
    return f"is not valid JSON {where} ({error.msg})"


def _each_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return the object of a JSON text; of two fields with one name, the last would win."""
    record = dict(pairs)
    if len(record) < len(pairs):
        names = Counter(name for name, _ in pairs)
        raise ValueError(f"the field {names.most_common(1)[0][0]!r} occurs twice in one object")
    return record


def _csv(file: RecordFile, stream: BinaryIO, delimiter: str) -> Iterator[FoundRecord]:
    csv.field_size_limit(LONGEST_FIELD)
    # Bytes that are not UTF-8 pass as surrogates, so that only their own line is refused.
    text = io.TextIOWrapper(stream, "utf-8-sig", errors="surrogateescape", newline="")
    reader = csv.reader(text, delimiter=delimiter, strict=True)
    header = _header(file.path, reader)
    file.header = tuple(header)
    # Not a `for` loop: reading must go on after a line that raises.
    while True:
        line = reader.line_num + 1
        try:
            row = next(reader)
        except StopIteration:
            break
        except csv.Error as error:
            said = CSV_PROBLEMS.get(str(error), str(error))
            yield FoundRecord(line, {}, said, from_text=True)
            continue
        if not row:
            continue
        problem = _row_problem(row, header)
        fields = {name: field or None for name, field in zip(header, row, strict=False)}
        yield FoundRecord(line, fields, problem, from_text=True)
    # A wrapper that is deleted would close the stream, which is not its own.
    text.detach()


def _row_problem(row: list[str], header: list[str]) -> str | None:
    if len(row) > len(header):
        return (
            f"has {len(row)} fields, the header {len(header)}; a field that holds the separator "
            "must be quoted"
        )
    if len(row) < len(header):
        return f"has {len(row)} fields, the header {len(header)}"
    fields = zip(header, row, strict=True)
    broken = [name for name, field in fields if NOT_UTF_8.search(field)]
    return f"{', '.join(broken)}: is not UTF-8; save the file as UTF-8" if broken else None


def _header(path: Path, reader: Iterator[list[str]]) -> list[str]:
    try:
        # As everywhere, blank lines do not count.
        header = [name.strip() for name in next(filter(None, reader), [])]
    except csv.Error as error:
        problem = CSV_PROBLEMS.get(str(error), str(error))
        raise SourceError(f"{path}, line 1: {problem}; expected a header") from error
    if any(NOT_UTF_8.search(name) for name in header):
        raise SourceError(f"{path}, line 1: the header is not UTF-8; save the file as UTF-8")
    if not header:
        raise SourceError(f"{path} is empty; expected a header")
    if "" in header:
        raise SourceError(
            f"{path}, line 1: expected a header, but column {header.index('') + 1} of "
            f"{len(header)} has no name; name it, or remove it"
        )
    # Of two columns with one name, the last would win silently.
    if twice := next((name for name, times in Counter(header).items() if times > 1), None):
        places = [str(place) for place, name in enumerate(header, start=1) if name == twice]
        raise SourceError(
            f"{path}, line 1: expected a header, every column named once; columns "
            f"{' and '.join(places)} are both {twice!r}"
        )
    return header
