"""Secrets, personal data and labels: found, replaced by pseudonyms, and refused at the gates.

Used by every stage that writes or sends text. `sanitize_text` and `find_label_leaks` are the public
entry points; the stages hold an `IncidentSanitizer`, which keeps one map of pseudonyms an incident.
"""

from replay_assets.sanitizing.engine import Finding, IncidentSanitizer, sanitize_text
from replay_assets.sanitizing.label_gate import find_label_leaks
from replay_assets.sanitizing.rules import RuleSet, load_rules

__all__ = [
    "Finding",
    "IncidentSanitizer",
    "RuleSet",
    "find_label_leaks",
    "load_rules",
    "sanitize_text",
]
