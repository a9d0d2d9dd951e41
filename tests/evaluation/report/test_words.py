"""The languages of the report."""

import re
import string
from pathlib import Path
from typing import get_args

import pytest

from replay_assets.contracts.evaluation_report import REPORT_LANGUAGES, ReportLanguage
from replay_assets.contracts.gate_policy import Ceilings, load_policy
from replay_assets.evaluation import report as report_package
from replay_assets.evaluation.gate.review import review
from replay_assets.evaluation.report.render import render
from replay_assets.evaluation.report.words import keys_of, words_in
from tests.evaluation.gate.test_review import always, half, mostly, never, rows
from tests.evaluation.records import score
from tests.evaluation.report.test_candidates import report_of, reviewed

OTHERS = [one for one in REPORT_LANGUAGES if one != "en"]
PACKAGE = Path(report_package.__file__).parent
CODES = ("metric.", "reason.", "outcome.", "says.", "value.", "day.", "changed.", "leaks.",
         "against.", "harm.", "slice.", "criterion.", "quality_", "review_")  # fmt: skip
"""Beginnings of keys that are put together."""


def names_in(words: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(words) if name}


@pytest.mark.parametrize("language", OTHERS)
def test_every_language_has_the_same_keys_with_the_same_parts(language: ReportLanguage):
    assert keys_of(language) == keys_of("en")
    for key in keys_of("en"):
        assert names_in(words_in(language)(key)) == names_in(words_in("en")(key)), key


def test_every_word_is_used():
    used = "\n".join(
        path.read_text("utf-8") for path in PACKAGE.rglob("*") if path.suffix in (".j2", ".py")
    )
    used += " ".join(get_args(ReportLanguage))
    plain = [key for key in keys_of("en") if not key.startswith(CODES)]
    denominators = {"scheduled", "not_counted", "answered", "contract_broken", "refused",
                    "truncated", "rejected", "infrastructure_failed", "refused_by_gate",
                    "not_sent", "unlabelled", "label_unusable"}  # fmt: skip
    unused = [key for key in plain if f'"{key}"' not in used and f"'{key}'" not in used]
    assert set(unused) <= denominators


@pytest.mark.parametrize("language", OTHERS)
def test_sentences_of_verdicts_are_in_the_language_of_the_page(language: ReportLanguage):
    policy = load_policy()
    slow = policy.model_copy(
        update={"ceilings": Ceilings(p95_latency_ms=1.0, cost_usd_per_incident=0.001)}
    )
    found = [
        review(rows(n, ours), rows(n, theirs), {"constant": rows(n, never)}, policy=one)["reasons"]
        for n in (3, 60, 200)
        for ours, theirs in ((mostly, half), (never, always), (half, half), (always, always))
        for one in (policy, slow, policy.model_copy(update={"compared_with": "baselines"}))
    ]
    sentences = {sentence for reasons in found for sentence in reasons}
    sentences |= set(review([], [], {})["reasons"])
    assert len(sentences) > 10
    untouched = [one for one in sentences if words_in(language).says(one) == one]
    assert untouched == []


def test_a_page_in_chinese_has_no_english_sentence():
    page = render("report.html.j2", report_of(score(), standings={"model": reviewed()}), "zh-Hant")
    assert '<html lang="zh-Hant">' in page
    text = re.sub(r"<style>.*?</style>|<[^>]+>", " ", page, flags=re.DOTALL)
    assert re.findall(r"[A-Za-z]+(?: [a-z]+){3,}", text) == []
