"""What `doctor` says about labels: whether there are any, and which of them no answer can meet."""

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from pydantic import ValidationError

from replay_assets.contracts.diagnosis import Diagnosis
from replay_assets.contracts.label import LABEL_VERSION, IncidentLabel, problems_of
from replay_assets.contracts.vocabulary import Vocabulary
from replay_assets.source.connection.database import IncidentDatabase, MappedTable
from replay_assets.source.day.label_file import NAMES
from replay_assets.source.day.label_reading import UNREADABLE_LINE, rows_of_file
from replay_assets.source.schema.tables import LABELS

COMPARED = ("root_cause_category", "root_cause_component", "acceptable_actions")
"""The fields that an answer must meet."""
MOST_SHOWN = 10
CURE = (
    "use a word of the vocabulary, or add yours to the file that REPLAY_VOCABULARY names; until "
    "then the grade is not applicable"
)


def label_findings(
    connection: sa.Connection, database: IncidentDatabase, vocabulary: Vocabulary
) -> list[Diagnosis]:
    """Return where labels are, how many lines can't be read, and values that no answer can give."""
    if (path := database.mapping.label_file) is not None:
        return list(_of_file(path, database, vocabulary))
    labels = database.selectable(connection, LABELS)
    if labels is None:
        says = "there are no labels: answers can be collected, not graded"
        cure = "create the table, or say in the mapping file where they are (labels:)"
        return [Diagnosis("labels", "warn", says, cure)]
    says = f"labels are read from {database.mapping.table(LABELS)}"
    problems = _problems(_counted(connection, labels), vocabulary)
    return [Diagnosis("labels", "ok", says), *_unanswerable(problems)]


def _of_file(path: Path, database: IncidentDatabase, vocabulary: Vocabulary) -> Iterator[Diagnosis]:
    rows = list(rows_of_file(path, database.mapping))
    bad = sum(UNREADABLE_LINE in row for row in rows)
    says = f"{path} has {len(rows) - bad} labels"
    if bad:
        yield Diagnosis("labels", "warn", f"{says} and {bad} lines that can't be read")
    else:
        yield Diagnosis("labels", "ok", says)
    yield from _unanswerable(_problems(((row, 1) for row in rows), vocabulary))


def _counted(
    connection: sa.Connection, labels: MappedTable
) -> Iterator[tuple[Mapping[str, Any], int]]:
    """Yield each combination of the compared values, and how many labels have it."""
    values = [labels.value(name).label(name) for name in COMPARED]
    counted = sa.select(*values, sa.func.count().label("labels")).where(*labels.conditions)
    # By position: to repeat an expression with a bound value would be another expression.
    positions = [sa.text(str(place)) for place in range(1, len(values) + 1)]
    for row in connection.execute(counted.group_by(*positions)).mappings():
        yield dict(row), row["labels"]


def _problems(
    rows: Iterable[tuple[Mapping[str, Any], int]], vocabulary: Vocabulary
) -> Counter[str]:
    found: Counter[str] = Counter()
    for row, count in rows:
        if (label := _label(row)) is not None:
            found.update({str(one): count for one in problems_of(label, vocabulary)})
    return found


def _label(row: Mapping[str, Any]) -> IncidentLabel | None:
    """Return the compared fields of a row; None if they are not those of a label."""
    # Such a row is quarantined when its day is read.
    try:
        actions = json.loads(row["acceptable_actions"] or "null")
        values = {name: row[name] for name in COMPARED} | {"acceptable_actions": actions}
        fields = {**dict.fromkeys(NAMES), "incident_id": "", **values}
        return IncidentLabel.model_validate({"schema_version": LABEL_VERSION, **fields})
    except (ValueError, TypeError, ValidationError):
        return None


def _unanswerable(problems: Counter[str]) -> Iterator[Diagnosis]:
    for says, count in problems.most_common(MOST_SHOWN):
        yield Diagnosis("labels", "warn", f"{says}, in {count} label{'s' * (count > 1)}", CURE)
    if (more := len(problems) - MOST_SHOWN) > 0:
        yield Diagnosis("labels", "warn", f"and {more} more values that no answer can give", CURE)
