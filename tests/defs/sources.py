"""Sources for single tests: the samples with some rows changed or added."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from replay_assets.settings import Settings
from tests.conftest import SAMPLES, load_into, settings_in

Row = dict[str, Any]
Change = Callable[[Row], Row]
TABLES = (
    "incident_evidence",
    "agent_sessions",
    "session_messages",
    "auto_repair_executions",
    "labels",
)


def changed_samples(
    home: Path, *, change: dict[str, Change] | None = None, add: dict[str, list[Row]] | None = None
) -> Settings:
    """Return settings with a new home folder and a source with the changed samples."""
    folder = home / "rows"
    folder.mkdir(parents=True)
    for table in TABLES:
        lines = (SAMPLES / f"{table}.jsonl").read_text(encoding="utf-8").splitlines()
        rows = [(change or {}).get(table, dict)(json.loads(line)) for line in lines]
        rows += (add or {}).get(table, [])
        text = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
        (folder / f"{table}.jsonl").write_text(text, encoding="utf-8")
    url = f"sqlite:///{home / 'incidents.sqlite'}"
    load_into(url, folder)
    return settings_in(home, source_url=url)
