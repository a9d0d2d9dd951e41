"""The ledger of releases before the table: one file a day, read so that an upgrade forgets nothing.

Such a file counts on its own day only, so this module can go once that day is over everywhere.
"""

import json
from collections import Counter
from datetime import date
from pathlib import Path

from replay_assets.errors import JournalError


def spent_in_file(folder: Path, day: date) -> Counter[str]:
    """Return what each candidate spent on a day, attempts that never ended at their highest price.

    Each line sets an amount aside, or replaces one by what was spent; the last may be torn.

    Raises:
        JournalError: another line is damaged.
    """
    spent_usd: Counter[str] = Counter()
    path = folder / f"ledger-{day.isoformat()}.jsonl"
    if not path.exists():
        return spent_usd
    content = path.read_bytes()
    reserved: dict[str, tuple[str, float]] = {}
    for number, line in enumerate(content[: content.rfind(b"\n") + 1].splitlines(), start=1):
        try:
            record = json.loads(line)
            if "reserved_usd" in record:
                reserved[record["id"]] = (record["candidate"], record["reserved_usd"])
                spent_usd[record["candidate"]] += record["reserved_usd"]
            elif record["id"] in reserved:
                candidate_id, amount_usd = reserved.pop(record["id"])
                spent_usd[candidate_id] += record["spent_usd"] - amount_usd
        except (ValueError, KeyError, TypeError) as error:
            raise JournalError(
                f"{path}, line {number}: damaged, so what was spent on that day is not known. Put "
                "the file back from a copy, or remove it to begin the day's budget at 0."
            ) from error
    return spent_usd
