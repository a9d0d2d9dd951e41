"""Feedback as assets: raw triples under the evidence root, rewards with the judge's card."""

import re
from dataclasses import replace
from pathlib import Path

import dagster as dg
import pytest

from replay_assets.contracts.judge_report import JudgeCard
from replay_assets.definitions import build_definitions
from replay_assets.defs.feedback import why_left_out
from replay_assets.errors import ResidualSecretError
from replay_assets.feedback.publishing import clean_feedback
from replay_assets.lake import Lineage, Store, assets
from replay_assets.sanitizing import OutboundPolicy, rules_of
from replay_assets.settings import Settings
from tests.conftest import settings_in
from tests.defs.walks import execute, failed_steps
from tests.feedback.judges import label, triple
from tests.inference.scripted_server import ScriptedServer, candidate

DAY = "2026-09-21"
ENTRY = "- {id: words, model: rules-baseline, base_url: 'embedded://baselines/v1'}\n"
JUDGED = [dg.AssetKey("operator_feedback"), dg.AssetKey("feedback_rewards")]


def run(settings: Settings, *keys: str) -> dg.ExecuteInProcessResult:
    job = build_definitions(settings).resolve_job_def("daily_walk")
    chosen = [*(dg.AssetKey(one) for one in keys), *JUDGED]
    return execute(job, partition_key=DAY, asset_selection=chosen)


def with_judge(settings: Settings, fields: str) -> Settings:
    path = settings.data / "candidates.yaml"
    path.write_text(f"{ENTRY}- {{id: judge, role: judge, {fields}}}\n", encoding="utf-8")
    return replace(settings, candidates=path)


def outcomes_of_checks(result: dg.ExecuteInProcessResult) -> dict[str, bool]:
    return {one.check_name: one.passed for one in result.get_asset_check_evaluations()}


@pytest.fixture(scope="module")
def ran(
    tmp_path_factory: pytest.TempPathFactory, sample_source: str
) -> tuple[Settings, dg.ExecuteInProcessResult]:
    """A day of the samples without a judge in the catalogue."""
    settings = settings_in(tmp_path_factory.mktemp("feedback"), source_url=sample_source)
    return settings, run(settings, "incident_evidence")


def test_the_samples_have_rewards_without_a_model(
    ran: tuple[Settings, dg.ExecuteInProcessResult],
) -> None:
    """One row per next message, of the built-in rules, which the metadata names."""
    settings, result = ran
    assert failed_steps(result) == set()
    rewards = Store(settings.lake).get(assets.FEEDBACK_REWARDS.at(DAY))
    rows = rewards.rows("feedback_rewards")
    assert [(row["id"], row["label"], row["reward"]) for row in rows] == [
        ("se-001:5", "resolved", 1.0),
        ("se-002:4", "clarification_request", 0.0),
        ("se-003:5", "resolved", 1.0),
    ]
    assert {row["session_id"] for row in rows} == {"se-001", "se-002", "se-003"}
    assert {row["judge_id"] for row in rows} == {"rules-judge"}
    card = JudgeCard.read(rewards.document(assets.JUDGE_CARD_FILE))
    assert (card.status, card.may_export) == ("unverified", True)
    assert all(outcomes_of_checks(result)[name] for name in (
        "rewards_cover_all_feedback", "rewards_carry_no_secret",
        "every_feedback_is_judged", "judge_agrees_with_people",
    ))  # fmt: skip
    made = {one.asset_key: one for one in result.get_asset_materialization_events()}
    metadata = made[JUDGED[1]].materialization.metadata
    assert "not a language model" in str(metadata["judge"].value)
    assert "resolved" in str(metadata["preview"].value)


