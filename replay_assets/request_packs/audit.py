"""What sanitizing did to a pack, for a security reviewer: counts and digests, never a value."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from dataclasses import field as dataclass_field
from typing import Any

from replay_assets.lake.files import sha256
from replay_assets.sanitizing.engine import IncidentSanitizer, rules_digest
from replay_assets.sanitizing.rules import RULES_VERSION

AUDIT_VERSION = "sanitizing_audit_v1"


@dataclass
class Audit:
    """Counts of masked values by category, rule and field over a whole pack."""

    by_category: Counter[str] = dataclass_field(default_factory=Counter)
    by_rule: Counter[str] = dataclass_field(default_factory=Counter)
    by_field: Counter[str] = dataclass_field(default_factory=Counter)

    @property
    def masked_values(self) -> int:
        """How many values were replaced."""
        return self.by_category.total()

    @contextmanager
    def field(self, name: str, sanitizer: IncidentSanitizer) -> Iterator[None]:
        """Count what a sanitizer finds within the block as findings of one field."""
        before = sanitizer.counts.copy()
        yield
        for (category, rule), count in (sanitizer.counts - before).items():
            self.by_category[category] += count
            self.by_rule[rule] += count
            self.by_field[name] += count

    def document(self, pack: bytes, tool_output: bytes) -> dict[str, Any]:
        """Return the audit that is written beside the pack."""
        return {
            "schema_version": AUDIT_VERSION,
            "rules_version": RULES_VERSION,
            "rules_sha256": rules_digest(),
            "masked_by_category": dict(sorted(self.by_category.items())),
            "masked_by_rule": dict(sorted(self.by_rule.items())),
            "masked_by_field": dict(sorted(self.by_field.items())),
            "request_pack_sha256": sha256(pack),
            "recorded_tool_output_sha256": sha256(tool_output),
            "label_gate": "passed",
            "residual_secret_gate": "passed",
        }
