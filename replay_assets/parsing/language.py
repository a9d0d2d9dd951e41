"""Whether a text is Chinese, by its characters."""

import re

MINIMUM_HAN_SHARE = 0.2
"""Han characters among Han characters and other words. Chinese reports of incidents quote English
logs and commands; an English one may have a name in Chinese."""
_HAN = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]")
_KANA_OR_HANGUL = re.compile(r"[\u3040-\u30fa\uac00-\ud7a3]")
_WORD = re.compile(r"[^\W\d_\u3400-\u9fff\uf900-\ufaff]{2,}")


def is_chinese(text: str) -> bool:
    """Return whether a text is Chinese, also if it quotes English."""
    han = len(_HAN.findall(text))
    # Japanese uses Han characters too.
    if not han or len(_KANA_OR_HANGUL.findall(text)) > han / 4:
        return False
    return han >= MINIMUM_HAN_SHARE * (han + len(_WORD.findall(text)))
