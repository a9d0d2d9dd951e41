"""Labels with the placeholders of packs: `10.0.3.71` in a label becomes the pack's `<IP_PRIV_1>`.

A candidate sees placeholders, so its answer can only name placeholders. The map from values to
placeholders is not stored: it is built again from the raw evidence, by the function that built the
pack. That is done once per day for all candidates; the result is a separate partition under the
labels root.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from replay_assets.contracts.arrow import arrow_schema
from replay_assets.contracts.label import IncidentLabel
from replay_assets.errors import ConfigurationError, NotMaterializedError
from replay_assets.lake import Lineage, Publication, Published, assets
from replay_assets.lake.formats import arrow_table
from replay_assets.lake.labels import labels_of
from replay_assets.sanitizing import RuleSet, incidents_of, redacted_errors, sanitize_incident

CODE_VERSION = "1"
FREE_TEXT = ("expected_root_cause", "root_cause_component")
FREE_TEXTS = ("required_keywords", "acceptable_tools")
"""The fields of a label that are one free text, and those that are a list of free texts."""

Labels = Mapping[str, IncidentLabel]
Rows = Iterable[Mapping[str, Any]]


def labels_under_the_map(
    labels: Labels, evidence: Rows, messages: Rows, rules: RuleSet
) -> dict[str, IncidentLabel]:
    """Return a day's labels; their free text has the placeholders of their incidents.

    Args:
        labels: labels by incident id.
        evidence: the day's raw evidence.
        messages: the recorded messages of that evidence.
        rules: the rules that the pack was built with.
    """
    # A label whose incident has no evidence keeps its text: there are no placeholders for it.
    masked = dict(labels)
    for incident in incidents_of(evidence, messages):
        label = labels.get(incident.incident_id)
        if label is None:
            continue
        # The message of an unexpected error may quote evidence.
        with redacted_errors(incident.incident_id):
            spell = sanitize_incident(incident, rules).sanitizer.pseudonymized
            masked[incident.incident_id] = label.model_copy(update=_respelled(label, spell))
    return masked


def _respelled(label: IncidentLabel, spell: Callable[[str], str]) -> dict[str, Any]:
    """Return the recorded free text of a label with placeholders, by field."""
    texts = {name: spell(text) for name in FREE_TEXT if (text := getattr(label, name)) is not None}
    lists = {
        name: [spell(text) for text in found]
        for name in FREE_TEXTS
        if (found := getattr(label, name)) is not None
    }
    return {**texts, **lists}


def mask_labels(labels: Labels, raw: Published, rules: RuleSet) -> dict[str, IncidentLabel]:
    """Return a day's labels with the placeholders of the day's published evidence."""
    return labels_under_the_map(
        labels,
        raw.rows(assets.INCIDENT_EVIDENCE.table),
        raw.rows(assets.RECORDED_MESSAGES),
        rules,
    )


def masked_publication(labels: Labels, masked: Labels, *, inputs: Mapping[str, str]) -> Publication:
    """Return a day's masked labels as a partition; its facts count the labels that changed."""
    rows = (label.as_json() for label in masked.values())
    return Publication(
        tables={assets.MASKED_LABELS.table: arrow_table(rows, arrow_schema(IncidentLabel))},
        inputs=inputs,
        facts={
            "labels": len(masked),
            "changed": sum(label != labels[incident] for incident, label in masked.items()),
        },
        code_version=CODE_VERSION,
    )


def masked_labels_of(lineage: Lineage, day: str) -> dict[str, IncidentLabel]:
    """Return the masked labels of a day by incident id; empty if the day has no labels.

    Raises:
        NotMaterializedError: the day has labels, but no masked labels made from them.
    """
    if lineage.find(assets.INCIDENT_LABELS.at(day)) is None:
        return {}
    address = assets.MASKED_LABELS.at(day)
    state = lineage.state(address)
    # Otherwise the day would be graded as unlabelled, or by old labels.
    if not state.is_current:
        raise NotMaterializedError(f"{state.reason}. Materialise {address} first.")
    return labels_of(lineage.find(address))


def require_rules(lineage: Lineage, day: str) -> None:
    """Check that the rules in use are those of a pack: other rules have other placeholders.

    Raises:
        ConfigurationError: the pack was made by other rules.
    """
    pack = assets.REQUEST_PACK.at(day)
    if lineage.find(pack) is not None and "rules" in lineage.changed(pack):
        raise ConfigurationError(
            f"{pack} was sanitized by other rules than those in use "
            f"({lineage.inputs(pack)['rules'][:12]}…); an upgrade may have changed the shipped "
            "rules. Build the pack again, or set REPLAY_RULES to the file that it was built with."
        )
