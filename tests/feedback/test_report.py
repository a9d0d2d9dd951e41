"""Agreement with people, the card, and the report of a run."""

from pathlib import Path

import pytest

from replay_assets.contracts.feedback import Judgement, LabelledTriple
from replay_assets.contracts.gate_policy import load_policy
from replay_assets.contracts.judge_report import JudgeCard
from replay_assets.errors import ConfigurationError
from replay_assets.feedback.agreement import agreement_of
from replay_assets.feedback.report import HumanLabels, judge_card, judge_report
from replay_assets.feedback.rules_judge import RulesJudge
from replay_assets.sanitizing import rules_of
from tests.feedback.judges import FOLLOW_UPS, LABELS, judge_at, label, triple
from tests.inference.scripted_server import ScriptedServer


def said(name: str | None, confidence: float = 0.9) -> Judgement:
    outcome = "judged" if name else "infrastructure_failure"
    return LABELS.judgement("x", outcome, name, confidence if name else None, "why")  # type: ignore[arg-type]


def card_of(path: Path | None, least_kappa: float = 0.6) -> JudgeCard:
    human = HumanLabels(path, least_kappa)
    return judge_card(RulesJudge(LABELS), LABELS, human, rules_of(None), work="human")


def test_agreement_counts_what_was_compared_and_what_flipped():
    """A triple without a label of the judge is counted, not compared."""
    first = [said("resolved"), said("resolved", 0.5), said("neutral"), said(None)]
    second = [said("resolved"), said("neutral"), said("neutral"), said("neutral")]
    found = agreement_of(
        ["resolved", "neutral", "neutral", "neutral"], [first, second], LABELS.labels
    )
    assert (found.triples, found.compared, found.repeated) == (4, 3, 3)
    assert found.flip_rate == pytest.approx(1 / 3, abs=1e-6)
    assert found.confusion["neutral"] == {"resolved": 1, "neutral": 1}
    one = found.by_label["resolved"]
    assert (one.precision.numerator, one.precision.denominator, one.recall.rate) == (1, 2, 1.0)
    sure = next(point for point in found.coverage if point.threshold == 0.6)
    assert (sure.covered, sure.accuracy) == (2, 1.0)
    assert sure.coverage == pytest.approx(2 / 3, abs=1e-6)
    assert found.kappa is not None
    assert found.kappa == pytest.approx((2 / 3 - 4 / 9) / (5 / 9), abs=1e-5)


def test_without_people_a_judge_is_unverified_and_may_be_exported():
    """The card says so."""
    card = card_of(None)
    assert (card.status, card.may_export, card.agreement) == ("unverified", True, None)
    assert "not a language model" in card.about


def test_with_people_the_policy_decides():
    """The lower end of kappa's interval reaches the bound, or nothing is exported."""
    card = card_of(FOLLOW_UPS, load_policy().least_kappa)
    assert (card.status, card.may_export, card.least_kappa) == ("verified", True, 0.6)
    assert card.agreement is not None
    assert card.agreement.flip_rate == 0.0
    strict = card_of(FOLLOW_UPS, 0.999)
    assert (strict.status, strict.may_export) == ("below_bound", False)
    assert strict.human_labels_sha256 == card.human_labels_sha256


def test_a_judge_that_answers_nothing_is_below_the_bound(
    shared_server: ScriptedServer, tmp_path: Path
):
    """Nothing that can be compared verifies nothing."""
    path = tmp_path / "human.jsonl"
    path.write_text(LabelledTriple(**triple().model_dump(), label="resolved").model_dump_json())
    server = shared_server.new_script()
    server.answers("no idea")
    card = judge_card(
        judge_at(server), LABELS, HumanLabels(path, 0.6), rules_of(None), work="human"
    )
    assert (card.status, card.may_export) == ("below_bound", False)
    assert card.agreement is not None
    assert (card.agreement.compared, card.agreement.kappa) == (0, None)
    assert len(server.bodies) == 2


def test_an_unknown_label_of_people_is_named(tmp_path: Path):
    """With the triple and the labels that there are."""
    path = tmp_path / "human.jsonl"
    path.write_text(LabelledTriple(**triple().model_dump(), label="great").model_dump_json())
    with pytest.raises(ConfigurationError, match=r"'great' \(a\); use resolved, progress"):
        card_of(path)


def test_a_report_counts_outcomes_labels_and_rewards(shared_server: ScriptedServer):
    """Failures by their reason."""
    server = shared_server.new_script()
    server.answers(label("resolved"), label("topic_shift"), label("rejection", 0.2), "no idea")
    judge = judge_at(server, limits={"concurrency": 1})
    (found,) = judge.judge([triple(f"{n}", f"{n}") for n in range(4)], work="run")
    report = judge_report(card_of(None), found, LABELS)
    assert report.outcomes == {
        "judged": 3, "unreadable_answer": 1, "unknown_label": 0, "infrastructure_failure": 0
    }  # fmt: skip
    assert (report.with_reward, report.should_update, report.mean_reward) == (2, 1, 0.1)
    assert report.failures == {"the answer has no JSON object with a label": 1}
    assert (report.prompt_tokens, report.completion_tokens, report.cost_usd) == (400, 80, None)
