"""Secrets, personal data and labels: found, replaced by pseudonyms, and blocked at the gates.

Used by every stage that writes or sends text. The packages, from the lowest to the highest:

- `error_redaction`: an error from inside the rules, without the text that they worked on.
- `detect`: what must go, as spans of a text; the shipped rules and a deployment's own.
- `pseudonyms`: one map of pseudonyms per incident, and what it replaces.
- `gates`: what must not leave: matches of strict rules, keys, canaries, labels.

Other rooms import the names below. `sanitize_text` cleans a text, `IncidentSanitizer` all texts of
an incident.
"""

from replay_assets.sanitizing.detect import (
    RULES_VERSION,
    RuleSet,
    TextScanner,
    load_rules,
    rules_digest,
    text_scanner,
)
from replay_assets.sanitizing.error_redaction import redacted_errors
from replay_assets.sanitizing.gates import (
    MASK,
    OutboundPolicy,
    find_label_leaks,
    load_canaries,
    mask_strict,
    rules_of,
    token_rules,
)
from replay_assets.sanitizing.pseudonyms import (
    PLACEHOLDER,
    TOOL_OUTPUT,
    Finding,
    IncidentSanitizer,
    RawIncident,
    SanitizedIncident,
    incidents_of,
    sanitize_incident,
    sanitize_text,
)

__all__ = [
    "MASK",
    "PLACEHOLDER",
    "RULES_VERSION",
    "TOOL_OUTPUT",
    "Finding",
    "IncidentSanitizer",
    "OutboundPolicy",
    "RawIncident",
    "RuleSet",
    "SanitizedIncident",
    "TextScanner",
    "find_label_leaks",
    "incidents_of",
    "load_canaries",
    "load_rules",
    "mask_strict",
    "redacted_errors",
    "rules_digest",
    "rules_of",
    "sanitize_incident",
    "sanitize_text",
    "text_scanner",
    "token_rules",
]
