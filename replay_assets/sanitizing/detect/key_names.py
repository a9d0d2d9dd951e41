"""Which key names mark their value as a secret, and how reliable each name is."""

import re
from functools import lru_cache
from typing import Literal
from urllib.parse import unquote

from replay_assets.parsing.yaml_files import shipped_yaml

Strength = Literal["strong", "weak", "none"]
"""strong: any value is a secret. weak: only a random-looking value is. none: not a secret."""

LONGEST_NAME = 80
_APART = re.compile(r"[-_.][0-9]+$")
_PARTS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")
_SPECIAL: dict[tuple[str, ...], Strength] = {
    ("private", "key", "id"): "weak",
    ("dockerconfigjson",): "strong",
    ("dockercfg",): "strong",
    ("service", "key"): "weak",
    ("session", "id"): "weak",
    ("sess", "id"): "weak",
}
"""Last words that the word lists would classify wrongly."""
_SESSION_ENDS = ("session", "session_id", "session-id", "sessionid", "sessid")
_OPENS = ("key", "token", "tokens", "keys")
_STRONG_ENDS = ("password", "passwd", "passphrase", "secret", "apikey", "passwort")
_WEAK_ENDS = ("key", "token", "pass", "pwd", "sessid", "session")


def _lists() -> dict[str, list[str]]:
    lists: dict[str, list[str]] = shipped_yaml(__package__, "shipped/key_names.yaml")
    return lists


WORDS = {name: frozenset(words) for name, words in _lists().items()}
"""The word lists of `shipped/key_names.yaml` by their names."""
_UNICODE_WORDS = WORDS["chinese"] | WORDS["other_languages"]
CHINESE = "|".join(sorted(_UNICODE_WORDS, key=lambda word: (-len(word), word)))
"""Chinese names of secrets, and a few of other languages, as alternatives of a pattern."""


@lru_cache(maxsize=4096)
def strength(name: str) -> Strength:
    """Return how reliably a key's name marks a secret; its words may be joined in any style."""
    name = name[-LONGEST_NAME:]
    if "%" in name:
        name = unquote(name)
    if not name.isascii() and any(word in name for word in _UNICODE_WORDS):
        return "strong"
    if is_session(name):
        return "weak"
    words = [word.lower() for word in _PARTS.findall(name)]
    while words and (
        words[-1] in WORDS["qualifiers"] or (words[-1].isdigit() and not _APART.search(name))
    ):
        words.pop()
    for count in (3, 2, 1):
        if tuple(words[-count:]) in _SPECIAL:
            return _SPECIAL[tuple(words[-count:])]
    if not words or words[-1] in WORDS["harmless_last"]:
        return "none"
    if len(words) > 1 and words[0] in WORDS["harmless_first"]:
        return "none"
    if len(words) > 1 and words[-2] in WORDS["harmless_before"] and words[-1].endswith(_OPENS):
        return "none"
    return _of_words(words)


@lru_cache(maxsize=4096)
def is_session(name: str) -> bool:
    """Return whether a name is one that a framework gives to its session."""
    folded = name.lower()
    return folded.endswith(_SESSION_ENDS) or any(word in folded for word in WORDS["session_names"])


def _of_words(words: list[str]) -> Strength:
    last = words[-1]
    if last in WORDS["strong_words"] or " ".join(words[-2:]) in WORDS["strong_pairs"]:
        return "strong"
    if last.endswith(_STRONG_ENDS):
        return "strong"
    if last in WORDS["weak_words"] or last.endswith(_WEAK_ENDS):
        return "weak"
    if any(word in WORDS["strong_words"] or word in ("key", "auth", "webhook") for word in words):
        return "weak"
    return "none"
