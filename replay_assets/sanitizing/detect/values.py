"""Decides whether the value after a secret's name is a secret, not a template, code or a path."""

import re

from replay_assets.sanitizing.detect import key_names
from replay_assets.sanitizing.detect.checks import (
    bits_per_character,
    has_digit,
    is_jumbled,
    is_mixed,
)
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
    b" not-set not_set notset here your_password your_token xxx".split()
)
_TEMPLATE = re.compile(
    # Complete, or cut off at a blank: a generated password may begin with the same characters.
    rb"""
      \$\{\{ | \$\{[A-Za-z_.][^}]*\} | \$\{[A-Za-z_.]*$                # ${DB_PASSWORD}, ${{ x }}
    | \$\([A-Za-z_][^)]*\) | \$\((?:\$\()?[a-z_./-]*$                  # $(cat file)
    | `[a-z]+(?:$|[ ][^`]*$)                                           # `cat file`
    | \{\{[^}]*\}\} | \{\{-?[a-z]*$ | \{\{[.$][A-Za-z_.]*$             # {{ .Values.password }}
    | <%[^%]*%> | <%[=-]?$                                             # <%= password %>
    | <[A-Za-z\x80-\xff][\w\x80-\xff\ .,:/'-]*>\W{0,3}$                # <your password>
    | <[A-Za-z\x80-\xff][a-z_-]*$
    | %\([A-Za-z_]+\) | %[A-Za-z@]$ | %[A-Z_]+%$                       # %(password)s, %s, %NAME%
    | [#%]\{[A-Za-z_.@][^}]*\} | [#%]\{$ | \#\{[A-Za-z_.]+[\[(]        # #{password}, %{password}
    | \[[A-Za-z_\ -]+\]$ | \([a-z][a-z\ _-]*\)?$                       # [hidden], (none)
    | \{[A-Za-z_.]*(?:![rsa])?\}$ | \{[0-9]\}$                         # {password!r}, {0}
    | \{[a-z_]+:?$ | [{\[]\\{0,8}["'][^"']*$                           # an object or a list
    | [{\[]\\{0,8}["'][\w.-]+\\{0,8}["'][:,]
    | \\{0,8}\$_[A-Z]+\[ | \.\\?\$[a-z] | \$env: | \$ENV\b             # $_POST["x"], $env:NAME
    | \$[a-z_]+(?:/|(?:(?:\.|::|->|:)[A-Za-z_]+)+\W{0,3}$|\[["'$A-Za-z])          # $a->password
    | \\?\$[A-Z][A-Z_]{3,}(?:$|[@/:"'),;\\}$])                         # $DB_PASSWORD@host
    | !(?:Ref|Sub|GetAtt|vault|secret)\b | \.\.\. | \xe2\x80\xa6       # !Ref Password
    """,
    re.VERBOSE,
)
_VARIABLE = re.compile(
    rb"(?:\$\$?|@@?|:)(?P<name>[A-Za-z_]+|[A-Z_][A-Z0-9_]*|[0-9@?*#])[\"'`);,\\]{0,3}$"
)
_POINTER = re.compile(
    rb"(?:vault|op|ssm|awssm|aws-sm|secretsmanager|arn|gcpsm|gcp-sm|sm|keyvault|akv|env|file|secret"
    rb"|secretref|ref\+[a-z]+|doppler|infisical|conjur|bao|kms|k8s|pass|keyring):(?://)?"
    rb"[A-Za-z0-9_./#:@+-]+$|projects/[\w./-]+$|@Microsoft\.KeyVault\("
)
"""Where a secret is stored: `vault:secret/data/orders#password`, `op://prod/orders/password`."""
_YOURS = re.compile(rb"(?i:your)[_-][A-Za-z_-]+$")
_ONLY_MASK = re.compile(rb"^(?:[*.\-_#?=\xe2\x80\xa2\xa6 ]+|[xX]{3,}[*.-]*)$")
_NAME = rb"[A-Za-z_][A-Za-z0-9_]*"
_CALL = re.compile(
    # Brackets that close, and nothing but more code after them: `Pa(ss)9word1` is not a call.
    rb"(?:new )?%b(?:(?:\.|::|->|\?\.)%b)*(?:\([^()]*(?:\([^()]*\)[^()]*)*\)|\[[^\[\]]*\]"
    rb"|(?:\.|::|->|\?\.)%b)*(?:[(\[](?:[\"'][^\"']*[\"']?,?|[A-Za-z_.]*,?))?;?$"
    % (_NAME, _NAME, _NAME)
)
_UNUSUAL = re.compile(rb"[!^#~?@$%&*+]")
_PROPERTY = re.compile(rb"%b(?:(?:\.|::|->)%b)+;?$" % (_NAME, _NAME))
_PATH = re.compile(rb"^(?:\.{0,2}/|~/|[A-Za-z]:\\|file:|https?:|/)[\w./:\\%@-]*$")
_RELATIVE_PATH = re.compile(rb"^[A-Za-z_.-]+(?:/[A-Za-z_.-]+)+(?:#[a-z_]+)?$")
_SELECTOR = re.compile(rb"[#.][a-z][a-z_-]*$")
_COMMAND = re.compile(rb"[a-z]+ (?:-[a-z]+ )?[/$<]")
_ESCAPE = re.compile(rb"%[0-9A-F]{2}")
_FILE = re.compile(
    rb"^[\w.-]+\.(?:pem|key|crt|cer|p12|jks|json|ya?ml|txt|conf|py|go|js|ts|java|html|php"
    rb"|properties)$"
)
_WORD = re.compile(rb"^[a-z]+[.,;:!?]?$|^[A-Z]?[a-z]+[.,;:!?]?$")
# Generated names in Kubernetes have no vowels, so that they spell no words.
_NO_VOWEL = re.compile(rb"[b-df-hj-np-tv-xz]{10,}$", re.IGNORECASE)
_WORDS = re.compile(rb"[a-z]+(?:[-_.][a-z]+)+")
_ENTRY = re.compile(
    rb"\.?[a-z][a-z0-9]*(?:[-_./][a-z0-9]+)*|[A-Z]+(?:_[A-Z0-9]+)*|[a-z]+(?:[A-Z][a-z]+)+"
)
_UUID = re.compile(rb"^[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{11,12}-?$")
_VERSION = re.compile(rb"^v?[0-9]+(?:\.[0-9]+)+(?:[-+].*)?$|^[0-9]{4}-[0-9]{2}-[0-9]{2}")
_IDENTIFIER = re.compile(rb"^[A-Za-z]+(?:[_.:/-][A-Za-z]+)*$")
_SEPARATORS = re.compile(rb"[._/:-]")
_SIGNS = re.compile(rb"[^A-Za-z0-9]")
_CHANGE = re.compile(rb"[a-z](?=[A-Z0-9])|[A-Z](?=[0-9])|[0-9](?=[A-Za-z])")
_HEX = re.compile(rb"^[0-9a-f]{16,}$|^[0-9A-F]{16,}$")


