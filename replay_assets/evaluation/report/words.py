"""The words of the report in each language: one YAML file per language, next to this module.

Titles of grades and meanings of reasons are English in the code that defines them; a file of
another language has them under `metric.` and `reason.`.
"""

from collections.abc import Mapping
from functools import cache
from importlib.resources import files

import yaml

from replay_assets.contracts.evaluation_report import ReportLanguage
from replay_assets.contracts.grade import REASONS
from replay_assets.evaluation.report.summary import METRICS


class Words:
    """The words of one language, by key."""

    def __init__(self, language: str, words: Mapping[str, str]) -> None:
        self.language = language
        self._words = words

    def __call__(self, key: str, **values: object) -> str:
        """Return the words of a key with values filled in; a key that is missing is an error."""
        words = self._words[key]
        return words.format_map(values) if values else words

    def of(self, kind: str, name: str) -> str:
        """Return the words for a code; the code itself with blanks if there are none."""
        return self._words.get(f"{kind}.{name}", name.replace("_", " "))


@cache
def words_in(language: ReportLanguage) -> Words:
    """Return the words of a language."""
    return Words(language, _found(language))


def _found(language: ReportLanguage) -> dict[str, str]:
    path = files("replay_assets.evaluation.report") / "words" / f"{language}.yaml"
    found: dict[str, str] = yaml.safe_load(path.read_text(encoding="utf-8"))
    return {**_in_the_code(), **found} if language == "en" else found


def _in_the_code() -> dict[str, str]:
    titles = {f"metric.{metric.name}": metric.title for metric in METRICS}
    return titles | {f"reason.{code}": meaning for code, meaning in REASONS.items()}
