"""Secrets, personal data and labels: found, replaced by pseudonyms, and blocked at the gates.

Used by every stage that writes or sends text. `sanitize_text` and `find_label_leaks` are the public
entry points; the stages use an `IncidentSanitizer`, which keeps one map of pseudonyms per incident.
"""

from replay_assets.sanitizing.detect.rules import RuleSet, load_rules
from replay_assets.sanitizing.gates.label_gate import find_label_leaks
from replay_assets.sanitizing.pseudonyms.engine import IncidentSanitizer, sanitize_text
from replay_assets.sanitizing.pseudonyms.pseudonym_map import Finding

__all__ = [
    "Finding",
    "IncidentSanitizer",
    "RuleSet",
    "find_label_leaks",
    "load_rules",
    "sanitize_text",
]
