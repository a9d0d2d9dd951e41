"""A file of labels: what its columns must be.

A misspelled column would silently leave every incident without that label, so a file that lacks
what the mapping names is refused, like a table.
"""

from collections.abc import Iterable, Iterator
from pathlib import Path

from replay_assets.contracts.names import words_of
from replay_assets.errors import SourceError
from replay_assets.source.loading import OTHER_SEPARATORS, FoundRecord, RecordFile
from replay_assets.source.schema import LABELS, SourceMapping, nearest

NAMES = tuple(column.name for column in LABELS.columns)


def label_records(path: Path, mapping: SourceMapping) -> Iterator[FoundRecord]:
    """Yield the records of a label file.

    Raises:
        SourceError: the file can't be read, or it lacks columns; raised after the last record at
            the latest, because each line of JSONL can have other fields.
    """
    file = RecordFile(path)
    found: dict[str, None] = {}
    is_checked = False
    for record in file:
        if file.header and not is_checked:
            _require_columns(path, mapping, file.header, is_header=True)
            is_checked = True
        found.update(dict.fromkeys(record.fields))
        yield record
    if not is_checked:
        _require_columns(path, mapping, file.header or found, is_header=bool(file.header))


def _require_columns(
    path: Path, mapping: SourceMapping, present: Iterable[str], *, is_header: bool
) -> None:
    names = list(present)
    # A file without a readable record has no columns; its lines are reported one by one.
    if not names or not (problems := list(_problems(mapping, names, is_header=is_header))):
        return
    found = ", ".join(map(repr, names))
    fix = "Correct the file, or name its columns in the mapping file (labels: columns:)."
    for used in OTHER_SEPARATORS:
        if any(used in name for name in names):
            # Everything else that is missing has this cause.
            del problems[1:]
            fix = f"Its fields seem to have {used!r} between them: use commas in a .csv file, tabs "
            fix += "in a .tsv file."
            break
    raise SourceError(f"label file {path}: {'; '.join(problems)}; found {found}. {fix}")


def _problems(mapping: SourceMapping, names: list[str], *, is_header: bool) -> Iterator[str]:
    """Yield what a file lacks: the columns that the mapping names, and the labels themselves."""
    sources = {name: mapping.source_of(LABELS, name) for name in mapping.entry(LABELS).columns}
    named = {name: source.column for name, source in sources.items() if source is not None}
    plain = [one for one in names if not set(one).intersection(OTHER_SEPARATORS)]
    for name, column in named.items():
        if column not in names:
            for_what = "" if column == name else f" for {name}"
            yield f"no column {column!r}{for_what}{nearest(column, plain)}"
    free = [name for name in NAMES if name not in sources]
    for name in free:
        # Nearly our name: as it is, the column would be ignored without a message.
        similar = [one for one in names if one != name and words_of(one) == words_of(name)]
        if name not in names and similar:
            yield f"column {similar[0]!r} must be spelled {name!r}"
    if is_header and not set(free).intersection(names) and len(sources) == 1:
        yield "no column of a label, such as root_cause_category or acceptable_actions"
