"""Checks before text leaves: strict rules on its bytes, label leaks, keys and canaries.

A gate blocks a text, or masks what it found; it gives no pseudonyms.
"""

from replay_assets.sanitizing.gates.label_gate import find_label_leaks
from replay_assets.sanitizing.gates.outbound_policy import (
    OutboundPolicy,
    load_canaries,
    rules_of,
    token_rules,
)
from replay_assets.sanitizing.gates.strict_gate import MASK, mask_strict

__all__ = [
    "MASK",
    "OutboundPolicy",
    "find_label_leaks",
    "load_canaries",
    "mask_strict",
    "rules_of",
    "token_rules",
]
