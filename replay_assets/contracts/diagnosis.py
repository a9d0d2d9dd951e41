"""One line of a diagnosis: what was checked, its status, and how to fix it."""

from dataclasses import dataclass
from typing import Literal

Status = Literal["ok", "warn", "fail"]


@dataclass(frozen=True)
class Diagnosis:
    """The result of one check of `doctor`: names, counts and lengths, never the text of a row.

    `cure` describes the fix in words; `statement` is a fix to paste into a database client.
    """

    check: str
    status: Status
    says: str
    cure: str | None = None
    statement: str | None = None
