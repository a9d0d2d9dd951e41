"""The components in decisions of production, with the placeholders of packs, for the report.

Like those of labels (`masked_labels.py`), they are raw text until values have the placeholders of
their incident. Only incidents whose decision names a component are sanitized again.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from replay_assets.contracts.evidence import decision_of
from replay_assets.evaluation.grading.proposal import component_names
from replay_assets.lake import Lineage, assets
from replay_assets.sanitizing import (
    RuleSet,
    incidents_of,
    redacted_errors,
    rules_digest,
    sanitize_incident,
)


def components_under_the_map(
    rows: Sequence[Mapping[str, Any]], lineage: Lineage, day: str, rules: RuleSet
) -> dict[str, Sequence[str]]:
    """Return the components that a day's recorded decisions name, by incident.

    Empty if the day's pack was made by other rules: its placeholders would mean other values.

    Args:
        rows: the day's evidence.
        lineage: has the pack, and the recorded messages of the evidence.
        day: the day.
        rules: the sanitizing rules in use.
    """
    if not lineage.was_made_with(assets.REQUEST_PACK.at(day), "rules", rules_digest(rules)):
        return {}
    stated = {
        one["incident_id"]: names for one in rows if (names := component_names(decision_of(one)))
    }
    decided = [one for one in rows if one["incident_id"] in stated]
    found: dict[str, Sequence[str]] = {}
    messages = lineage.get(assets.INCIDENT_EVIDENCE.at(day)).rows(assets.RECORDED_MESSAGES)
    for incident in incidents_of(decided, messages):
        # The message of an unexpected error may quote evidence.
        with redacted_errors(incident.incident_id):
            spell = sanitize_incident(incident, rules).sanitizer.pseudonymized
            found[incident.incident_id] = [spell(name) for name in stated[incident.incident_id]]
    return found
