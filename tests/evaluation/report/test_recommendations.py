"""The order of routes in the weekly report: from primary grades, in both languages."""

import re
from typing import Any

import pytest

from replay_assets.candidates import Candidate, Catalogue
from replay_assets.contracts.evaluation_report import REPORT_LANGUAGES
from replay_assets.contracts.recommendation import Recommendation
from replay_assets.evaluation.report.recommendations import recommendations_of
from replay_assets.evaluation.report.render import render
from replay_assets.evaluation.report.words import words_in
from replay_assets.statistics.routing import RULE
from tests.evaluation.records import score
from tests.evaluation.report.test_candidates import report_of

URL = "http://localhost:1/v1"
MEMBERS = ("cheap", "good", "absent")
CATALOGUE = Catalogue(
    [
        *(Candidate(id=name, model=name, base_url=URL) for name in MEMBERS),
        Candidate.model_validate({"id": "route", "route": MEMBERS}),
        Candidate.model_validate({"id": "unused", "route": ["absent"]}),
    ]
)


def routes(incidents: int) -> tuple[Recommendation, ...]:
    """A cheap member that is wrong in half of the incidents, and a dearer one that is right."""
    names = [f"inc-{number}" for number in range(incidents)]
    fields: dict[str, Any] = {"cost_usd": 0.001, "latency_ms": 100.0}
    cheap = [score(one, **fields, primary=number % 2 == 0) for number, one in enumerate(names)]
    good = [score(one, cost_usd=0.004, latency_ms=300.0) for one in names]
    good[0] = score(names[0], outcome="infrastructure_failure", primary=None, latency_ms=None)
    cheap[1] = score(names[1], outcome="not_sent", primary=None)
    scores = {"cheap": cheap, "good": good}
    return recommendations_of(lambda one: scores.get(one.id, []), CATALOGUE)


def test_the_order_is_that_of_the_members_grades() -> None:
    """An incident that was not sent to one member is left out; one that failed falls back."""
    (found,) = routes(60)
    assert (found.route_id, found.state, found.cases) == ("route", "other_order", 59)
    assert (found.configured, found.not_measured) == (MEMBERS, ("absent",))
    assert [(one.candidate_id, one.failed) for one in found.members] == [("good", 1), ("cheap", 0)]
    assert (found.right_gained, found.saved_usd) == (29, -0.174)
    assert found.as_recommended is not None
    assert found.as_recommended.answered == 59


@pytest.mark.parametrize("language", REPORT_LANGUAGES)
@pytest.mark.parametrize("incidents", [60, 20, 0])
def test_every_form_of_the_report_has_it(language: Any, incidents: int) -> None:
    """With the rule, the figures, or the reason why nothing is recommended."""
    words = words_in(language)
    given = routes(incidents) if incidents else ()
    report = report_of(score(), recommendations=given)
    for template in ("report.html.j2", "report.md.j2"):
        text = render(template, report, language)
        if not incidents:
            assert words("recommendations_none") in text
            continue
        assert words("recommendations_rule") in text
        says = "good, cheap" if incidents == 60 else words("order_few", cases=19, minimum=30)
        assert f"{says}; {words('order_without', names='absent')}" in text
        assert (words("worth_right", gained="+29", cases=59) in text) is (incidents == 60)


def test_the_rule_in_words_is_the_one_in_the_code() -> None:
    """JSON has it too, in English."""
    assert words_in("en")("recommendations_rule") == RULE
    assert report_of(score()).recommendation_rule == RULE


def test_the_part_in_chinese_has_no_english_sentence() -> None:
    page = render("report.html.j2", report_of(score(), recommendations=routes(60)), "zh-Hant")
    text = re.sub(r"<style>.*?</style>|<[^>]+>", " ", page, flags=re.DOTALL)
    assert re.findall(r"[A-Za-z]+(?: [a-z]+){3,}", text) == []
