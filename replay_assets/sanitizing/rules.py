r"""What counts as a secret or as personal data: rules as data, each with an id and a category.

Boundaries are ASCII on purpose: `\b` takes Chinese characters for word characters and would skip a
token that touches one. A `strict` rule must hold at the gate on bytes; the others only redact.
"""

import hashlib
import ipaddress
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from replay_assets.errors import ConfigurationError
from replay_assets.sanitizing.checksums import is_card, is_taiwan_id

RULES_VERSION = "1"
LEFT, RIGHT = r"(?<![A-Za-z0-9_])", r"(?![A-Za-z0-9])"


@dataclass(frozen=True)
class Rule:
    """A pattern whose group `value` is what must go, if `accepts` agrees."""

    id: str
    category: str
    pattern: re.Pattern[str]
    strict: bool
    accepts: Callable[[str], bool] = bool


def _token(name: str, body: str) -> Rule:
    """A vendor's token: the prefix is unmistakable, so no left boundary is asked for."""
    return Rule(f"token.{name}", "SECRET", re.compile(rf"(?P<value>{body}){RIGHT}"), strict=True)


def _is_masked(value: str) -> bool:
    """Tell whether a value is a placeholder, a template or a word that says it was removed."""
    stripped = value.strip("\"'*")
    return not stripped or stripped[0] in "<${%[" or stripped.lower() in HARMLESS_VALUES


HARMLESS_VALUES = frozenset({"null", "none", "true", "false", "redacted", "masked", "not", "is"})

KEY_WORDS = (
    r"password|passwd|passphrase|(?<![A-Za-z])pass|pwd|secret(?:[_-]?(?:access[_-]?)?key)?|client[_-]?secret|"
    r"api[_-]?key|access[_-]?key|private[_-]?key|auth[_-]?token|access[_-]?token|"
    r"refresh[_-]?token|session[_-]?token|token|credentials?"
)
KEY_WORDS_ZH = "密碼|金鑰|密鑰|權杖|通行碼"
SECRET_KEY = re.compile(
    rf"^(?:.*[^A-Za-z0-9]|(?-i:.*[a-z0-9](?=[A-Z])))?(?:{KEY_WORDS})$"
    rf"|(?:password|passwd|passphrase|secret)$|{KEY_WORDS_ZH}",
    re.IGNORECASE,
)
"""A JSON key whose value is a secret, whatever it looks like."""


def _is_address_to_mask(value: str) -> bool:
    try:
        address = ipaddress.ip_address(value)
    except ValueError:
        return False
    return not (address.is_loopback or address.is_unspecified or value.startswith("255."))


