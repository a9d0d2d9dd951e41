"""The ledger files of earlier releases, one per day: read so that an upgrade keeps what was spent.

Such a file matters on its own day only, so this module can be deleted when that day has passed for
all users.
"""

import json
from collections import Counter
from datetime import date
from pathlib import Path

from replay_assets.errors import JournalError


def spent_in_file(folder: Path, day: date) -> Counter[str]:
    """Return what each candidate spent on a day; unfinished attempts count at their highest price.

    Each line reserves an amount, or replaces a reserved amount by what was spent. The last line may
    be incomplete.

    Raises:
        JournalError: another line is damaged.
    """
    spent_usd: Counter[str] = Counter()
    path = folder / f"ledger-{day.isoformat()}.jsonl"
    if not path.exists():
        return spent_usd
    content = path.read_bytes()
    reserved: dict[str, tuple[str, float]] = {}
    # A process that died while it wrote the last line had not sent that attempt yet.
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
                f"{path}, line {number}: damaged, so what was spent on that day is not known. "
                "Restore the file from a copy, or remove it to begin the day's budget at 0."
            ) from error
    return spent_usd
