"""Shows the values of an incident's placeholders to users who may read its raw evidence.

The map is built again from that evidence and only shown: it is never stored.
"""

from replay_assets.errors import NotMaterializedError
from replay_assets.lake import Lineage, Published, Store, assets
from replay_assets.sanitizing import (
    Finding,
    RawIncident,
    RuleSet,
    incidents_of,
    rules_digest,
    rules_of,
    sanitize_incident,
)
from replay_assets.settings import Settings

EVIDENCE = assets.INCIDENT_EVIDENCE


def reveal_map(
    settings: Settings, incident_id: str, day: str | None
) -> tuple[str, tuple[Finding, ...], list[str]]:
    """Return the day of the evidence, the map of an incident, and warnings about the map.

    Raises:
        NotMaterializedError: there is no raw evidence of that incident.
    """
    store = Store(settings.evidence)
    days = [day] if day is not None else sorted(store.days_of(EVIDENCE.name), reverse=True)
    for one in days:
        raw = store.find(EVIDENCE.at(one))
        incident = _incident_in(raw, incident_id) if raw is not None else None
        if raw is not None and incident is not None:
            rules = rules_of(settings.rules)
            found = sanitize_incident(incident, rules).findings()
            return one, found, _doubts(settings, one, rules)
    where = f"of {day}" if day is not None else "of any day"
    raise NotMaterializedError(
        f"no raw evidence {where} for incident {incident_id!r} under {settings.evidence}. The map "
        "is never stored, so it can't be built without the evidence. Materialize "
        f"{EVIDENCE.name} for its day, or set REPLAY_EVIDENCE to the root of the evidence."
    )


def shown(value: str) -> str:
    """Return a raw value on one line, with control characters escaped."""
    # Anyone may have written the evidence, also sequences that control a terminal.
    return "".join(
        one if one.isprintable() else one.encode("unicode_escape").decode("ascii") for one in value
    )


def _incident_in(raw: Published, incident_id: str) -> RawIncident | None:
    incidents = incidents_of(raw.rows(EVIDENCE.table), raw.rows(assets.RECORDED_MESSAGES))
    return next((one for one in incidents if one.incident_id == incident_id), None)


def _doubts(settings: Settings, day: str, rules: RuleSet) -> list[str]:
    """Return warnings if the pack was made from other inputs: numbers may mean other values."""
    pack = assets.REQUEST_PACK.at(day)
    lineage = Lineage(
        lake=Store(settings.lake),
        evidence=Store(settings.evidence),
        rules=rules_digest(rules),
    )
    if lineage.find(pack) is None:
        return [f"there is no pack of {day} with these placeholders"]
    doubts = {
        EVIDENCE.name: f"the pack of {day} was built from other evidence: its numbers may differ",
        "rules": f"the pack of {day} was built with other rules: its numbers may differ",
    }
    changed = lineage.changed(pack)
    return [doubt for name, doubt in doubts.items() if name in changed]
