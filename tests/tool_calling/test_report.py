"""The report: rates with intervals, by category and tool, pairs of candidates, misses."""

import pytest

from replay_assets.candidates import Candidate
from replay_assets.contracts.tool_case import Code, ToolCall, ToolCallingResult, ToolCase
from replay_assets.statistics.routing import RULE
from replay_assets.tool_calling.render import HTML, MARKDOWN, render
from replay_assets.tool_calling.report import build_report
from tests.inference.scripted_server import candidate
from tests.tool_calling.oracle import case_of

CANDIDATE = candidate("http://127.0.0.1:1/v1", id="one")
OTHER = candidate("http://127.0.0.1:1/v1", id="other")


def case(number: int, category: str = "own", text: str = "Do it.") -> ToolCase:
    return case_of({"match": "all", "calls": [{"name": "act", "arguments": {}}]}).model_copy(
        update={
            "id": f"case-{number}",
            "category": category,
            "messages": [{"role": "user", "content": text}],
        }
    )


def result(
    one: ToolCase,
    code: Code | None = None,
    *,
    failed: bool = False,
    name_right: bool = True,
    candidate_id: str = "one",
) -> ToolCallingResult:
    right = None if failed else code is None
    return ToolCallingResult(
        schema_version=ToolCallingResult.VERSION,
        case_id=one.id,
        candidate_id=candidate_id,
        baseline=False,
        category=one.category,
        language="en",
        outcome="infrastructure_failure" if failed else "answered",
        calls=[] if failed else [ToolCall(name="act", arguments={"<b>": "|"})],
        calls_in_text=0,
        right=right,
        right_lenient=right,
        name_right=None if failed else name_right,
        code=code,
        latency_ms=None if failed else 100.0,
        usage=None,
        cost_usd=None,
    )


def test_five_of_six_by_name_says_little():
    """What the original reported, with its interval, next to what is right with parameters."""
    cases = [case(number) for number in range(7)]
    results = [result(one) for one in cases[:3]]
    results += [result(one, "wrong_value") for one in cases[3:]]
    results[5] = result(cases[5], "wrong_tool", name_right=False)
    results[6] = result(cases[6], failed=True)
    (figures,) = build_report(cases, [(CANDIDATE, results)]).candidates
    assert (figures.cases, figures.graded, figures.right, figures.accuracy) == (7, 6, 3, 0.5)
    assert figures.name_accuracy == pytest.approx(5 / 6, abs=1e-6)
    assert figures.name_low == pytest.approx(0.436, abs=1e-3)
    assert figures.name_high == pytest.approx(0.970, abs=1e-3)
    assert figures.codes == {"wrong_tool": 1, "wrong_value": 2}
    assert figures.outcomes == {"answered": 6, "infrastructure_failure": 1}


def test_categories_weigh_the_same_in_the_macro_figure():
    """The micro figure is that of the larger category."""
    cases = [case(0, "a"), case(1, "a"), case(2, "a"), case(3, "b")]
    results = [result(one, "wrong_value" if one.category == "b" else None) for one in cases]
    (figures,) = build_report(cases, [(CANDIDATE, results)]).candidates
    assert (figures.accuracy, figures.macro_accuracy) == (0.75, 0.5)
    assert figures.by_category["a"].model_dump() == {
        "cases": 3,
        "graded": 3,
        "right": 3,
        "accuracy": 1.0,
    }
    assert list(figures.by_tool) == ["act"]


def test_candidates_are_compared_on_cases_that_both_answered():
    """With McNemar's test: only cases count in which they differ."""
    cases = [case(number) for number in range(6)]
    mine = [result(one) for one in cases]
    theirs = [result(one, "wrong_value", candidate_id="other") for one in cases]
    theirs[0] = result(cases[0], failed=True, candidate_id="other")
    (pair,) = build_report(cases, [(CANDIDATE, mine), (OTHER, theirs)]).comparisons
    assert (pair.pairs, pair.first_only_right, pair.second_only_right) == (5, 5, 0)
    assert pair.mid_p == pytest.approx(2 * 0.5**5 * 0.5)


def test_a_miss_is_shown_with_request_expected_and_given():
    """As plain text: texts come from outside."""
    one = case(0, text="<script>x</script> | do\nit")
    report = build_report([one], [(CANDIDATE, [result(one, "wrong_value")])])
    html, markdown = render(HTML, report), render(MARKDOWN, report)
    assert "<script>x" not in html
    assert "&lt;script&gt;x" in html
    assert "&lt;script&gt;x&lt;/script&gt; \\| do it" in markdown
    for text in (html, markdown):
        assert "wrong_value" in text
        assert "case-0" in text


def routed(number: int) -> tuple[list[ToolCase], list[tuple[Candidate, list[ToolCallingResult]]]]:
    """The results of two members; the second one is right more often."""
    cases = [case(index) for index in range(number)]
    mine = [result(one, "wrong_value" if index < 20 else None) for index, one in enumerate(cases)]
    theirs = [result(one, candidate_id="other") for one in cases]
    return cases, [(CANDIDATE, mine), (OTHER, theirs)]


def test_another_order_of_a_route_is_recommended_with_what_it_is_worth():
    """Next to the configured one, with the rule; in every form of the report."""
    report = build_report(*routed(40), {"route": ("one", "other", "absent"), "else": ("absent",)})
    (found,) = report.recommendations
    assert (found.state, found.right_gained, found.saved_usd) == ("other_order", 20, None)
    assert found.as_recommended is not None
    assert found.as_recommended.order == ("other", "one")
    for text in (render(HTML, report), render(MARKDOWN, report)):
        for words in (
            RULE,
            "one, other, absent",
            "other, one; without results: absent",
            "+20 right of 40, cost unknown, 0 ms faster",
            "other: 40/40 right (91.2% to 100.0%), 0 failed, 100 ms, cost per case unknown",
            "put here by accuracy",
        ):
            assert words in text


def test_few_cases_give_no_recommendation():
    """The report says how many are needed; cases that were not sent are none."""
    cases, asked = routed(32)
    short = [one.model_copy(update={"outcome": "not_sent"}) for one in asked[0][1][:3]]
    asked[0] = (CANDIDATE, [*short, *asked[0][1][3:]])
    report = build_report(cases, asked, {"route": ("one", "other")})
    assert "none: 29 cases, 30 are needed" in render(MARKDOWN, report)
    assert build_report(cases, asked).recommendations == ()


def test_a_member_that_rejects_tools_is_not_asked_first():
    """A route does not ask the next member after a rejection, so its answers would be lost."""
    cases, asked = routed(40)
    refused = [
        one.model_copy(update={"outcome": "tools_refused", "right": None, "latency_ms": None})
        for one in asked[0][1]
    ]
    report = build_report(cases, [(CANDIDATE, refused), asked[1]], {"route": ("one", "other")})
    (found,) = report.recommendations
    assert [(one.candidate_id, one.because) for one in found.members] == [
        ("other", "accuracy"),
        ("one", None),
    ]
    assert (found.right_gained, found.members[1].failed, found.saved_ms) == (40, 0, None)
