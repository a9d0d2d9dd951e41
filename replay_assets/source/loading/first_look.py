"""What is known of a file only after a first look: its columns, and lines with the same key."""

from array import array
from collections import defaultdict
from hashlib import blake2b
from pathlib import Path

import numpy as np

from replay_assets.errors import SourceError
from replay_assets.source.loading.bad_lines import ranges
from replay_assets.source.loading.field_names import separator_in
from replay_assets.source.loading.load_target import LoadTarget
from replay_assets.source.loading.records import RecordFile

DIGEST_BYTES = 8
"""Of a key: a file may have many millions of lines, and memory holds all its keys."""


def require_columns(target: LoadTarget, path: Path) -> None:
    """Refuse a CSV file whose header lacks columns: each of its lines would be reported.

    Raises:
        SourceError: it does; the message names the cause.
    """
    file = RecordFile(path)
    records = iter(file)
    next(records, None)
    records.close()
    if (separator := separator_in(file.header)) is not None:
        raise SourceError(
            f"{path}, line 1: the header is one field, {file.header[0]!r}, because {separator!r} "
            "separates its names; save the file with commas as .csv, or with tabs as .tsv"
        )
    if file.header and (problems := target.problems_of(file.header)):
        raise SourceError(f"{path}, line 1: {'; '.join(problems)}; the header is {file.header}")


def repeated_keys(target: LoadTarget, path: Path) -> dict[int, str]:
    """Return the lines whose key another line has too, each with the reason.

    Which of them is right is unknown, so none is loaded.
    """
    digests, lines = array("Q"), array("Q")
    for found in RecordFile(path):
        key = target.key_of(found)
        if key is not None:
            text = repr(key).encode("utf-8", "surrogatepass")
            digests.append(int.from_bytes(blake2b(text, digest_size=DIGEST_BYTES).digest(), "big"))
            lines.append(found.line)
    _, key_of_line, times = np.unique(
        np.frombuffer(digests, np.uint64), return_inverse=True, return_counts=True
    )
    same: dict[int, list[int]] = defaultdict(list)
    for position in np.flatnonzero(times[key_of_line] > 1):
        same[int(key_of_line[position])].append(lines[position])
    return {
        line: f"is also in {ranges([one for one in group if one != line])}; keep one of them"
        for group in same.values()
        for line in group
    }
