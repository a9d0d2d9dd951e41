"""Checks that no request contains free text of a label that its own evidence does not contain.

Requests are built without labels; this check tests that. Text that is also in the raw evidence is
not a leak. Words of the closed vocabularies are not compared, and the prompt's template is not
searched: its instructions list every category and action, so 108 of 145 real incidents would be
reported.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from replay_assets.contracts.label import IncidentLabel
from replay_assets.contracts.request import INCIDENT_FIELDS
from replay_assets.evaluation.masked_labels import FREE_TEXT, FREE_TEXTS
from replay_assets.sanitizing import TOOL_OUTPUT, RawIncident, find_label_leaks, incidents_of

TRACED_FIELDS = (*FREE_TEXT, *FREE_TEXTS, "scenario_group", "environment")
"""The free text of a label; category, actions, sufficiency and risk are closed vocabularies."""
CLOSED_FIELDS = frozenset(IncidentLabel.model_fields) - {
    "incident_id",
    "schema_version",
    *TRACED_FIELDS,
}
"""Their words are common, so that they are a leak only next to the name of their field."""

Record = Mapping[str, Any]


@dataclass(frozen=True)
class Provenance:
    """Where a day's pack repeats its labels, and how many of its incidents have a label.

    `findings` has the places by incident, never the text that was found there.
    """

    incidents: int
    labelled: int
    findings: dict[str, list[str]]

    @property
    def status(self) -> str:
        """The result of the check; "not run" if there was no label to compare with."""
        # Without labels, a green check must not look like a proof.
        if self.incidents and not self.labelled:
            return "not run"
        return "found" if self.findings else "passed"


def trace_labels(
    requests: Iterable[Record],
    tool_output: Iterable[Record],
    labels: Mapping[str, IncidentLabel],
    masked: Mapping[str, IncidentLabel],
    *,
    evidence: Iterable[Record],
    messages: Iterable[Record],
) -> Provenance:
    """Return where requests contain the free text of their labels, as written or with placeholders.

    Args:
        requests: the requests of a day's pack.
        tool_output: the tool output of that pack.
        labels: labels by incident id.
        masked: the same labels with the placeholders of the pack.
        evidence: the day's raw evidence.
        messages: the recorded messages of that evidence.
    """
    raw = {incident.incident_id: incident for incident in incidents_of(evidence, messages)}
    outputs: dict[str, list[Record]] = {}
    for one in tool_output:
        outputs.setdefault(one["incident_id"], []).append(one)
    findings: dict[str, list[str]] = {}
    asked = list(requests)
    for request in asked:
        incident = request["incident_id"]
        if incident not in labels:
            continue
        seen = {name: request[name] for name in INCIDENT_FIELDS}
        leaks = find_label_leaks(
            # The replay of an agent reads tool output, so it must not leak either.
            {**seen, TOOL_OUTPUT: outputs.get(incident, [])},
            _traced(labels[incident], masked[incident]),
            # No forbidden names: another check of the pack searches for them.
            (),
            _evidence_of(raw.get(incident)),
            paired=_closed(labels[incident]),
        )
        if leaks:
            findings[incident] = leaks
    return Provenance(
        incidents=len(asked),
        labelled=sum(request["incident_id"] in labels for request in asked),
        findings=findings,
    )


def _traced(label: IncidentLabel, masked: IncidentLabel) -> dict[str, list[Any]]:
    # In both forms, because a text that was pasted into a pack may have been masked there.
    return {name: [getattr(label, name), getattr(masked, name)] for name in TRACED_FIELDS}


def _closed(label: IncidentLabel) -> dict[str, Any]:
    return {name: value for name, value in vars(label).items() if name in CLOSED_FIELDS}


def _evidence_of(incident: RawIncident | None) -> str:
    return "\n".join(incident.texts()) if incident is not None else ""
