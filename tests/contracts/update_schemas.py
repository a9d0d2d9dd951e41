"""Rewrite the published JSON Schemas: `python -m tests.contracts.update_schemas`."""

from importlib.resources import files
from pathlib import Path

from replay_assets.contracts.schema_files import CONTRACTS, schema_text

SCHEMAS = Path(str(files("replay_assets.contracts") / "schemas"))


def update(folder: Path) -> None:
    """Write every contract's schema into a folder, and remove schemas without a contract."""
    for path in folder.glob("*.json"):
        if path.stem not in CONTRACTS:
            path.unlink()
    for name in CONTRACTS:
        (folder / f"{name}.json").write_text(schema_text(name), encoding="utf-8", newline="\n")


if __name__ == "__main__":
    update(SCHEMAS)
