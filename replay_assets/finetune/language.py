"""The language of an incident, which instruction and headings of its training row follow."""

from typing import Literal

from replay_assets.contracts.export_row import TrainingLanguage
from replay_assets.parsing.language import is_chinese

Language = Literal["en", "zh"]


def language_of(text: str, setting: TrainingLanguage = "follow") -> Language:
    """Return the language for a row: that of the setting, else Chinese if the text is Chinese.

    Any other language gives English.
    """
    if setting == "original":
        return "zh"
    if setting != "follow":
        return setting
    return "zh" if is_chinese(text) else "en"
