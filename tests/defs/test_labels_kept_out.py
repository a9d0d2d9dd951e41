"""Labels, outcomes and recorded answers never reach a model: tested with real runs."""

import json
from collections import Counter
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from replay_assets.evaluation import masked_labels
from replay_assets.lake import assets
from replay_assets.lake.addresses import Address
from replay_assets.lake.store import Store
from replay_assets.request_packs.prompts import user_prompt
from replay_assets.sanitizing import RuleSet
from replay_assets.sanitizing.pseudonyms.incident import (
    RawIncident,
    SanitizedIncident,
    sanitize_incident,
)
from replay_assets.settings import Settings
from tests.conftest import SAMPLES
from tests.defs.sources import changed_samples
from tests.defs.walks import bytes_of, failed_steps, walk_day

DAY = "2026-09-30"
MARK = "MARK-of-the-answer"
PHRASED_BY = "replay_assets.request_packs.builder.user_prompt"
UP_TO_PACKS = [
    dg.AssetKey(name) for name in ("incident_evidence", "incident_labels", "request_pack")
]
LABEL_TEXT = "The nightly report drains every connection of the orders pool."


def packs_of(settings: Settings) -> dict[str, bytes]:
    """All files of the packs without the manifests, which contain the digests of the inputs."""
    files = bytes_of(f"{settings.lake}/files/request_pack")
    return {name: content for name, content in files.items() if "manifest" not in name}


def other_label(row: dict[str, Any]) -> dict[str, Any]:
    """Return a label with other values in all fields."""
    return {
        "incident_id": row["incident_id"],
        "expected_root_cause": f"{MARK}: the opposite was true of it.",
        "root_cause_category": "network",
        "root_cause_component": f"{MARK}-component",
        "required_keywords": [MARK],
        "acceptable_actions": ["escalate"],
        "acceptable_tools": [MARK],
        "risk_level": "high",
        "repair_expected": not row["repair_expected"],
        "false_repair": not row["false_repair"],
        "evidence_sufficiency": "insufficient",
        "scenario_group": f"{MARK}-group",
        "environment": MARK,
    }


def test_other_labels_and_outcomes_give_the_same_packs_byte_for_byte(tmp_path: Path) -> None:
    """Same evidence: later findings do not change what a model reads."""
    before = changed_samples(tmp_path / "a")
    after = changed_samples(
        tmp_path / "b",
        change={
            "labels": other_label,
            "incident_evidence": lambda row: {**row, "verification_result": MARK},
            "agent_sessions": lambda row: {**row, "output_json": {"decision": MARK}},
            "auto_repair_executions": lambda row: {
                **row,
                "success": not row["success"],
                "error": MARK,
                "playbook_name": MARK,
                "executed_steps": [{"step": MARK}],
            },
        },
    )
    for settings in (before, after):
        assert walk_day(settings, DAY, asset_selection=UP_TO_PACKS).success
    assert packs_of(before)
    assert packs_of(after) == packs_of(before)
    raw = [bytes_of(f"{one.evidence}/tables/incident_evidence") for one in (before, after)]
    assert raw[0] != raw[1]


def test_a_session_that_contains_the_answer_is_in_no_prompt(tmp_path: Path) -> None:
    """Even if it is new, and whatever its tools returned: the pack is the same as without it."""
    lines = (SAMPLES / "incident_evidence.jsonl").read_text(encoding="utf-8").splitlines()
    day = [row for row in map(json.loads, lines) if row["collected_at"].startswith(DAY)]
    sessions = [
        {
            "id": f"{role}-{row['incident_id']}",
            "incident_id": row["incident_id"],
            "agent_role": role,
            "model": MARK,
            "output_json": {"decision": MARK, "reasoning": MARK},
            "created_at": row["collected_at"],
        }
        for row in day
        for role in ("human_responder", "reference_model")
    ]
    messages = [
        {
            "session_id": session["id"],
            "position": position,
            "role": said_by,
            "content": f"{MARK} {said_by}",
            "tool_call_id": "call_1" if said_by == "tool" else None,
            "created_at": session["created_at"],
        }
        for session in sessions
        for position, said_by in enumerate(("user", "assistant", "tool"))
    ]
    added = changed_samples(
        tmp_path / "with", add={"agent_sessions": sessions, "session_messages": messages}
    )
    assert sessions
    without = changed_samples(tmp_path / "without")
    for settings in (added, without):
        assert walk_day(settings, DAY, asset_selection=UP_TO_PACKS).success
    assert packs_of(added) == packs_of(without)
    assert MARK.encode() not in b"".join(bytes_of(added.lake).values())


