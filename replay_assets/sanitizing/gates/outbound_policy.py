"""What must not leave a deployment: matches of its strict rules, its API keys, its canaries.

A key or a canary is found in plain form and in its common encodings. Findings name rules, never
values.
"""

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

from replay_assets.errors import ConfigurationError
from replay_assets.sanitizing.detect import RuleSet, load_rules, shipped
from replay_assets.sanitizing.gates.strict_gate import Known, gate_findings, mask_strict

SHORTEST_CANARY = 8
"""A shorter canary would be found in ordinary words."""


class OutboundPolicy:
    """The strict rules, known keys and canaries of a deployment.

    Args:
        rules: the shipped rules, or those together with the deployment's own.
        secrets: API keys in use.
        canaries: values planted in evidence to prove that nothing leaks.
    """

    def __init__(
        self,
        rules: RuleSet | None = None,
        *,
        secrets: Iterable[str] = (),
        canaries: Iterable[str] = (),
    ) -> None:
        self.rules = rules or shipped()
        self._secrets = _stripped(secrets)
        self._canaries = _stripped(canaries)
        self._unwanted = (*self._secrets, *self._canaries)
        self._known = Known()

    def __repr__(self) -> str:
        # Logs and errors may show this object: only counts, because it holds keys.
        return f"OutboundPolicy({len(self._secrets)} keys, {len(self._canaries)} canaries)"

    def findings(self, body: str | bytes, *, end: bytes = b"") -> list[str]:
        """Return what must not leave in a JSON text: ids of rules, `api_key_in_use`, `canary`.

        `end` is the end that this body shares with others: see `gate_findings`.

        Raises:
            ValueError: the body is not valid JSON.
        """
        return gate_findings(
            body,
            secrets=self._secrets,
            canaries=self._canaries,
            rules=self.rules,
            known=self._known,
            end=end,
        )

    def cleaned(self, value: Any) -> Any:  # noqa: ANN401 - any JSON value
        """Return a response (text or any JSON value) without keys, canaries and strict matches."""
        return mask_strict(value, secrets=self._unwanted, rules=self.rules)


def rules_of(path: Path | None) -> RuleSet:
    """Return the shipped rules, together with those of the deployment's own file if it has one.

    Raises:
        ConfigurationError: the file or one of its rules can't be used.
    """
    return shipped() if path is None else load_rules(path)


def token_rules(rules: RuleSet) -> RuleSet:
    """Return rules for text that holds no incident: mail and IP addresses may leave."""
    return replace(rules, tokens_only=True)


def load_canaries(path: Path | None) -> tuple[str, ...]:
    """Return the canaries of a file: one per line; blank lines and `#` lines are ignored.

    They are read from a file because more programs can read the environment of a process.

    Raises:
        ConfigurationError: the file can't be read, or a canary is too short to be unique.
    """
    if path is None:
        return ()
    try:
        # With a byte order mark in it, the first canary would never be found.
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(
            f"REPLAY_CANARIES is {str(path)!r}, which can't be read as text: {type(error).__name__}"
        ) from None
    found = {}
    for number, line in enumerate(lines, start=1):
        canary = line.strip()
        if not canary or canary.startswith("#"):
            continue
        if len(canary) < SHORTEST_CANARY:
            raise ConfigurationError(
                f"{path}, line {number}: a canary of {len(canary)} characters would be found in "
                f"ordinary words; use {SHORTEST_CANARY} or more"
            )
        found[canary] = number
    return tuple(found)


def _stripped(values: Iterable[str]) -> tuple[str, ...]:
    """Return values without surrounding white space, longest first: one may contain another."""
    found = {value.strip() for value in values} - {""}
    return tuple(sorted(found, key=lambda value: (-len(value), value)))