RULES: tuple[Rule, ...] = (
    Rule(
        "pem",
        "SECRET",
        re.compile(
            # The last branch is for a block without an end, far from the end of the text.
            r"(?P<value>-----BEGIN [A-Z0-9 ]{0,30}PRIVATE KEY-----(?:[\s\S]{0,8000}?"
            r"(?:-----END [A-Z0-9 ]{0,30}PRIVATE KEY-----|\Z)|[A-Za-z0-9+/=\s\\:,-]{0,8000}))"
        ),
        strict=True,
    ),
    _token("nvidia", r"nvapi-[A-Za-z0-9_-]{8,200}"),
    Rule(
        "token.openai",
        "SECRET",
        re.compile(rf"{LEFT}(?P<value>sk-(?:proj-|ant-)?[A-Za-z0-9_-]{{16,200}}){RIGHT}"),
        strict=True,
        # "sk-" also ends words that hyphens join: "task-runner-deployment", "disk-…".
        accepts=lambda value: any(character.isdigit() for character in value[:24]),
    ),
    _token("github", r"(?:gh[oprsu]_[A-Za-z0-9]{20,255}|github_pat_[A-Za-z0-9_]{20,255})"),
    _token("gitlab", r"glpat-[A-Za-z0-9_-]{16,64}"),
    _token("slack", r"xox[abeprs]-[A-Za-z0-9-]{10,250}"),
    _token("slack_webhook", r"https://hooks\.slack\.com/services/[A-Za-z0-9/_-]{10,100}"),
    _token("aws_key_id", r"(?:AKIA|ASIA)[A-Z0-9]{16}"),
    _token("google", r"AIza[A-Za-z0-9_-]{35}"),
    _token("huggingface", r"hf_[A-Za-z0-9]{20,64}"),
    _token("npm", r"npm_[A-Za-z0-9]{30,64}"),
    _token("jwt", r"eyJ[A-Za-z0-9_-]{6,2000}\.[A-Za-z0-9_-]{4,4000}\.[A-Za-z0-9_-]{0,1000}"),
    Rule(
        "authorization",
        "SECRET",
        re.compile(
            r"(?i)authorization\\?[\"']?\s{0,3}[:=：]\s{0,3}\\?[\"']?"
            r"(?:bearer|basic|token)\s{1,3}"
            r"(?P<value>[A-Za-z0-9._~+/=-]{6,4000})"
        ),
        strict=True,
    ),
    Rule(
        "bearer",
        "SECRET",
        re.compile(r"(?i)bearer\s{1,3}(?P<value>[A-Za-z0-9._~+/=-]{12,4000})"),
        strict=True,
    ),
    Rule(
        "url_password",
        "SECRET",
        re.compile(
            r"[A-Za-z][A-Za-z0-9+.-]{1,20}://[^\s/:@\"'<>]{0,100}:"
            r"(?P<value>[^\s/\"'<>]{1,200})@(?=[^\s@]{1,200})"
        ),
        strict=True,
    ),
    Rule(
        "key_value",
        "SECRET",
        re.compile(
            rf"(?i)(?:{KEY_WORDS})\\?[\"']?\s{{0,3}}[=:：＝]\s{{0,3}}\\?[\"']?"
            # Within quotes a value may hold any punctuation; without, it ends at the first.
            r"(?P<value>(?<=[\"'])[^\s\"'\\<>]{4,500}(?=\\?[\"'])"
            r"|[^\s\"'\\,;，。；、&<>(){}\[\]]{4,500})"
        ),
        strict=False,
        accepts=lambda value: not _is_masked(value),
    ),
    Rule(
        "key_value_zh",
        "SECRET",
        re.compile(
            rf"(?:{KEY_WORDS_ZH})\s{{0,3}}(?:[=:：＝為是])\s{{0,3}}[\"'「]?"
            # Not into a placeholder: what stands before one would stay.
            r"(?P<value>(?:(?!<[A-Z])[!-~]){4,500})"
        ),
        strict=False,
        accepts=lambda value: not _is_masked(value),
    ),
    Rule(
        "cli_flag",
        "SECRET",
        re.compile(
            rf"(?i)--(?:{KEY_WORDS})\s{{1,3}}[\"']?(?P<value>[^\s\"'<>-][^\s\"'<>]{{3,500}})"
        ),
        strict=False,
        accepts=lambda value: not _is_masked(value),
    ),
    Rule(
        "email",
        "EMAIL",
        re.compile(
            r"(?P<value>[A-Za-z0-9._%+-]{1,64}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){0,6}"
            r"\.[A-Za-z]{2,24})"
        ),
        strict=True,
    ),
    Rule(
        "ipv4",
        "IP",
        re.compile(r"(?<![0-9.])(?P<value>(?:[0-9]{1,3}\.){3}[0-9]{1,3})(?![0-9]|\.[0-9])"),
        strict=False,
        accepts=_is_address_to_mask,
    ),
    Rule(
        "card",
        "CARD",
        re.compile(rf"{LEFT}(?P<value>[0-9]{{4}}(?:[ -]?[0-9]{{4}}){{2}}[ -]?[0-9]{{1,7}}){RIGHT}"),
        strict=True,
        accepts=is_card,
    ),
    Rule(
        "taiwan_id",
        "NATIONAL_ID",
        re.compile(rf"{LEFT}(?P<value>[A-Z][1289][0-9]{{8}}){RIGHT}"),
        strict=True,
        accepts=is_taiwan_id,
    ),
    Rule(
        "taiwan_phone",
        "PHONE",
        re.compile(
            r"(?<![0-9A-Za-z.-])(?P<value>(?:\+886[ -]?9|09)[0-9]{2}[ -]?[0-9]{3}[ -]?[0-9]{3})"
            r"(?![0-9-])"
        ),
        strict=True,
    ),
)


@dataclass(frozen=True)
class RuleSet:
    """The rules that one deployment applies: the shipped ones and its own."""

    rules: tuple[Rule, ...]


SHIPPED = RuleSet(RULES)


def load_rules(path: Path | str) -> RuleSet:
    """Return the shipped rules and those of a YAML file.

    Raises:
        ConfigurationError: if the file or one of its rules can't be used.
    """
    try:
        document = yaml.safe_load(Path(path).read_text(encoding="utf-8")) or {}
        own = tuple(_own_rule(entry) for entry in document.get("rules", []))
    except (OSError, yaml.YAMLError, AttributeError, KeyError, TypeError, re.error) as error:
        raise ConfigurationError(f"rules file {path}: {error!r}; see the README") from error
    return RuleSet((*RULES, *own))


def _own_rule(entry: dict[str, Any]) -> Rule:
    pattern = re.compile(f"(?P<value>{entry['pattern']})")
    return Rule(entry["id"], entry["category"], pattern, strict=bool(entry.get("strict", False)))


def rules_digest(rules: RuleSet = SHIPPED) -> str:
    """Return the SHA-256 of all rules, so that an audit can name what was applied."""
    text = "\n".join(f"{rule.id}\t{rule.category}\t{rule.pattern.pattern}" for rule in rules.rules)
    return hashlib.sha256(f"{RULES_VERSION}\n{text}".encode()).hexdigest()