@pytest.fixture
def leaking(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """A source with labels whose text a faulty builder pastes into every prompt."""

    def pasted(**arguments: Any) -> str:
        return (
            user_prompt(**arguments) + "\nHint: the nightly REPORT drains every connection of "
            "the orders pool"
        )

    monkeypatch.setattr(PHRASED_BY, pasted)
    return changed_samples(
        tmp_path,
        change={"labels": lambda row: {**row, "expected_root_cause": LABEL_TEXT}},
    )


def test_a_pack_that_repeats_a_label_fails_its_partition_and_is_withdrawn(
    leaking: Settings,
) -> None:
    """The incident and the field are named, the text is not, and no later asset is made."""
    result = walk_day(leaking, DAY)
    assert not result.success
    (check,) = [
        one
        for one in result.get_asset_check_evaluations()
        if one.check_name == "packs_repeat_no_label_text"
    ]
    assert not check.passed
    findings = check.metadata["findings"].value
    assert isinstance(findings, dict)
    assert findings
    for incident, places in findings.items():
        assert incident.startswith("inc-")
        assert "label_value:expected_root_cause at $.user_prompt" in places
    shown = json.dumps([str(event) for event in result.all_events])
    assert "nightly" not in shown.lower()
    lake = Store(leaking.lake)
    assert lake.find(Address("request_pack", DAY)) is None
    assert not bytes_of(f"{leaking.lake}/files/request_pack")
    assert not list(Path(leaking.lake).rglob("*replay_results*"))


def test_a_withdrawn_pack_can_not_be_replayed_by_a_later_run(leaking: Settings) -> None:
    """A later run would not look at the check again: there must be nothing to send."""
    walk_day(leaking, DAY)
    key = dg.AssetKey(["replay_results", "rules-baseline"])
    result = walk_day(leaking, DAY, asset_selection=[key])
    assert failed_steps(result) == {"replay_results__rules_baseline"}
    assert not list(Path(leaking.lake).rglob("*replay_results*"))


def test_a_label_of_masked_text_is_traced_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A pasted address is masked too, so the label's text is compared masked and unmasked."""
    monkeypatch.setattr(
        PHRASED_BY,
        lambda **arguments: (
            user_prompt(**arguments) + "\nHint: <IP_PRIV_1> answers nobody any more"
        ),
    )
    row = {
        "evidence_summary": "10.0.3.71 refused 4 connections",
        "labels": {},
    }
    settings = changed_samples(
        tmp_path,
        change={
            "incident_evidence": lambda one: {**one, **row},
            "labels": lambda one: {
                **one,
                "expected_root_cause": "10.0.3.71 answers nobody any more",
            },
        },
    )
    result = walk_day(settings, DAY)
    assert not result.success
    assert Store(settings.lake).find(Address("request_pack", DAY)) is None


def test_without_labels_the_check_says_that_it_was_not_run(tmp_path: Path) -> None:
    """On a machine without labels, a green tick must not look like a proof."""
    settings = changed_samples(tmp_path)
    keys = [dg.AssetKey(["incident_evidence"]), dg.AssetKey(["request_pack"])]
    result = walk_day(settings, DAY, asset_selection=keys)
    assert result.success
    (check,) = [
        one
        for one in result.get_asset_check_evaluations()
        if one.check_name == "packs_repeat_no_label_text"
    ]
    assert check.description == "not run: 0 of 4 incidents have a label"
    assert check.metadata["status"].value == "not run"
    assert not Path(settings.labels).exists()


def test_a_held_out_key_in_the_evidence_fails_the_partition_and_writes_nothing(
    tmp_path: Path,
) -> None:
    """The structural gate in a real run: it names incident and field, and writes no file."""
    secret = "FAKE-" + "value-of-the-label"
    settings = changed_samples(
        tmp_path,
        change={
            "incident_evidence": lambda row: {
                **row,
                "labels": {**row["labels"], "rca-Correct": secret},
            }
        },
    )
    result = walk_day(settings, DAY)
    assert "request_pack" in failed_steps(result)
    shown = json.dumps([str(event) for event in result.all_events])
    assert "forbidden_key:rca_correct at $.incident_context.labels.rca-Correct" in shown
    assert secret not in shown
    assert not list(Path(settings.lake).rglob("*request_pack*"))
    assert not list(Path(settings.lake).rglob("*replay_results*"))


def test_a_label_is_sanitized_once_per_day_for_any_number_of_candidates(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two candidates and the check of the pack read what was made once."""
    sanitized: Counter[str] = Counter()

    def counted(incident: RawIncident, rules: RuleSet | None = None) -> SanitizedIncident:
        sanitized[incident.incident_id] += 1
        return sanitize_incident(incident, rules)

    monkeypatch.setattr(masked_labels, "sanitize_incident", counted)
    settings = changed_samples(tmp_path)
    assert walk_day(settings, DAY).success
    labels = Store(settings.labels).get(assets.INCIDENT_LABELS.at(DAY)).rows("incident_labels")
    assert sanitized == {row["incident_id"]: 1 for row in labels}
    assert len(sanitized) == 4
