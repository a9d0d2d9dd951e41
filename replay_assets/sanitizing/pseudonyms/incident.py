"""Sanitizes one incident with one map: the fields that a pack may contain, in a fixed order.

The pack builder, grading and `reveal` all call `sanitize_incident`. The map is never stored; each
of them builds the same map again from the raw evidence and keeps it in memory only.
"""

import dataclasses
import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Self

from replay_assets.sanitizing.detect import RuleSet
from replay_assets.sanitizing.pseudonyms.engine import IncidentSanitizer
from replay_assets.sanitizing.pseudonyms.pseudonym_map import Finding
from replay_assets.sanitizing.pseudonyms.recorded_calls import recorded_outputs

SANITIZED_FIELDS = ("alertname", "severity", "labels", "evidence_summary", "evidence_kind")
"""Fields in the order in which they are sanitized: it decides which value is `<IP_PRIV_1>`."""
TOOL_OUTPUT = "tool_output"
TOOL_CALL = "tool_call"
CALL_FIELDS = ("name", "arguments")
"""The fields of an output that belong to the call which it answered."""

Row = Mapping[str, Any]


@dataclass(frozen=True)
class RawIncident:
    """What a pack may contain of an incident. There is no field for an outcome or a label.

    `outputs` are the messages of tools in its coordinator's session, in order, each with its call.
    What the agent or a person said there is a decision, not evidence.
    """

    id: str
    incident_id: str
    alertname: str | None
    labels: dict[str, Any]
    severity: str | None
    evidence_summary: str
    evidence_kind: str | None
    collected_at: datetime
    schema_version: str | None
    outputs: tuple[dict[str, Any], ...] = field(default=(), repr=False)

    @classmethod
    def of(cls, row: Row, outputs: Iterable[Row] = ()) -> Self:
        """Return the incident of an evidence row; other columns are ignored."""
        labels = json.loads(row["labels"] or "null") or {}
        return cls(
            **{**{name: row[name] for name in PACK_COLUMNS}, "labels": labels},
            outputs=tuple(map(dict, outputs)),
        )

    def texts(self) -> list[str]:
        """Return every raw text of the incident: text that may come from the evidence."""
        fields = {**vars(self), "collected_at": self.collected_at.isoformat()}
        return [
            json.dumps(value, ensure_ascii=False) if isinstance(value, dict | tuple) else str(value)
            for value in fields.values()
            if value is not None
        ]


PACK_COLUMNS = tuple(one.name for one in dataclasses.fields(RawIncident) if one.name != "outputs")
"""The columns of evidence that a pack may read: no decision, no repair, no outcome."""


@dataclass(frozen=True)
class SanitizedIncident:
    """An incident whose texts are sanitized, and the map that was built on the way.

    `counts` is how often a (category, rule, field) was masked.
    """

    incident: RawIncident
    sanitizer: IncidentSanitizer = field(repr=False)
    counts: Counter[tuple[str, str, str]]

    def findings(self) -> tuple[Finding, ...]:
        """Return the map with raw values: they may be shown or hashed, but never written."""
        return self.sanitizer.findings()


def incidents_of(rows: Iterable[Row], messages: Iterable[Row]) -> Iterator[RawIncident]:
    """Yield the incidents of a day's evidence in order, each with its tools' output."""
    sessions: dict[str, list[Row]] = {}
    for message in messages:
        if message["role"] == "tool" or message.get("tool_calls"):
            sessions.setdefault(message["incident_id"], []).append(message)
    for row in rows:
        yield RawIncident.of(row, recorded_outputs(sessions.get(row["incident_id"], ())))


def sanitize_incident(incident: RawIncident, rules: RuleSet | None = None) -> SanitizedIncident:
    """Sanitize an incident and its tools' output with one map, in a fixed order of fields."""
    sanitizer = IncidentSanitizer(rules)
    counts: Counter[tuple[str, str, str]] = Counter()

    def clean(name: str, value: Any) -> Any:  # noqa: ANN401 - any JSON value
        before = sanitizer.counts.copy()
        masked = sanitizer.value(value)
        for (category, rule), count in (sanitizer.counts - before).items():
            counts[category, rule, name] += count
        return masked

    fields = {name: clean(name, getattr(incident, name)) for name in SANITIZED_FIELDS}
    contents = [clean(TOOL_OUTPUT, output["content"]) for output in incident.outputs]
    # Only after all texts were read: a later one may mark a value that an earlier one contains.
    swept = sanitizer.sweep(fields)
    # The calls come last: a request must not change with what an agent wrote.
    calls = [
        {name: clean(TOOL_CALL, output[name]) for name in CALL_FIELDS}
        for output in incident.outputs
    ]
    outputs = tuple(
        {**output, **sanitizer.sweep({"content": content, **call})}
        for output, content, call in zip(incident.outputs, contents, calls, strict=True)
    )
    clean_incident = RawIncident(**{**vars(incident), **swept, "outputs": outputs})
    return SanitizedIncident(clean_incident, sanitizer, counts)