def test_raw_texts_stay_under_the_evidence_root(
    ran: tuple[Settings, dg.ExecuteInProcessResult],
) -> None:
    """None of them is in an event; the rewards are current with them."""
    settings, result = ran
    evidence, lake = Store(settings.evidence), Store(settings.lake)
    raw = evidence.get(assets.OPERATOR_FEEDBACK.at(DAY)).rows("operator_feedback")
    rows = lake.get(assets.FEEDBACK_REWARDS.at(DAY)).rows("feedback_rewards")
    assert [one["id"] for one in raw] == [one["id"] for one in rows]
    assert {one["answered_by"] for one in raw} == {"incumbent-agent-v2", "incumbent-agent-v3"}
    made = {one.asset_key: one for one in result.get_asset_materialization_events()}
    shown = str(made[JUDGED[0]].materialization.metadata)
    assert not any(one["query_t"] in shown for one in raw)
    lineage = Lineage(lake=lake, evidence=evidence)
    assert lineage.state(assets.FEEDBACK_REWARDS.at(DAY)).is_current


def test_feedback_that_is_not_clean_after_sanitizing_is_not_judged(
    ran: tuple[Settings, dg.ExecuteInProcessResult],
) -> None:
    """Rules do not mask a canary; the message names the triple and the finding, not the text."""
    evidence = Store(ran[0].evidence)
    feedback = evidence.get(assets.OPERATOR_FEEDBACK.at(DAY))
    said = feedback.rows("operator_feedback")[1]["query_t1"]
    policy = OutboundPolicy(rules_of(None), canaries=[said])
    with pytest.raises(ResidualSecretError, match=r"se-002:4.*canary") as caught:
        clean_feedback(feedback, evidence.get(assets.INCIDENT_EVIDENCE.at(DAY)), policy)
    assert said not in str(caught.value)


def test_a_judge_of_the_catalogue_labels_and_is_compared_with_people(
    ran: tuple[Settings, dg.ExecuteInProcessResult],
    shared_server: ScriptedServer,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Below the bound, its card forbids an export, and a check warns; a rerun asks nothing."""
    human = tmp_path / "human.jsonl"
    human.write_text(triple("h").model_dump_json()[:-1] + ', "label": "resolved"}\n')
    monkeypatch.setenv("REPLAY_HUMAN_LABELS", str(human))
    server = shared_server.new_script()
    server.answers(label("rejection"))
    settings = with_judge(ran[0], f"model: vendor/judge, base_url: '{server.base_url}'")
    result = run(settings)
    assert failed_steps(result) == set()
    assert len(server.bodies) == 3 + 2
    sent = "".join(body["messages"][1]["content"] for body in server.bodies)
    assert not re.search(r"\b10\.\d+\.\d+\.\d+\b", sent)
    rewards = Store(settings.lake).get(assets.FEEDBACK_REWARDS.at(DAY))
    assert {row["judge_model"] for row in rewards.rows("feedback_rewards")} == {"vendor/judge"}
    card = JudgeCard.read(rewards.document(assets.JUDGE_CARD_FILE))
    assert (card.status, card.may_export) == ("below_bound", False)
    assert outcomes_of_checks(result)["judge_agrees_with_people"] is False
    assert run(settings).success
    assert len(server.bodies) == 3 + 2


def test_a_judge_without_its_key_is_left_out(
    ran: tuple[Settings, dg.ExecuteInProcessResult],
) -> None:
    """The day's run goes on without rewards."""
    settings = with_judge(ran[0], "base_url: 'http://127.0.0.1:9/v1', api_key_env: NO_SUCH_KEY")
    result = run(settings)
    assert failed_steps(result) == set()
    made = {one.asset_key for one in result.get_asset_materialization_events()}
    assert made == {JUDGED[0]}


def test_a_judge_that_is_not_scheduled_judges_if_the_rewards_are_asked_for() -> None:
    """As a candidate does; runs of candidates, or of all assets, leave it out."""
    judge = candidate("http://127.0.0.1:9/v1", role="judge", scheduled=False)
    replayed = dg.AssetKey(["replay_results", "words"])
    for chosen, is_left_out in (
        (frozenset(JUDGED), False), (frozenset([*JUDGED, replayed]), True), (None, True),
    ):  # fmt: skip
        run = dg.DagsterRun(job_name="daily_walk", asset_selection=chosen)
        assert (why_left_out(run, judge) is not None) == is_left_out
