"""A file of labels: what its columns must be.

A misspelled column would silently leave every incident without that label, so a file that lacks
what the mapping names is refused, like a table.
"""

from collections.abc import Iterable, Iterator
from pathlib import Path

from replay_assets.contracts.names import words_of
from replay_assets.errors import SourceError
from replay_assets.source.loading.field_names import OTHER_SEPARATORS
from replay_assets.source.loading.records import FoundRecord, RecordFile
from replay_assets.source.schema.mapping import SourceMapping
from replay_assets.source.schema.schema_check import nearest
from replay_assets.source.schema.tables import LABELS

NAMES = tuple(column.name for column in LABELS.columns)


def label_records(path: Path, mapping: SourceMapping) -> Iterator[FoundRecord]:
    """Yield the records of a label file.

    Raises:
        SourceError: the file can't be read, or it lacks columns; raised after the last record at
            the latest, because each line of JSONL can have other fields.
    """
    file = RecordFile(path)
    found: dict[str, None] = {}
    for record in file:
        if file.header:
            _require_columns(path, mapping, file.header, is_header=True)
        found.update(dict.fromkeys(record.fields))
        yield record
    _require_columns(path, mapping, file.header or found, is_header=bool(file.header))


def _require_columns(
    path: Path, mapping: SourceMapping, present: Iterable[str], *, is_header: bool
) -> None:
    names = list(present)
    # A file without a readable record has no columns; its lines are reported one by one.
    if not names or not (problems := list(_problems(mapping, names, is_header=is_header))):
        return
    hint = ""
    if used := next((one for one in OTHER_SEPARATORS if any(one in name for name in names)), None):
        hint = f" The file seems to have {used!r} between its fields: save it with commas, or tabs "
        hint += "as .tsv."
    raise SourceError(
        f"label file {path}: {'; '.join(problems)}; found {', '.join(map(repr, names))}.{hint} "
        "Correct the file, or name its columns in the mapping file (labels: columns:)."
    )


def _problems(mapping: SourceMapping, names: list[str], *, is_header: bool) -> Iterator[str]:
    """Yield what a file lacks: the columns that the mapping names, and the labels themselves."""
    sources = {name: mapping.source_of(LABELS, name) for name in mapping.entry(LABELS).columns}
    named = {name: source.column for name, source in sources.items() if source is not None}
    for name, column in named.items():
        if column not in names:
            for_what = "" if column == name else f" for {name}"
            yield f"no column {column!r}{for_what}{nearest(column, names)}"
    free = [name for name in NAMES if name not in sources]
    for name in free:
        # Nearly our name: read as it is, it would be ignored without a word.
        similar = [one for one in names if one != name and words_of(one) == words_of(name)]
        if name not in names and similar:
            yield f"column {similar[0]!r} must be spelled {name!r}"
    if is_header and not set(free).intersection(names) and len(sources) == 1:
        yield "no column of a label, such as root_cause_category or acceptable_actions"
