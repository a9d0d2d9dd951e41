"""The built-in judge: rules over the operator's next message, in English and Traditional Chinese.

It does not learn and understands nothing: it searches for words. With it the demo runs without a
model, and a model can be compared with it.
"""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from importlib.resources import files
from typing import Literal

from pydantic import Field, model_validator

from replay_assets.contracts.feedback import RULES_JUDGE, FeedbackTriple, Judgement
from replay_assets.contracts.record import Part
from replay_assets.feedback.judge import Judged
from replay_assets.feedback.labels import LabelSet
from replay_assets.inference import Report
from replay_assets.parsing.yaml_files import load_yaml

LEAST_OVERLAP, OVERLAP_IF_STILL = 0.5, 0.25
"""From this share of equal parts on, a next message counts as the same question; a message that
says "still" needs less."""
SHORTEST_COMPARED = 4
"""Words, or pairs of Chinese characters: if a message has fewer, too many are equal by chance."""
STEM = 6
"""English words are compared by this many first letters, so that "restarted" equals "restart"."""
LONGEST_READ = 2_000
"""Characters of a message that are searched: what it says about the answer is at its beginning."""
_QUOTES = str.maketrans("‘’“”", "''\"\"")
_WORDS = re.compile(r"[a-z0-9]+(?:[-'.][a-z0-9]+)*|[㐀-鿿]+")
_ASKS = re.compile(
    r"[?？]|嗎|呢|怎麼|什麼|為何|多少|^(?:what|how|why|can|could|when|which|please)\b"
)
_POINTS_BACK = re.compile(r"\b(?:it|that|this|those|these|them|they|you|your|there)\b|你|您|這|那")
_STILL = re.compile(r"\bstill\b|^(?:but|so)\b|還是|仍|依然|可是|但是|所以")


class Rule(Part):
    """One rule: it applies if one of its patterns or its test matches, and none of `unless`."""

    name: str
    label: str
    confidence: float = Field(ge=0, le=1)
    patterns: tuple[str, ...] = ()
    test: Literal["same_question", "other_subject"] | None = None
    unless: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _can_match(self) -> "Rule":
        if not self.patterns and self.test is None:
            raise ValueError("needs patterns or a test")
        return self


class Rules(Part):
    """All rules of a version, in the order in which they are tried.

    `stop_words` are English words that say nothing about a subject, separated by blanks.
    """

    version: str
    stop_words: str
    rules: tuple[Rule, ...]

    @cached_property
    def are_stop_words(self) -> frozenset[str]:
        """The stop words."""
        return frozenset(self.stop_words.split())


@cache
def shipped_rules() -> Rules:
    """Return the rules that come with this package."""
    path = files("replay_assets.feedback") / "rules.yaml"
    return load_yaml(path, Rules, what="rules of feedback")


@dataclass(frozen=True)
class RulesJudge:
    """The built-in judge.

    Args:
        labels: the labels, with their rewards.
    """

    labels: LabelSet

    @property
    def judge_id(self) -> str:
        """The id, as rows name it."""
        return RULES_JUDGE

    @property
    def model(self) -> str:
        """The same as the id: there is no model."""
        return RULES_JUDGE

    @property
    def prompt_version(self) -> str:
        """The version of the rules."""
        return shipped_rules().version

    @property
    def about(self) -> str:
        """What it is, in a sentence."""
        return (
            "the built-in rules, not a language model: they search the operator's next message for "
            "words, in English and Traditional Chinese"
        )

    def judge(
        self,
        triples: Sequence[FeedbackTriple],
        *,
        work: str = "",
        repeats: int = 1,
        refresh: bool = False,
        progress: Report | None = None,
    ) -> list[list[Judged]]:
        """Return one list per repeat: the judgements of all triples, the same in each."""
        judged = [Judged(self._judgement(one)) for one in triples]
        return [judged] * repeats

    def _judgement(self, triple: FeedbackTriple) -> Judgement:
        rule = rule_for(triple)
        return self.labels.judgement(
            triple.id, "judged", rule.label, rule.confidence, f"rule: {rule.name}"
        )


def rule_for(triple: FeedbackTriple) -> Rule:
    """Return the first rule that matches a triple; the last one always does."""
    said = normalized(triple.query_t1)
    return next(rule for rule in shipped_rules().rules if _matches(rule, said, triple))


def normalized(text: str) -> str:
    """Return a text as the patterns expect it: NFKC, lower case, straight quotes, one line."""
    folded = unicodedata.normalize("NFKC", text[:LONGEST_READ]).translate(_QUOTES).casefold()
    return " ".join(folded.split())


def _matches(rule: Rule, said: str, triple: FeedbackTriple) -> bool:
    if rule.unless and _pattern(rule.unless).search(said):
        return False
    if rule.test == "same_question":
        return _is_same_question(said, normalized(triple.query_t))
    if rule.test == "other_subject":
        return _is_other_subject(said, normalized(f"{triple.query_t} {triple.answer_t}"))
    return _pattern(rule.patterns).search(said) is not None


@cache
def _pattern(patterns: tuple[str, ...]) -> re.Pattern[str]:
    return re.compile("|".join(patterns))


def _is_same_question(said: str, question: str) -> bool:
    """Return whether a message asks what the question asked, in nearly the same words."""
    mine, asked = _parts(said), _parts(question)
    if not _ASKS.search(said):
        return False
    if min(len(mine), len(asked)) < SHORTEST_COMPARED:
        return len(mine) > 1 and mine <= asked
    least = OVERLAP_IF_STILL if _STILL.search(said) else LEAST_OVERLAP
    return len(mine & asked) >= least * min(len(mine), len(asked))


def _is_other_subject(said: str, before: str) -> bool:
    """Return whether a message asks for something that question and answer do not mention."""
    mine = _parts(said)
    # In Chinese, short questions about an answer often share no pair of characters with it.
    is_long = len(mine) > SHORTEST_COMPARED and said.isascii()
    if not is_long or not _ASKS.search(said) or _POINTS_BACK.search(said):
        return False
    return not mine & _parts(before)


def _parts(text: str) -> set[str]:
    """Return the words of a text, and the pairs of neighbouring Chinese characters."""
    found: set[str] = set()
    ignored = shipped_rules().are_stop_words
    for word in _WORDS.findall(text):
        if word.isascii():
            found |= {word[:STEM]} if word not in ignored else set()
        else:
            found.update(word[at : at + 2] for at in range(max(len(word) - 1, 1)))
    return found