def is_harmless(value: bytes) -> bool:
    """Return whether a value is empty, already masked, a template, or a word such as `none`."""
    return (
        not value
        or value.lower().strip(b".,;:") in HARMLESS
        or _ONLY_MASK.match(value) is not None
        or _is_template(value)
    )


def _is_template(value: bytes) -> bool:
    """Return whether a value is filled in elsewhere: a template, a variable, where it is stored."""
    if value[:1].isalnum():
        stored = b":" in value or b"/" in value
        return ((stored and _POINTER.match(value)) or _YOURS.match(value)) is not None
    value = value.lstrip(b"\"'")
    if _TEMPLATE.match(value) or _POINTER.match(value):
        # A template may hold any name and call; a generated password may begin like one.
        return not is_jumbled(value)
    variable = _VARIABLE.match(value)
    if variable is None:
        return False
    # `$password` is a variable; `$pringtime` is a password that a person invented.
    name = variable.group("name").decode()
    return name.isupper() or len(name) <= 3 or key_names.strength(name) != "none"


def is_reference(name: str, value: bytes, *, equals: bool = False) -> bool:
    """Return whether a value is the name of a secret, as in `secretKey: orders-db-password`.

    It is made of words, and its name is one that such references have; after an equals sign the
    same words are a password.
    """
    name = name.rpartition(".")[2]
    if equals and (name == "secretKey" or name.lower() in key_names.WORDS["references"]):
        return False
    if name.lower() in key_names.WORDS["references"]:
        return _WORDS.fullmatch(value) is not None
    if name not in key_names.WORDS["references"]:
        return False
    parts = _ENTRY.fullmatch(value) is not None and not looks_random(value)
    word = value.decode("utf-8", "replace")
    known = word in key_names.WORDS["harmless_last"] or key_names.strength(word) != "none"
    return parts and (known or not value.isalnum())


