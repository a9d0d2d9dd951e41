"""`doctor` and `extract` on databases of many teams: one rejects what the other can't read."""

from pathlib import Path

import pytest

from tests.cli.databases import CASES, Case, judge, source_of


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
def test_doctor_rejects_what_a_day_does_not_read(
    case: Case, request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the same reason and way out; and it accepts what a day reads."""
    with source_of(case, request) as url:
        judge(case, url, tmp_path, monkeypatch)
