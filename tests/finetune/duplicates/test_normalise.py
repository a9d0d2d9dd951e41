"""What is taken off before texts are compared, and what must stay."""

import pytest

from replay_assets.finetune.duplicates.normalise import folded, joined, masked


def spelled(text: str) -> str:
    """Return what the second hash is taken of."""
    return joined(masked(folded(text)))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Disk  FULL on web", "disk full\non web"),
        ("磁碟 使用率：95%", "磁碟使用率：９５％"),
        ("ＯＯＭ\u3000Ｋｉｌｌｅｄ", "oom killed"),
        ("zero\u200bwidth\ufeff", "zerowidth"),
    ],
)
def test_blanks_case_and_width_do_not_count(one: str, other: str) -> None:
    """A copy that was pasted through another program is the same text."""
    assert joined(folded(one)) == joined(folded(other))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("trace 3f2a9c1b0d failed", "trace aa00bb11cc failed"),
        ("追蹤碼3f2a9c1b失敗", "追蹤碼00112233失敗"),
        ("pod web-7d9f8b6c5d-x", "pod web-0123456789-x"),
        ("id 123E4567-E89B-12D3-A456-426614174000", "id 00000000-0000-0000-0000-000000000001"),
        ("at 2026-09-21T02:03:02.118Z", "at 2025-01-01 23:59:59+08:00"),
        ("[21/Sep/2026:02:03:02 +0800] GET", "[01/Jan/2025:00:00:00 +0000] GET"),
        ("Nov 28 16:28:52 host", "Jan 1 00:00:00 host"),
        ("2026年9月21日 10時03分 告警", "2025年12月1日 1時30分 告警"),
        ("since 1764348112", "since 1764349999"),
        ("at 0x7ffee3b0c8d0", "at 0x00007f0000aa"),
    ],
)
def test_ids_and_times_are_masked(one: str, other: str) -> None:
    """A second occurrence of an incident differs in them only."""
    assert spelled(one) == spelled(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("95 % of 512 MiB", "96 % of 512 MiB"),
        ("port 5432", "port 3306"),
        ("10.0.3.71 refused", "10.0.3.72 refused"),
        ("0.123456789 s", "0.987654321 s"),
        ("a facade", "a decade"),
        ("<IP_PRIV_1>", "<IP_PRIV_2>"),
    ],
)
def test_other_figures_and_words_stay(one: str, other: str) -> None:
    """Incidents of one template differ in their figures only."""
    assert spelled(one) != spelled(other)
