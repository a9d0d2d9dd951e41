"""Decides whether the value after a secret's name is a secret, not a template, code or a path."""

import re

from replay_assets.sanitizing.detect.checks import bits_per_character, has_digit, is_mixed
from replay_assets.sanitizing.detect.key_names import Strength

SHORTEST_STRONG = 3
"""Shorter values are flags and placeholders, also in quotes; no real secret is so short."""
# Measured on the labelled corpus: with 20 a token is missed, with 12 no more are found.
SHORTEST_WEAK = 16
HARMLESS = frozenset(
    b"null none nil true false yes no on off undefined redacted masked hidden omitted removed"
    b" filtered sensitive not is was the and or string str text int bool bytes char required"
    b" optional empty unset missing invalid incorrect wrong expired enabled disabled failed unknown"
    b" default example changed password: self this function lambda new return void object any"
    b" n/a <nil> opaque varchar sha256 sha512 md5 rsa stdin prompt ask file env vault bearer basic"
    b" here your_password your_token xxx".split()
)
_TEMPLATE = re.compile(
    rb"^(?:\$\{|\$\(|\{\{|<%|<[A-Za-z\x80-\xff]|%\(|%[sdv@]$|#\{|%\{|\[[A-Za-z_ -]+\]$"
    rb"|\{[A-Za-z_.]*\}$"
    rb"|\$[A-Za-z_][A-Za-z0-9_]*\W{0,3}$|\$_[A-Z]+\[|@@?[A-Za-z_.]+$|%[A-Z_]+%$|\$[a-z_]+[/.]"
    rb"|\\?[$][A-Z_]{4,}\b"
    rb"|!(?:Ref|Sub|GetAtt|vault|secret)\b|\$\$|'\$|\"\$|\.\.\.|\xe2\x80\xa6|:[a-z_]+$"
    rb"|%[A-Za-z]$|\$ENV)"
)
_ONLY_MASK = re.compile(rb"^(?:[*.\-_#?=\xe2\x80\xa2\xa6 ]+|[xX]{3,}[*.-]*)$")
_CODE = re.compile(
    rb"^(?:[A-Za-z_][A-Za-z0-9_]*(?:\.|::|->)){1,8}[A-Za-z_][A-Za-z0-9_]*(?:[\[(].*)?;?$"
    rb"|^[A-Za-z_][A-Za-z0-9_.:>-]{0,60}[\[(]|^[a-z]+ [a-z]+\(|^\([a-z]|^[A-Za-z_.]+\(\)?$"
)
_PATH = re.compile(rb"^(?:\.{0,2}/|~/|[A-Za-z]:\\|file:|https?:|/)[\w./:\\%@-]*$")
_RELATIVE_PATH = re.compile(rb"^[A-Za-z_.-]+(?:/[A-Za-z_.-]+)+(?:#[a-z_]+)?$|^[#.][a-z][a-z_-]*$")
_FILE = re.compile(
    rb"^[\w.-]+\.(?:pem|key|crt|cer|p12|jks|json|ya?ml|txt|conf|py|go|js|ts|java|html|php"
    rb"|properties)$"
)
_WORD = re.compile(rb"^[a-z]+[.,;:!?]?$|^[A-Z]?[a-z]+[.,;:!?]?$")
_UUID = re.compile(rb"^[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{11,12}-?$")
_VERSION = re.compile(rb"^v?[0-9]+(?:\.[0-9]+)+(?:[-+].*)?$|^[0-9]{4}-[0-9]{2}-[0-9]{2}")
_IDENTIFIER = re.compile(rb"^[A-Za-z]+(?:[_.:/-][A-Za-z]+)*$")
_CHANGE = re.compile(rb"[a-z](?=[A-Z0-9])|[A-Z](?=[0-9])|[0-9](?=[A-Za-z])")
_HEX = re.compile(rb"^[0-9a-f]{16,}$|^[0-9A-F]{16,}$")


def is_harmless(value: bytes) -> bool:
    """Return whether a value is empty, already masked, a template, or a word such as `none`."""
    return (
        not value
        or value.lower().strip(b".,;:") in HARMLESS
        or _TEMPLATE.match(value) is not None
        or _ONLY_MASK.match(value) is not None
    )


def looks_random(value: bytes) -> bool:
    """Return whether a value looks generated instead of written by a person."""
    if len(value) < SHORTEST_WEAK or b" " in value:
        return False
    if _UUID.match(value) or _HEX.match(value):
        return True
    if (
        _VERSION.match(value)
        or _IDENTIFIER.match(value)
        or _PATH.match(value)
        or b"://" in value
        or b"@tcp(" in value
    ):
        return False
    if not has_digit(value) or value.isdigit() or bits_per_character(value) < 3.0:
        return False
    parts = re.split(rb"[._/:-]", value)
    return (
        len(parts) == 1
        or any(len(part) >= 16 and has_digit(part) for part in parts)
        # Names of several parts change rarely: without this, 3 of 120 look-alikes were masked.
        or _changes_per_character(value) >= 0.25
    )


def is_uuid(value: bytes) -> bool:
    """Return whether a value is a UUID: more often an identifier than a secret."""
    return _UUID.match(value) is not None


def _changes_per_character(value: bytes) -> float:
    """Return how often a value changes between letters, digits and cases; names do so rarely."""
    plain = re.sub(rb"[^A-Za-z0-9]", b"", value)
    return len(_CHANGE.findall(plain)) / len(plain) if plain else 0.0


def is_secret(
    value: bytes, strength: Strength, *, quoted: bool, equals: bool, followed_by_word: bool
) -> bool:
    """Return whether the value after a secret's name is a secret.

    Args:
        value: the value, without quotes.
        strength: how reliably the name marks a secret.
        quoted: whether the value is in quotes, so that blanks belong to it.
        equals: whether an equals sign is before it; after a colon there may be prose.
        followed_by_word: whether prose seems to continue after it.
    """
    if strength == "none" or is_harmless(value):
        return False
    if strength == "weak":
        return looks_random(value) and not _CODE.match(value)
    if len(value) < SHORTEST_STRONG:
        return False
    if _PATH.match(value) or _RELATIVE_PATH.match(value) or _FILE.match(value):
        return False
    if not quoted:
        return _bare_secret(value, equals=equals, followed_by_word=followed_by_word)
    return not _is_phrase(value) and not (
        _CODE.match(value)
        and (b"(" in value or b"[" in value)
        and value.endswith((b")", b"]", b"("))
    )


def _bare_secret(value: bytes, *, equals: bool, followed_by_word: bool) -> bool:
    if _CODE.match(value) and not _is_random_despite_dots(value):
        return False
    if followed_by_word and _WORD.match(value):
        return False
    return not (value.isdigit() and (followed_by_word or (len(value) < 4 and not equals)))


def _is_random_despite_dots(value: bytes) -> bool:
    return any(
        len(part) >= 16 and is_mixed(part) for part in re.split(rb"[.:>()\[\]-]", value)
    ) or (
        b"(" not in value
        and b"[" not in value
        and is_mixed(value)
        and bits_per_character(value) > 3.6
    )


def _is_phrase(value: bytes) -> bool:
    """Return whether a quoted value is a sentence or a label, not a password with blanks."""
    words = value.split()
    return len(words) > 6 or (
        len(words) > 1 and value.endswith((b".", b":", b"!", b"?")) and not has_digit(value)
    )
