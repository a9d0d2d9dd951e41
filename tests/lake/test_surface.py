"""The names that other packages import from the lake."""

import subprocess
import sys

import pytest

from replay_assets import lake


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
