"""Replaces found values: equal values of one incident get equal pseudonyms.

What to replace is found by `detect`; whether the result may leave is checked by `gates`.
"""

from replay_assets.sanitizing.pseudonyms.engine import IncidentSanitizer, sanitize_text
from replay_assets.sanitizing.pseudonyms.incident import (
    TOOL_OUTPUT,
    RawIncident,
    SanitizedIncident,
    incidents_of,
    sanitize_incident,
)
from replay_assets.sanitizing.pseudonyms.pseudonym_map import (
    PLACEHOLDER,
    PLACEHOLDER_BYTES,
    Finding,
    forms,
    replaced,
)

__all__ = [
    "PLACEHOLDER",
    "PLACEHOLDER_BYTES",
    "TOOL_OUTPUT",
    "Finding",
    "IncidentSanitizer",
    "RawIncident",
    "SanitizedIncident",
    "forms",
    "incidents_of",
    "replaced",
    "sanitize_incident",
    "sanitize_text",
]
