"""No command prints or stores a part of the source's password, however the URL spells it."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from replay_assets.cli import main
from tests.conftest import BASELINES, SAMPLES

HEAD, TAIL = "Kq7w" + "Head", "Zt4m" + "Tail"
PARTS = [part[start : start + 4] for part in (HEAD, TAIL) for start in range(len(part) - 3)]
TABLE = ("doctor", "--offline")
DAY = "2026-09-30"
COMMANDS = (
    TABLE,
    ("doctor", "--offline", "--json"),
    ("load", str(SAMPLES)),
    ("extract", "--date", DAY),
)
IN_DAGSTER = ("backfill", "--from", DAY, "--to", DAY, "--candidate", "rules-baseline")


def found_in(content: bytes) -> set[str]:
    return {part for part in PARTS if part.encode() in content}


def check(url: str, says: str, *commands: tuple[str, ...]) -> None:
    """Run commands that fail for a URL, and look for its password in what they print."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("REPLAY_SOURCE_URL", url)
        for words in commands:
            result = CliRunner().invoke(main, list(words))
            assert result.exit_code == 1, words
            assert isinstance(result.exception, SystemExit), words
            printed = "".join(result.output.split())
            assert found_in(printed.encode()) == set()
            if words != TABLE:  # its cells are wrapped
                assert says.replace(" ", "") in printed, words
                assert "joe:***@127.0.0.1:1/x" in printed, words


def test_no_command_prints_or_stores_a_part_of_the_password(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nor do Dagster's runs, events and logs, where others read them later."""
    (tmp_path / "data").mkdir()
    monkeypatch.setenv("REPLAY_HOME", str(tmp_path))
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path / "data" / "dagster_home"))
    monkeypatch.setenv("REPLAY_CANDIDATES", str(BASELINES))
    unescaped = f"postgresql+psycopg://joe:{HEAD}@{TAIL}@127.0.0.1:1/x"
    check(unescaped, "@ as %40", *COMMANDS, IN_DAGSTER)
    check(unescaped.replace(f"@{TAIL}", f"%40{TAIL}"), "refused", *COMMANDS)
    kept = [one for one in tmp_path.rglob("*") if one.is_file()]
    assert any(one.suffix == ".db" for one in kept)
    assert {one: found for one in kept if (found := found_in(one.read_bytes()))} == {}
