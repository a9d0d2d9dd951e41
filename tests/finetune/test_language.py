"""The language of an incident."""

import pytest

from replay_assets.finetune.language import language_of


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("disk full on node 3, 支付 team was paged, then the volume was enlarged by ten GiB", "en"),
        ("支付服務記憶體不足\nOOMKilled payment-api exit code 137 restarted at node-3", "zh"),
        ("磁盘已满，请清理", "zh"),
        ("ディスクの空き容量が不足しています", "en"),
        ("디스크 공간이 부족합니다", "en"),
        ("El disco está lleno", "en"),
        ("100 % 3/3", "en"),
        ("", "en"),
    ],
)
def test_the_language_follows_the_words_that_people_wrote(text: str, language: str):
    """Chinese reports quote English logs; other languages get English headings."""
    assert language_of(text) == language


def test_a_setting_comes_before_the_text():
    """`original` is Chinese, as all earlier exports."""
    assert [language_of("磁碟已滿", "en"), language_of("disk", "zh")] == ["en", "zh"]
    assert language_of("disk", "original") == "zh"
