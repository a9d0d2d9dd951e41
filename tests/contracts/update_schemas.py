"""Rewrite the published JSON Schemas and tools: `python -m tests.contracts.update_schemas`."""

import json
from importlib.resources import files
from pathlib import Path

from replay_assets.contracts.schema_files import CONTRACTS, schema_text
from replay_assets.contracts.tools import shipped_tools

SCHEMAS = Path(str(files("replay_assets.contracts") / "schemas"))
TOOLS = SCHEMAS.parent / "agent_tools.json"
"""The tools that every investigation is offered, as a request has them."""


def tools_text() -> str:
    """Return the published tools: those of `tools.yaml` in OpenAI's function format."""
    return json.dumps(shipped_tools().offered(), indent=2, ensure_ascii=False) + "\n"


def update(folder: Path) -> None:
    """Write every contract's schema into a folder, and remove schemas without a contract."""
    for path in folder.glob("*.json"):
        if path.stem not in CONTRACTS:
            path.unlink()
    for name in CONTRACTS:
        (folder / f"{name}.json").write_text(schema_text(name), encoding="utf-8", newline="\n")


if __name__ == "__main__":
    update(SCHEMAS)
    TOOLS.write_text(tools_text(), encoding="utf-8", newline="\n")
