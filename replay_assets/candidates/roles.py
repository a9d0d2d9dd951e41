"""What an entry of the catalogue does other than being replayed, and its defaults."""

from collections.abc import Mapping
from typing import Any, Literal

Role = Literal["judge", "shield"]
"""`judge`: labels the feedback of operators. `shield`: checks what an agent reads and does."""

JUDGE_DEFAULTS: Mapping[str, Any] = {
    # The original judge's defaults.
    "sampling": {"temperature": 0.1, "max_tokens": 256},
    "limits": {"concurrency": 100, "timeout_s": 60},
    # The same triple in another file or on another day is not paid for twice.
    "cache": True,
}


def with_defaults(found: object) -> object:
    """Return an entry with the defaults of its role, where the entry says nothing else."""
    if not isinstance(found, dict) or found.get("role") != "judge":
        return found
    merged = {**JUDGE_DEFAULTS, **found}
    for name, defaults in JUDGE_DEFAULTS.items():
        if isinstance(defaults, Mapping) and isinstance(merged[name], dict):
            merged[name] = {**defaults, **merged[name]}
    return merged
