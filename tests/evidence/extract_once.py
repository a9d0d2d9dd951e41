"""A process that extracts one day: for tests that kill it or measure its printed peak memory.

python -m tests.evidence.extract_once URL ROOT DAY [fast|slow]
"""

import resource
import sys
from pathlib import Path

from replay_assets.contracts.calendar import day_window
from replay_assets.evidence.extraction import extract_day
from replay_assets.lake.store import Store
from replay_assets.source.connection.database import IncidentDatabase


def main() -> None:
    """Extract and print how many MiB it took."""
    url, root, day, reader = sys.argv[1:]
    database = IncidentDatabase(url)
    print("begun", flush=True)
    extract_day(database, day_window(day, "Asia/Taipei"), Store(root), fast=reader == "fast")
    database.close()
    print(peak_mib())


def peak_mib() -> int:
    """Return this process's peak; `ru_maxrss` starts with that of the parent process."""
    status = Path("/proc/self/status")
    if status.exists():
        (line,) = (one for one in status.read_text().splitlines() if one.startswith("VmHWM"))
        return int(line.split()[1]) // 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


if __name__ == "__main__":
    main()
