"""The words of the report in each language: one YAML file per language, in `words/`.

Titles of grades and meanings of reasons are English in the code that defines them; a file of
another language has them under `metric.` and `reason.`. Sentences of verdicts come in English from
the gate: the keys `says.` name their parts, so that another language can say them.
"""

import re
from collections.abc import Mapping
from functools import cache, cached_property
from importlib.resources import files

from replay_assets.contracts.evaluation_report import ReportLanguage
from replay_assets.contracts.grade import REASONS
from replay_assets.evaluation.report.summary import METRICS
from replay_assets.parsing.yaml_files import load_yaml


class Words:
    """The words of one language, by key."""

    def __init__(self, language: ReportLanguage, words: Mapping[str, str]) -> None:
        self.language = language
        self._words = words

    def __call__(self, key: str, **values: object) -> str:
        """Return the words of a key with values filled in; a key that is missing is an error."""
        words = self._words[key]
        return words.format_map(values) if values else words

    def of(self, kind: str, name: str) -> str:
        """Return the words for a code; the code itself with blanks if there are none."""
        return self._words.get(f"{kind}.{name}", name.replace("_", " "))

    def says(self, sentence: str) -> str:
        """Return a sentence of a verdict in this language; unchanged if it is not a known one."""
        if self.language == "en":
            return sentence
        for key, pattern in self._sentences.items():
            if (found := pattern.fullmatch(sentence)) is not None:
                parts = found.groupdict().items()
                points = words_in("en")("says_points"), self("says_points")
                return self(key, **{name: part.replace(*points) for name, part in parts})
        return sentence

    @cached_property
    def _sentences(self) -> dict[str, re.Pattern[str]]:
        english = words_in("en")._words
        return {key: _pattern(words) for key, words in english.items() if key.startswith("says.")}


@cache
def words_in(language: ReportLanguage) -> Words:
    """Return the words of a language."""
    path = files("replay_assets.evaluation.report") / "words" / f"{language}.yaml"
    found = load_yaml(path, dict[str, str], what="words")
    return Words(language, {**_in_the_code(), **found} if language == "en" else found)


def keys_of(language: ReportLanguage) -> set[str]:
    """Return the keys of a language."""
    return set(words_in(language)._words)


def _in_the_code() -> dict[str, str]:
    titles = {f"metric.{metric.name}": metric.title for metric in METRICS}
    return titles | {f"reason.{code}": meaning for code, meaning in REASONS.items()}


def _pattern(words: str) -> re.Pattern[str]:
    """Return a pattern for sentences that were made from words with named parts."""
    parts = re.split(r"\{(\w+)\}", words)
    return re.compile(
        "".join(
            f"(?P<{part}>.+?)" if number % 2 else re.escape(part)
            for number, part in enumerate(parts)
        )
    )
