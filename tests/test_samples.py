"""The sample incidents are reproducible, consistent and as varied as their README says."""

import importlib.util
import json
import re
import sys
from collections import Counter, defaultdict
from datetime import date, datetime, timedelta
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[1]
SAMPLES = ROOT / "data" / "samples"
VOCABULARY = ROOT / "replay_assets" / "contracts" / "vocabulary.yaml"
FIRST_DAY = date(2026, 9, 21)
LAST_DAY = date(2026, 10, 18)

Tables = dict[str, list[dict[str, Any]]]

PLANTED = {
    "password assignment": r"password=FAKE-\S+",
    "password in JSON": r'"password":"FAKE-[^"]+"',
    "password option": r"--password FAKE-\S+",
    "password variable": r"[A-Z]+_PASSWORD=FAKE-\S+",
    "database URL": r"postgres(?:ql)?://\w+:FAKE-[^@\s]+@",
    "redis URL": r"redis://:FAKE-[^@\s]+@",
    "bearer token": r"Authorization: Bearer FAKE\w+",
    "API key header": r"X-Api-Key: FAKE-\S+",
    "nvapi key": r"nvapi-FAKE\w+",
    "AWS key id": r"AKIA[A-Z0-9]{9}EXAMPLE",
    "JWT": r"eyJ\w+\.eyJ\w+\.FAKE\w+",
    "PEM block": r"-----BEGIN RSA PRIVATE KEY-----\s+FAKE",
    "Chinese password": r"密碼：FAKE-\S+",
    "Chinese key": r"金鑰：FAKE-\S+",
    "test card": r"4111 1111 1111 1111",
    "Taiwan ID": r"\b[A-Z][12]\d{8}\b",
    "Taiwan mobile": r"0900-000-\d{3}",
    "e-mail at example.com": r"[\w.-]+@example\.com\b(?!\.tw)",
    "e-mail at example.org": r"[\w.-]+@example\.org\b",
    "e-mail at example.com.tw": r"[\w.-]+@example\.com\.tw\b",
    "private IP": r"\b10\.\d+\.\d+\.\d+\b",
    "documentation IP": r"\b(?:192\.0\.2|198\.51\.100|203\.0\.113)\.\d+\b",
}


