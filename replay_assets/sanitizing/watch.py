"""What a deployment watches for in text that is to leave: its rules, its keys, its canaries.

A key or a canary is found as it is and as it is commonly encoded. Findings name rules, never
values.
"""

import base64
from collections.abc import Iterable, Iterator
from functools import cached_property
from pathlib import Path
from typing import Any
from urllib.parse import quote

from replay_assets.errors import ConfigurationError
from replay_assets.sanitizing.engine import clean_answer, gate_findings
from replay_assets.sanitizing.rules import SHIPPED, RuleSet, load_rules

SHORTEST_WATCHED = 8
"""Keys and canaries below this many characters would be found in ordinary words."""
KEY_IN_USE, CANARY = "api_key_in_use", "canary"
REMOVED = "<MASKED_0>"


class Watch:
    """Strict rules, the keys that are known, and the canaries of a deployment.

    Args:
        rules: the shipped ones, or those and a deployment's own.
        secrets: keys in use; shorter ones than `SHORTEST_WATCHED` are left out.
        canaries: values planted in evidence to prove that nothing leaks.
    """

    def __init__(
        self,
        rules: RuleSet = SHIPPED,
        *,
        secrets: Iterable[str] = (),
        canaries: Iterable[str] = (),
    ) -> None:
        self.rules = rules
        self._secrets = _usable(secrets)
        self._canaries = _usable(canaries)

    def __repr__(self) -> str:
        return f"Watch({len(self._secrets)} keys, {len(self._canaries)} canaries)"

    @cached_property
    def _key_forms(self) -> tuple[str, ...]:
        return _forms(self._secrets)

    @cached_property
    def _canary_forms(self) -> tuple[str, ...]:
        return _forms(self._canaries)

    def findings(self, body: str) -> list[str]:
        """Return what must not leave in a JSON text: ids of rules, `api_key_in_use`, `canary`.

        Raises:
            ValueError: it is not JSON.
        """
        found = gate_findings(
            body, secrets=self._secrets, canaries=self._canaries, rules=self.rules
        )
        found += [KEY_IN_USE] if any(form in body for form in self._key_forms) else []
        found += [CANARY] if any(form in body for form in self._canary_forms) else []
        return list(dict.fromkeys(found))

    def cleaned(self, value: Any) -> Any:  # noqa: ANN401 - any JSON value
        """Return what came back (a text, or any JSON value) less keys, canaries and strict hits."""
        if isinstance(value, dict):
            return {self.cleaned(name): self.cleaned(item) for name, item in value.items()}
        if isinstance(value, list):
            return [self.cleaned(item) for item in value]
        if isinstance(value, str):
            for form in (*self._key_forms, *self._canary_forms):
                value = value.replace(form, REMOVED)
            return clean_answer(value, secrets=self._secrets, rules=self.rules)
        return value


def rules_of(path: Path | None) -> RuleSet:
    """Return the shipped rules, and those of a deployment's own file where it has one.

    Raises:
        ConfigurationError: the file or one of its rules can't be used.
    """
    return SHIPPED if path is None else load_rules(path)


def load_canaries(path: Path | None) -> tuple[str, ...]:
    """Return the canaries of a file: one a line; blank lines and `#` lines are left out.

    A file, because the environment of a process is read by more programs than a file is.

    Raises:
        ConfigurationError: it can't be read, or a canary is too short to be told from a word.
    """
    if path is None:
        return ()
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(
            f"REPLAY_CANARIES is {str(path)!r}, which can't be read as text: {type(error).__name__}"
        ) from None
    found = {}
    for number, line in enumerate(lines, start=1):
        canary = line.strip()
        if not canary or canary.startswith("#"):
            continue
        if len(canary) < SHORTEST_WATCHED:
            raise ConfigurationError(
                f"{path}, line {number}: a canary of {len(canary)} characters would be found in "
                f"ordinary words; use {SHORTEST_WATCHED} or more"
            )
        found[canary] = number
    return tuple(found)


def _usable(values: Iterable[str]) -> tuple[str, ...]:
    stripped = (value.strip() for value in values)
    return tuple(dict.fromkeys(value for value in stripped if len(value) >= SHORTEST_WATCHED))


def _forms(values: Iterable[str]) -> tuple[str, ...]:
    """Return each value as it is and as it is commonly encoded, longest first."""
    found = {form for value in values for form in _encoded(value)}
    return tuple(sorted(found, key=lambda form: (-len(form), form)))


def _encoded(value: str) -> Iterator[str]:
    raw = value.encode("utf-8", "replace")
    yield from (value, quote(value, safe=""), quote(value, safe="").lower())
    yield from (raw.hex(), raw.hex().upper())
    for before in range(3):
        # Base64 of a longer text, such as `user:key`, holds the key at one of three alignments;
        # characters at its edges also depend on the neighbours and are cut off.
        for encode in (base64.b64encode, base64.urlsafe_b64encode):
            coded = encode(b"\0" * before + raw).decode().rstrip("=")
            end = len(coded) if (before + len(raw)) % 3 == 0 else len(coded) - 1
            yield coded[(0, 2, 3)[before] : end]
