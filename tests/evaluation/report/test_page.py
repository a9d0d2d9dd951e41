"""The page with texts from outside, and with many incidents."""

import re
from html.parser import HTMLParser

import pytest

from replay_assets.contracts.evaluation_report import EvaluationReport
from replay_assets.contracts.report_details import ReportedAnswer
from replay_assets.evaluation.report import Surroundings, build_report
from replay_assets.evaluation.report.details import EVIDENCE_CHARACTERS, AnswerDetails
from replay_assets.evaluation.report.render import render
from replay_assets.evaluation.scored_days import CandidateScores, Title, _TitledRequest
from tests.evaluation.records import score

WEEK = "2026-09-21"
HOSTILE = (
    "<script>alert(1)</script>",
    "</pre></details><img src=x onerror=alert(1)>",
    "![seen](http://e.example/x.png) [link](javascript:alert(1))",
    "=HYPERLINK(\"http://e.example\") @SUM(A1) | a | b |\n# heading\r\n- list\u2028next",
    "```\n~~~\n\x1b[2J\u202etxt.exe",
    "{{ 7 * 7 }} {% raw %} &lt;b&gt;",
    "x" * 2**20,
)  # fmt: skip


class Tags(HTMLParser):
    """Collects the elements of a page and the addresses in them."""

    def __init__(self) -> None:
        super().__init__()
        self.names: set[str] = set()
        self.addresses: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Keep the element's name and its addresses."""
        self.names.add(tag)
        assert not [name for name, _ in attrs if name.startswith("on")]
        self.addresses += [value or "" for name, value in attrs if name in ("href", "src")]


def hostile(text: str) -> EvaluationReport:
    """A report whose names, evidence, answers and errors are all one text."""
    request = _TitledRequest(text, {"alertname": text, "severity": text, "labels": {"app": text}})
    request.user_prompt = text
    answer = ReportedAnswer(
        outcome="answered", category=text[:100], components=(text[:100],), statement=text[:400],
        action=text[:100], proposed_action=text[:400], plan=(text[:400],), error=text[:400],
    )  # fmt: skip
    scores = [
        CandidateScores("model", False, False, [score(text, primary=False)], {WEEK: "counted"}),
        CandidateScores("incumbent", False, False, [score(text)], {WEEK: "counted"}),
    ]
    details = AnswerDetails({(one.candidate_id, text): answer for one in scores})
    titles: dict[str, Title] = {text: request.title(WEEK, EVIDENCE_CHARACTERS)}
    around = Surroundings(details=details, unmet_labels={text: [text]})
    return build_report(WEEK, scores[1], scores[:1], titles, around)


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_text_from_outside_does_no_harm_to_the_page(text: str):
    page = render("report.html.j2", hostile(text))
    tags = Tags()
    tags.feed(page)
    assert not tags.names & {"script", "img", "iframe", "link", "object"}
    assert all(address.startswith("#") for address in tags.addresses)
    assert ("7 * 7" in page) == ("7 * 7" in text)
    assert "\u202e" not in page


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_text_from_outside_is_no_markup_in_markdown(text: str):
    lines = render("report.md.j2", hostile(text)).split("\n")
    outside = [line for line in lines if not line.startswith("    ")]
    assert not [line for line in outside if re.search(r"<[a-z/]|(?<!\\)\[|(?<!\\)`", line)]
    assert not [one for line in lines for one in line if one in "\r\x1b\u202e\u2028"]
    rows = [line for line in outside if line.startswith(f"| {WEEK} |")]
    assert len({len(re.findall(r"(?<!\\)\|", row)) for row in rows}) == 1


def test_a_text_of_a_megabyte_is_cut():
    report = hostile(HOSTILE[-1])
    assert report.incidents[0].evidence_characters == 2**20
    assert len(report.incidents[0].evidence) == EVIDENCE_CHARACTERS
    assert len(report.incidents[0].alertname) == 200


def test_500_incidents_fold_by_day_and_stay_small():
    """Folded, the page has one line per day; each incident has an anchor."""
    titles = {f"i{n}": Title(f"2026-09-2{1 + n % 7}", "Alert", "low", "web", "x" * 4000, 4000)
              for n in range(500)}  # fmt: skip
    scores = [
        CandidateScores(name, False, False, [score(one) for one in titles], {WEEK: "counted"})
        for name in ("incumbent", "model", "other", "third")
    ]
    report = build_report(WEEK, scores[0], scores[1:], titles)
    page = render("report.html.j2", report)
    assert len(page) < 12_000_000
    assert len(set(re.findall(r'id="incident-\d+"', page))) == 500
    assert page.count('<details class="day">') == 7
    assert 'class="day" open' not in page
