"""A database password with a character that should have been encoded."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from replay_assets.cli import main
from tests.field_reports.reports import needs_reports, report_input


@needs_reports
@pytest.mark.parametrize(
    "words", [("doctor", "--offline", "--json"), ("extract", "--date", "2026-09-30")]
)
def test_a_password_with_an_at_is_not_shown(
    words: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is masked up to the last one, and the message says how to write it."""
    url = report_input("url-at-password").partition("=")[2]
    (tmp_path / "data").mkdir()
    monkeypatch.setenv("REPLAY_HOME", str(tmp_path))
    monkeypatch.setenv("REPLAY_SOURCE_URL", url)
    result = CliRunner().invoke(main, list(words))
    assert result.exit_code == 1
    assert "joe:***@127.0.0.1:1/x" in result.output
    assert "%40" in result.output
    assert "Tail" not in result.output
