"""Labels as a pack would spell them: an expected `10.0.3.71` is the answer's `<IP_PRIV_1>`.

A candidate can only name what it saw, and it saw pseudonyms. The map is made again from the raw
evidence, by the function that the pack was built with, and forgotten.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from replay_assets.contracts.label import IncidentLabel
from replay_assets.errors import ConfigurationError
from replay_assets.lake import assets
from replay_assets.lake.lineage import Lineage
from replay_assets.lake.store import Published
from replay_assets.sanitizing.detect.rules import RuleSet
from replay_assets.sanitizing.pseudonyms.incident import incidents_of, sanitize_incident

FREE_TEXT = ("expected_root_cause", "root_cause_component")
FREE_TEXTS = ("required_keywords", "acceptable_tools")

Labels = Mapping[str, IncidentLabel]
Rows = Iterable[Mapping[str, Any]]


def labels_under_the_map(
    labels: Labels, evidence: Rows, messages: Rows, rules: RuleSet
) -> dict[str, IncidentLabel]:
    """Return a day's labels with their free text under the maps of their incidents.

    Args:
        labels: labels by incident id.
        evidence: the day's raw evidence.
        messages: the recorded messages of that evidence.
        rules: the rules that the pack was built with.
    """
    masked = dict(labels)
    for incident in incidents_of(evidence, messages):
        label = labels.get(incident.incident_id)
        if label is None:
            continue
        spell = sanitize_incident(incident, rules).sanitizer.pseudonymized
        changes: dict[str, Any] = {}
        for name in FREE_TEXT:
            if (text := getattr(label, name)) is not None:
                changes[name] = spell(text)
        for name in FREE_TEXTS:
            if (texts := getattr(label, name)) is not None:
                changes[name] = [spell(text) for text in texts]
        masked[incident.incident_id] = label.model_copy(update=changes)
    return masked


def masked_labels(labels: Labels, raw: Published, rules: RuleSet) -> dict[str, IncidentLabel]:
    """Return a day's labels under the maps of a day's published evidence."""
    return labels_under_the_map(
        labels,
        raw.rows(assets.INCIDENT_EVIDENCE.table),
        raw.rows(assets.RECORDED_MESSAGES),
        rules,
    )


def require_rules(lineage: Lineage, day: str) -> None:
    """Refuse to grade by other rules than a pack was sanitized by: placeholders would not match.

    Raises:
        ConfigurationError: the pack names other rules.
    """
    pack = assets.REQUEST_PACK.at(day)
    if lineage.find(pack) is not None and "rules" in lineage.changed(pack):
        raise ConfigurationError(
            f"{pack} was sanitized by other rules than those in use (ours are "
            f"{lineage.inputs(pack)['rules'][:12]}…). Set REPLAY_RULES to the file that it was "
            "built with, or build the pack again."
        )
