"""One line of a diagnosis: what was looked at, how it is, and what to do about it."""

from dataclasses import dataclass
from typing import Literal

Status = Literal["ok", "warn", "fail"]


@dataclass(frozen=True)
class Diagnosis:
    """What `doctor` says of one thing. Holds names, counts and lengths, never a row's text.

    `cure` is what to do in words, `statement` what can be pasted into a database client.
    """

    check: str
    status: Status
    says: str
    cure: str | None = None
    statement: str | None = None
