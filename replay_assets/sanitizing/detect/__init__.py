"""Finding secrets and personal data in text: finders, rules and the shipped data behind them.

A finder returns spans. `pseudonyms` replaces them; `gates` block text that still contains one.
"""

from replay_assets.sanitizing.detect.json_texts import read_string, strings_in, texts_in
from replay_assets.sanitizing.detect.key_names import is_session, strength
from replay_assets.sanitizing.detect.matching import (
    EngineName,
    Scanner,
    TextScanner,
    default_engine,
    scanner,
    text_scanner,
    uncached_scanner,
)
from replay_assets.sanitizing.detect.rules import (
    RULES_VERSION,
    RuleSet,
    load_rules,
    rules_digest,
    shipped,
)
from replay_assets.sanitizing.detect.spans import DIGITS, SECRET, Span
from replay_assets.sanitizing.detect.values import is_entry, is_harmless, is_reference, looks_random

__all__ = [
    "DIGITS",
    "RULES_VERSION",
    "SECRET",
    "EngineName",
    "RuleSet",
    "Scanner",
    "Span",
    "TextScanner",
    "default_engine",
    "is_entry",
    "is_harmless",
    "is_reference",
    "is_session",
    "load_rules",
    "looks_random",
    "read_string",
    "rules_digest",
    "scanner",
    "shipped",
    "strength",
    "strings_in",
    "text_scanner",
    "texts_in",
    "uncached_scanner",
]