def is_entry(value: bytes) -> bool:
    """Return whether a value is a name such as `orders-db-1`, `ORDERS_DB` or `ordersDb`."""
    return _ENTRY.fullmatch(value) is not None


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
    parts = _SEPARATORS.split(value)
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
    plain = _SIGNS.sub(b"", value)
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
        return looks_random(value) and not is_code(value)
    if len(value) < SHORTEST_STRONG:
        return False
    if _is_path(value):
        return False
    if not quoted:
        return _bare_secret(value, equals=equals, followed_by_word=followed_by_word)
    if _is_phrase(value) or _COMMAND.match(value):
        return False
    return not (is_code(value) and value.endswith((b")", b"]", b"(")))


def _bare_secret(value: bytes, *, equals: bool, followed_by_word: bool) -> bool:
    if is_code(value):
        return False
    if followed_by_word and _WORD.match(value) and not _NO_VOWEL.match(value):
        return False
    return not (value.isdigit() and (followed_by_word or (len(value) < 4 and not equals)))


def is_code(value: bytes) -> bool:
    """Return whether a value is an expression: `config.password`, `os.environ["X"]`, `read()`."""
    if (b"(" in value or b"[" in value) and _CALL.match(value):
        quoted = b"'" in value or b'"' in value
        return (
            not _is_generated(value)
            and not is_jumbled(value)
            and (quoted or _UNUSUAL.search(value) is None)
        )
    if not _PROPERTY.match(value) or _is_generated(value):
        return False
    # `Maple.Syrup.On.Toast` is a password; `Settings.Db.Password` ends in the name of what it is.
    words = re.findall(rb"[A-Za-z0-9_]+", value)
    titled = len(words) > 2 and all(word.istitle() for word in words)
    return not titled or key_names.strength(words[-1].decode()) != "none"


def _is_generated(value: bytes, shortest: int = 4) -> bool:
    """Return whether a part between signs changes as names do not: `Pass9x`, `gv6f2v5`."""
    parts = re.findall(rb"[A-Za-z0-9]+", value)
    return any(
        (len(part) >= shortest and is_mixed(part)) or len(_CHANGE.findall(part)) > 4
        for part in parts
    )


def _is_path(value: bytes) -> bool:
    if value[:1].isalnum() and b"/" not in value and b"." not in value and b"\\" not in value:
        return False
    if _RELATIVE_PATH.match(value) or _FILE.match(value):
        return True
    if _SELECTOR.match(value):
        words = re.split(r"[#._-]", value.decode())
        return any(key_names.strength(word) != "none" for word in words)
    # Base64 may begin with a slash too.
    return (
        _PATH.match(value) is not None
        and not _is_generated(value, 12)
        and _ESCAPE.search(value) is None
    )


def _is_phrase(value: bytes) -> bool:
    """Return whether a quoted value is a sentence or a label, not a password with blanks."""
    words = value.split()
    return len(words) > 6 or (
        len(words) > 1 and value.endswith((b".", b":", b"!", b"?")) and not has_digit(value)
    )
