"""The built-in shields of an investigation, and what a violation does."""

from collections.abc import Mapping
from typing import Literal

OnViolation = Literal["end_turn", "flag"]
"""What a violation does: its message becomes the answer, or it is only reported."""

BUILT_IN_SHIELDS: Mapping[str, OnViolation] = {
    "sanitisation": "end_turn",
    "label_leak": "end_turn",
    "prompt_injection": "flag",
    "policy": "flag",
}
"""What a violation of each does, unless the catalogue says otherwise; in the order of running."""
