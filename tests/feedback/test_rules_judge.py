"""The built-in judge against follow-ups that were labelled before its rules were written."""

import pytest

from replay_assets.feedback.rules_judge import RulesJudge, normalized, rule_for, shipped_rules
from replay_assets.statistics.kappa import cohen_kappa
from tests.feedback.judges import LABELS, follow_ups, triple


@pytest.mark.parametrize("language", ["en", "zh", ""])
def test_it_agrees_with_people_in_both_languages(language: str, capsys: pytest.CaptureFixture[str]):
    """Kappa is at least 0.7, and its interval is above the bound of an export."""
    rows = [one for one in follow_ups() if one.id.startswith(language)]
    kappa = cohen_kappa([(one.label, rule_for(one).label) for one in rows])
    assert kappa is not None
    with capsys.disabled():
        print(
            f"\nrules-judge, {language or 'both'}: kappa {kappa.value:.3f} "
            f"({kappa.low:.3f} to {kappa.high:.3f}) on {len(rows)} follow-ups"
        )
    assert kappa.value >= 0.7
    assert kappa.low >= 0.6


def test_the_follow_ups_are_in_both_languages_and_of_all_labels():
    """100 in English, 100 in Traditional Chinese."""
    rows = follow_ups()
    assert [sum(one.id.startswith(name) for one in rows) for name in ("en", "zh")] == [100, 100]
    assert {one.label for one in rows} == set(LABELS.labels)


def test_every_rule_has_a_known_label_and_the_last_one_always_matches():
    """A misspelt label would be a KeyError while judging."""
    rules = shipped_rules().rules
    assert {rule.label for rule in rules} <= set(LABELS.labels)
    assert rule_for(triple(said="zzz yyy xxx aaa")) == rules[-1]


def test_it_says_what_it_is_and_repeats_itself():
    """No one should take it for a model."""
    judge = RulesJudge(LABELS)
    first, second = judge.judge([triple()], work="any", repeats=2)
    assert first == second
    assert (judge.judge_id, judge.model) == ("rules-judge", "rules-judge")
    assert "not a language model" in judge.about
    assert first[0].judgement.rationale == "rule: solved"


@pytest.mark.parametrize(
    ("said", "label"),
    [
        ("", "unjudgeable"),
        ("It’s  FIXED,\nthanks!", "resolved"),
        ("ＯＫ，已恢復，謝謝", "resolved"),
        ("not fixed", "rejection"),
        ("x" * 100_000, "unjudgeable"),
        ("a b " * 100_000, "neutral"),
    ],
)
def test_spelling_and_length_do_not_matter(said: str, label: str):
    """Full-width letters, curly quotes, line breaks, and a megabyte."""
    assert rule_for(triple(said=said)).label == label


def test_texts_are_normalized():
    """NFKC, lower case, straight quotes, single blanks."""
    assert normalized("Ｉｔ’s\n FIXED") == "it's fixed"
