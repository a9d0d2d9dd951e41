"""The names that other packages import from the lake."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from replay_assets import lake

PACKAGE = Path(__file__).parent.parent.parent / "replay_assets"


def test_every_public_name_is_there():
    """Names are loaded when they are first used, so a wrong one would be found late."""
    assert sorted(lake._MODULE_OF) == lake.__all__
    for name in lake.__all__:
        assert getattr(lake, name).__name__ == name
    with pytest.raises(AttributeError, match="has no attribute 'labels_of'"):
        getattr(lake, "labels_of")  # noqa: B009 - a type checker refuses the plain access


def test_the_name_of_an_asset_does_not_import_arrow():
    """Commands that only name a partition must start fast."""
    code = "import sys; from replay_assets.lake import assets; sys.exit('pyarrow' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0


def test_other_packages_import_the_classes_from_the_package() -> None:
    """As its docstring says: a class that moves to another module changes nothing elsewhere."""
    imports = [
        (path, node)
        for path in PACKAGE.rglob("*.py")
        if path.parent != PACKAGE / "lake"
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("replay_assets.lake")
    ]
    assert len(imports) > 50
    past = [
        f"{path.relative_to(PACKAGE)}:{node.lineno}"
        for path, node in imports
        if node.module != "replay_assets.lake"
        and not {one.name for one in node.names}.isdisjoint(lake.__all__)
    ]
    assert past == []
