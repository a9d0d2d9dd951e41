"""The language of an incident, which instruction and headings of its training row follow."""

import re
from typing import Literal

from replay_assets.contracts.export_row import TrainingLanguage

Language = Literal["en", "zh"]
MINIMUM_HAN_SHARE = 0.2
"""Han characters among Han characters and other words. Chinese reports of incidents quote English
logs and commands; an English one may have a name in Chinese."""
_HAN = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]")
_KANA_OR_HANGUL = re.compile(r"[\u3040-\u30fa\uac00-\ud7a3]")
_WORD = re.compile(r"[^\W\d_\u3400-\u9fff\uf900-\ufaff]{2,}")


def language_of(text: str, setting: TrainingLanguage = "follow") -> Language:
    """Return the language for a row: that of the setting, else Chinese if the text is Chinese.

    Any other language gives English.
    """
    if setting == "original":
        return "zh"
    if setting != "follow":
        return setting
    han, words = len(_HAN.findall(text)), len(_WORD.findall(text))
    # Japanese uses Han characters too.
    if not han or len(_KANA_OR_HANGUL.findall(text)) > han / 4:
        return "en"
    return "zh" if han >= MINIMUM_HAN_SHARE * (han + words) else "en"
