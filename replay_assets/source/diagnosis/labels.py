"""What `doctor` says about labels: whether there are any, and which of them no answer can meet."""

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from pydantic import ValidationError

from replay_assets.contracts.diagnosis import Diagnosis
from replay_assets.contracts.label import LABEL_VERSION, IncidentLabel, problems_of
from replay_assets.contracts.vocabulary import Vocabulary
from replay_assets.errors import SourceError
from replay_assets.source.connection import IncidentDatabase, MappedTable
from replay_assets.source.day import UNREADABLE_LINE, rows_of_file, same_id
from replay_assets.source.schema import INCIDENT_EVIDENCE, LABELS

COMPARED = ("root_cause_category", "root_cause_component", "acceptable_actions")
"""The fields that an answer must meet."""
MOST_SHOWN = 10
IDS_AT_ONCE = 500
EXAMPLE = '["restart_workload"]'
CURE = (
    "use a word of the vocabulary, or add yours to the file that REPLAY_VOCABULARY names; until "
    "then the grade is not applicable"
)


def label_findings(
    connection: sa.Connection, database: IncidentDatabase, vocabulary: Vocabulary
) -> list[Diagnosis]:
    """Return where labels are, how many lines can't be read, and values that no answer can give."""
    if (path := database.mapping.label_file) is not None:
        try:
            return list(_of_file(connection, path, database, vocabulary))
        except SourceError as error:
            return [Diagnosis("labels", "fail", str(error), "correct the file, or the mapping")]
    labels = database.selectable(connection, LABELS)
    if labels is None:
        says = "there are no labels: answers can be collected, not graded"
        cure = "create the table, or say in the mapping file where they are (labels:)"
        return [Diagnosis("labels", "warn", says, cure)]
    says = f"labels are read from {database.mapping.table(LABELS)}"
    counted = list(_counted(connection, labels))
    ids = labels.value("incident_id")
    twice = sa.select(ids).where(*labels.conditions).group_by(ids).having(sa.func.count() > 1)
    repeated = [one for one in connection.execute(twice).scalars() if one is not None]
    return [
        Diagnosis("labels", "ok", says + _nothing_compared(counted)),
        *_repeated(len(repeated)),
        *_of_no_incident(connection, database, labels),
        *_findings(counted, vocabulary),
    ]


def _of_file(
    connection: sa.Connection, path: Path, database: IncidentDatabase, vocabulary: Vocabulary
) -> Iterator[Diagnosis]:
    rows = list(rows_of_file(path, database.mapping))
    usable = [row for row in rows if UNREADABLE_LINE not in row]
    says = f"{path} has {len(usable)} labels"
    if bad := len(rows) - len(usable):
        yield Diagnosis("labels", "warn", f"{says} and {bad} lines that can't be read")
    elif not usable:
        yield Diagnosis("labels", "warn", f"{says}: answers can be collected, not graded")
    else:
        yield Diagnosis("labels", "ok", says + _nothing_compared([(row, 1) for row in usable]))
    ids = Counter(row["incident_id"] for row in usable)
    if nameless := ids.pop(None, 0):
        yield Diagnosis("labels", "warn", f"labels that name no incident: {nameless}")
    yield from _repeated(sum(count > 1 for count in ids.values()))
    yield from _of_no_incident(connection, database, sorted(filter(None, ids)))
    yield from _findings([(row, 1) for row in usable], vocabulary)


def _nothing_compared(rows: Sequence[tuple[Mapping[str, Any], int]]) -> str:
    if not rows or any(row[name] is not None for row, _ in rows for name in COMPARED):
        return ""
    return f"; none of them has {', '.join(COMPARED)}, so cause and action are not graded"


def _repeated(count: int) -> Iterator[Diagnosis]:
    if count:
        says = f"incidents with more than one label: {count}; none of these labels is used"
        yield Diagnosis("labels", "warn", says, "keep one label per incident")


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


def _findings(
    rows: Sequence[tuple[Mapping[str, Any], int]], vocabulary: Vocabulary
) -> Iterator[Diagnosis]:
    found: Counter[str] = Counter()
    unreadable: Counter[str] = Counter()
    for row, count in rows:
        label, fields = _label(row)
        unreadable.update(dict.fromkeys(fields, count))
        found.update({str(one): count for one in problems_of(label, vocabulary)})
    for field, count in unreadable.items():
        says = f"labels that are not used because {field} can't be read: {count}"
        cure = "a label has true and false, texts, and JSON lists of texts, such as " + EXAMPLE
        yield Diagnosis("labels", "warn", says, cure)
    yield from _unanswerable(found)


def _label(row: Mapping[str, Any]) -> tuple[IncidentLabel, list[str]]:
    """Return the fields of a row as a label, and those that are not fields of a label."""
    wrong: list[str] = []
    values: dict[str, Any] = {"schema_version": LABEL_VERSION}
    for column in LABELS.columns:
        values[column.name] = value = row.get(column.name)
        if column.kind != "json" or value is None:
            continue
        try:
            values[column.name] = json.loads(value)
        except (ValueError, TypeError):
            wrong.append(column.name)
    values["incident_id"] = ""
    try:
        IncidentLabel.model_validate({**values, **dict.fromkeys(wrong)})
    except ValidationError as error:
        wrong += dict.fromkeys(str(one["loc"][0]) for one in error.errors())
    return IncidentLabel.model_validate({**values, **dict.fromkeys(wrong)}), wrong


def _of_no_incident(
    connection: sa.Connection, database: IncidentDatabase, labels: MappedTable | Sequence[str]
) -> Iterator[Diagnosis]:
    """Yield that no label is of an incident of the evidence: their ids have other forms."""
    evidence = database.selectable(connection, INCIDENT_EVIDENCE)
    if evidence is None:
        return
    ids = evidence.value("incident_id")
    some = sa.select(ids).select_from(evidence.sql).where(*evidence.conditions).limit(1)
    if isinstance(labels, MappedTable):
        other = sa.select(labels.value("incident_id")).where(*labels.conditions).limit(1)
        first = connection.execute(other).scalar()
        asked = [some.where(same_id(evidence, labels)).select_from(labels.sql)]
    else:
        first = next(iter(labels), None)
        asked = [
            some.where(ids.in_(labels[start : start + IDS_AT_ONCE]))
            for start in range(0, len(labels), IDS_AT_ONCE)
        ]
    known = connection.execute(some).scalar()
    if None in (first, known) or any(connection.execute(one).scalar() for one in asked):
        return
    says = f"no label is of an incident of the evidence: labels have {first!r}, evidence {known!r}"
    cure = "map incident_id of the labels to the field that has the ids of the evidence"
    yield Diagnosis("labels", "warn", says, cure)


def _unanswerable(problems: Counter[str]) -> Iterator[Diagnosis]:
    for says, count in problems.most_common(MOST_SHOWN):
        yield Diagnosis("labels", "warn", f"{says}, in {count} label{'s' * (count > 1)}", CURE)
    if (more := len(problems) - MOST_SHOWN) > 0:
        yield Diagnosis("labels", "warn", f"and {more} more values that no answer can give", CURE)