def _generator() -> ModuleType:
    spec = importlib.util.spec_from_file_location("sample_generator", SAMPLES / "generate.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    before = list(sys.path)
    try:
        spec.loader.exec_module(module)
    finally:
        sys.path[:] = before
    return module


@pytest.fixture(scope="module")
def generator() -> ModuleType:
    """The generator, loaded by its path."""
    return _generator()


@pytest.fixture(scope="module")
def tables(generator: ModuleType) -> Tables:
    """The committed rows, table by table."""
    return {
        name: [
            json.loads(line)
            for line in (SAMPLES / f"{name}.jsonl").read_text(encoding="utf-8").splitlines()
        ]
        for name in generator.TABLES
    }


def _taipei_day(row: dict[str, Any]) -> date:
    return (datetime.fromisoformat(row["collected_at"]) + timedelta(hours=8)).date()


def _is_chinese(text: str) -> bool:
    return len(re.findall(r"[\u4e00-\u9fff]", text)) > 40


def _newest_decisions(tables: Tables) -> dict[str, dict[str, Any]]:
    return {
        row["incident_id"]: row["output_json"]
        for row in tables["agent_sessions"]
        if row["agent_role"] == "coordinator"
    }


def test_regenerating_gives_the_committed_bytes(generator: ModuleType) -> None:
    """A fixed seed and no clock: the files follow from the sources alone."""
    built = generator.build()
    assert list(built) == list(generator.TABLES)
    for name, rows in built.items():
        assert (SAMPLES / f"{name}.jsonl").read_bytes() == generator.render(rows).encode(), name


def test_the_incidents_cover_exactly_four_weeks_with_empty_and_busy_days(tables: Tables) -> None:
    """16 to 20 incidents per week, two days without any, some with four."""
    days = Counter(_taipei_day(row) for row in tables["incident_evidence"])
    weeks = Counter((day - FIRST_DAY).days // 7 for day in days.elements())
    assert (min(days), max(days)) == (FIRST_DAY, LAST_DAY)
    assert days.total() == 72
    assert sorted(weeks) == [0, 1, 2, 3]
    assert all(16 <= count <= 20 for count in weeks.values())
    assert len(days) == 26
    assert max(days.values()) == 4


def test_some_incidents_stand_within_a_minute_of_taipei_midnight_on_both_sides(
    tables: Tables,
) -> None:
    """The day of an incident is its Taipei day, also just before and after 16:00Z."""
    times = [row["collected_at"][11:] for row in tables["incident_evidence"]]
    assert any("15:59:00Z" <= time < "16:00:00Z" for time in times)
    assert any("16:00:00Z" < time <= "16:01:00Z" for time in times)


def test_both_languages_are_well_represented(tables: Tables) -> None:
    """About one third of the incidents is in Traditional Chinese."""
    rows = tables["incident_evidence"]
    chinese = sum(_is_chinese(row["evidence_summary"]) for row in rows)
    assert len(rows) / 4 < chinese < len(rows) / 2


def test_evidence_has_a_readable_length_and_no_text_occurs_twice(tables: Tables) -> None:
    """Every incident is 600 to 2500 characters long, unlike all others."""
    texts = [row["evidence_summary"] for row in tables["incident_evidence"]]
    assert all(600 <= len(text) <= 2500 for text in texts)
    assert len(set(texts)) == len(texts)


def test_labels_hold_false_alarms_recurring_faults_and_thin_evidence(tables: Tables) -> None:
    """The variety that the grading needs is there."""
    labels = tables["labels"]
    false_alarms = [row for row in labels if not row["repair_expected"]]
    sufficiency = Counter(row["evidence_sufficiency"] for row in labels)
    groups = Counter(row["scenario_group"] for row in labels)
    assert len(false_alarms) >= 9
    assert {row["root_cause_category"] for row in false_alarms} == {"healthy_or_false_alarm"}
    assert {action for row in false_alarms for action in row["acceptable_actions"]} <= {
        "observe_only",
        "notify_owner",
    }
    assert sufficiency["insufficient"] >= 7
    assert sufficiency["partial"] >= 8
    assert sum(count > 1 for count in groups.values()) >= 12
    assert max(groups.values()) <= 4
    assert len({row["root_cause_category"] for row in labels}) >= 15
    assert len(tables["incident_evidence"]) - len(labels) == 3


def test_repairs_hold_failures_that_end_in_different_ways(tables: Tables) -> None:
    """Failed then another action, failed then the same action, failed for good."""
    attempts = defaultdict(list)
    for row in tables["auto_repair_executions"]:
        attempts[row["incident_id"]].append(row)
    for rows in attempts.values():
        assert [row["attempt"] for row in rows] == list(range(1, len(rows) + 1))
        assert all((row["error"] is None) == row["success"] for row in rows)
    failed = {
        key: rows for key, rows in attempts.items() if not all(row["success"] for row in rows)
    }
    assert len(attempts) >= 40
    assert len(failed) >= 12
    assert sum(rows[-1]["success"] for rows in failed.values()) >= 5
    outcome = {
        row["incident_id"]: row["verification_result"] for row in tables["incident_evidence"]
    }
    contradicting = [
        key
        for key, rows in attempts.items()
        if not rows[-1]["success"] and outcome[key] == "success"
    ]
    assert len(contradicting) in (1, 2)
    assert all(outcome[key] == "not_verified" for key in outcome.keys() - attempts.keys())
    steps = [step for row in tables["auto_repair_executions"] for step in row["executed_steps"]]
    assert {type(step) for step in steps} == {dict, str}


def test_about_half_of_the_production_decisions_are_right(tables: Tables) -> None:
    """The rest is wrong in several ways, unsafe decisions among them."""
    labels = {row["incident_id"]: row for row in tables["labels"]}
    decisions = _newest_decisions(tables)
    structured = {key: out for key, out in decisions.items() if "root_cause" in out}
    right = [
        key
        for key, out in structured.items()
        if key in labels
        and out["root_cause"]["category"] == labels[key]["root_cause_category"]
        and set(out["root_cause"]["components"])
        == set(re.split(r" / |, ", labels[key]["root_cause_component"]))
        and out["action_id"] in labels[key]["acceptable_actions"]
    ]
    unsafe = [
        out
        for out in structured.values()
        if out["risk_level"] != "low" and not out["requires_human_approval"]
    ]
    passive = {"observe_only", "notify_owner", "escalate_vendor"}
    needless = [
        key
        for key, out in structured.items()
        if key in labels and not labels[key]["repair_expected"] and out["action_id"] not in passive
    ]
    assert len(tables["incident_evidence"]) - len(decisions) == 6
    assert len(decisions) - len(structured) == 8
    assert 0.5 <= len(right) / len(decisions) <= 0.62
    assert len(unsafe) >= 4
    assert len(needless) >= 3


def test_some_incidents_were_decided_twice_and_the_newest_comes_last(tables: Tables) -> None:
    """Rows are ordered by time, so a reader sees the older decision first."""
    times = [row["created_at"] for row in tables["agent_sessions"]]
    twice = Counter(
        row["incident_id"] for row in tables["agent_sessions"] if row["agent_role"] == "coordinator"
    )
    assert times == sorted(times)
    assert sum(count == 2 for count in twice.values()) == 4


def test_conversations_hold_tool_output_and_follow_ups(tables: Tables) -> None:
    """Tool messages answer a call of their session, and operators come back afterwards."""
    sessions = defaultdict(list)
    for row in tables["session_messages"]:
        sessions[row["session_id"]].append(row)
    followed = corrected = 0
    for rows in sessions.values():
        assert [row["position"] for row in rows] == list(range(len(rows)))
        assert [row["created_at"] for row in rows] == sorted(row["created_at"] for row in rows)
        calls = {call["id"]: call for row in rows for call in row["tool_calls"] or []}
        answers = [row["tool_call_id"] for row in rows if row["role"] == "tool"]
        assert answers
        assert answers == list(calls)
        assert all(json.loads(call["function"]["arguments"]) for call in calls.values())
        later = " ".join(row["content"] for row in rows[1:] if row["role"] == "user")
        followed += bool(re.search(r"thank|fixed|works|Great|謝謝|感謝|多謝|恢復", later))
        corrected += bool(re.search(r"^(?:No,|不對|等等|這是)|did not help|沒用", later))
    assert len(sessions) >= 24
    assert followed >= 8
    assert corrected >= 5


def test_every_kind_of_planted_secret_is_present_and_clearly_fake(tables: Tables) -> None:
    """The sanitizer has something to find, and nothing in the files could be real."""
    texts = {row["incident_id"]: row["evidence_summary"] for row in tables["incident_evidence"]}
    owner = {row["id"]: row["incident_id"] for row in tables["agent_sessions"]}
    for row in tables["session_messages"]:
        if row["role"] == "tool":
            texts[owner[row["session_id"]]] += "\n" + row["content"]
    everything = "\n".join(texts.values())
    missing = [name for name, form in PLANTED.items() if not re.search(form, everything)]
    assert missing == []
    secret = "|".join(form for name, form in PLANTED.items() if not name.endswith("IP"))
    assert sum(bool(re.search(secret, text)) for text in texts.values()) >= 20
    domains = set(re.findall(r"@([a-z]+(?:\.[a-z]+)+)", everything))
    assert domains == {"example.com", "example.org", "example.com.tw"}


def test_every_reference_points_to_a_row_and_ids_are_unique(tables: Tables) -> None:
    """Referential integrity of the five tables."""
    incidents = {row["incident_id"] for row in tables["incident_evidence"]}
    sessions = {row["id"] for row in tables["agent_sessions"]}
    for name in ("agent_sessions", "auto_repair_executions", "labels"):
        assert {row["incident_id"] for row in tables[name]} <= incidents, name
    assert {row["session_id"] for row in tables["session_messages"]} <= sessions
    for name in ("incident_evidence", "agent_sessions", "auto_repair_executions"):
        assert len({row["id"] for row in tables[name]}) == len(tables[name]), name
    for name in ("incident_evidence", "labels"):
        assert len({row["incident_id"] for row in tables[name]}) == len(tables[name]), name


def test_evidence_never_contains_its_answer(tables: Tables) -> None:
    """No expected root cause is in an evidence text, and no key of a label."""
    evidence = {row["incident_id"]: row["evidence_summary"] for row in tables["incident_evidence"]}
    for row in tables["labels"]:
        text = evidence[row["incident_id"]]
        for sentence in re.split(r"[.;:。；：]\s*", row["expected_root_cause"]):
            assert len(sentence) < 8 or sentence not in text, row["incident_id"]
        for key in row.keys() - {"environment"}:
            assert f'"{key}"' not in text
        assert "root_cause" not in text


def test_components_of_a_label_can_be_found_in_sufficient_evidence(tables: Tables) -> None:
    """A reader, or a rule, finds the component by its name."""
    evidence = {row["incident_id"]: row["evidence_summary"] for row in tables["incident_evidence"]}
    for row in tables["labels"]:
        if row["evidence_sufficiency"] == "sufficient":
            for component in re.split(r" / |, ", row["root_cause_component"]):
                assert component in evidence[row["incident_id"]], row["incident_id"]


def test_actions_risks_and_categories_are_those_of_the_vocabulary(tables: Tables) -> None:
    """The samples use the ids of the project's vocabulary and no others."""
    if not VOCABULARY.exists():
        pytest.skip("the vocabulary is not there yet")
    yaml = pytest.importorskip("yaml")
    raw = yaml.safe_load(VOCABULARY.read_text(encoding="utf-8"))
    risk = {entry["id"]: entry["risk"] for entry in raw["actions"]}
    categories = {entry["id"] for entry in raw["root_cause_categories"]}
    for row in tables["labels"]:
        assert row["root_cause_category"] in categories
        assert set(row["acceptable_actions"]) <= risk.keys()
        assert row["risk_level"] == risk[row["acceptable_actions"][0]]
        assert row["requires_human_approval"] == (row["risk_level"] == "high")
    for row in tables["agent_sessions"]:
        output = row["output_json"]
        if "root_cause" in output:
            assert output["root_cause"]["category"] in categories
            assert output["risk_level"] == risk[output["action_id"]]
    for row in tables["auto_repair_executions"]:
        named = {step["action"] for step in row["executed_steps"] if isinstance(step, dict)}
        assert named <= risk.keys()
