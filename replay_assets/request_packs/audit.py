"""Reports to a security reviewer what sanitizing masked: counts and digests, never a value.

A plain digest of an address or phone number can be reversed by trying all of them. So inputs and
values are hashed with the deployment's key, `REPLAY_AUDIT_KEY`, and the incident: the same value
has another hash in another incident. Without a key these hashes are None.
"""

import hashlib
import hmac
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from replay_assets.sanitizing import (
    RULES_VERSION,
    RawIncident,
    RuleSet,
    SanitizedIncident,
    rules_digest,
)

AUDIT_VERSION = "sanitizing_audit_v2"
HASH_CHARACTERS = 16
"""64 bits: enough that values of an incident do not collide, too few to recover the value."""
COUNTED_BY = ("category", "rule", "field")


@dataclass
class Audit:
    """Counts of masked values in a complete pack, and one entry per incident."""

    rules: RuleSet | None = None
    key: str | None = field(default=None, repr=False)
    counts: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    incidents: list[dict[str, Any]] = field(default_factory=list)

    @property
    def masked_values(self) -> int:
        """How many values were replaced."""
        return self.counts.total()

    def add(self, raw: RawIncident, clean: SanitizedIncident) -> None:
        """Add an incident's counts and hashes."""
        self.counts.update(clean.counts)
        name = raw.incident_id
        self.incidents.append(
            {
                "incident_id": name,
                "input_hmac": self._hash(name, "input", *raw.texts()),
                "masked": _table(clean.counts),
                "values": [
                    {
                        "placeholder": found.placeholder,
                        "category": found.category,
                        "rule": found.rule_id,
                        "value_hmac": self._hash(name, "value", found.category, found.canonical),
                    }
                    for found in clean.findings()
                ],
            }
        )

    def document(self, pack_sha256: str, tool_output_sha256: str) -> dict[str, Any]:
        """Return the audit that is written next to the pack, and names its checksums."""
        return {
            "schema_version": AUDIT_VERSION,
            "rules_version": RULES_VERSION,
            "rules_sha256": rules_digest(self.rules),
            "keyed": self.key is not None,
            **{
                f"masked_by_{name}": _by(self.counts, position)
                for position, name in enumerate(COUNTED_BY)
            },
            "masked": _table(self.counts),
            "incidents": self.incidents,
            "request_pack_sha256": pack_sha256,
            "recorded_tool_output_sha256": tool_output_sha256,
            # Always: no pack is returned if one of the gates finds something.
            "label_gate": "passed",
            "residual_secret_gate": "passed",
        }

    def _hash(self, *parts: str) -> str | None:
        """Return the truncated HMAC-SHA256 of some texts, each preceded by its length."""
        if self.key is None:
            return None
        raw = [part.encode("utf-8", "replace") for part in parts]
        # Lengths, because ("ab", "c") and ("a", "bc") must have different hashes.
        message = b"".join(f"{len(one)}:".encode() + one for one in raw)
        return hmac.new(self.key.encode(), message, hashlib.sha256).hexdigest()[:HASH_CHARACTERS]


def _by(counts: Mapping[tuple[str, str, str], int], position: int) -> dict[str, int]:
    totals: Counter[str] = Counter()
    for names, count in counts.items():
        totals[names[position]] += count
    return dict(sorted(totals.items()))


def _table(counts: Mapping[tuple[str, str, str], int]) -> list[dict[str, Any]]:
    rows: Iterable[tuple[tuple[str, str, str], int]] = sorted(counts.items())
    return [{**dict(zip(COUNTED_BY, names, strict=True)), "count": count} for names, count in rows]
