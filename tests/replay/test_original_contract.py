"""The original runner's contract, from its page: codes, defaults, both variants, its fields."""

import json
from typing import Any

import pytest

from replay_assets.candidates.candidate import Candidate
from replay_assets.candidates.catalogue import Catalogue
from replay_assets.contracts.request import REQUEST_VERSION
from replay_assets.contracts.result import RESULT_VERSION
from replay_assets.contracts.run_report import RUN_REPORT_VERSION
from replay_assets.replay.runner import REPORT_FILE, RESULTS_FILE
from tests.inference.scripted_server import Script, completion, status
from tests.replay.conftest import Runner
from tests.replay.packs import original_answer, original_request

TUNED = "contract_tuned"
FIVE = json.dumps(original_answer())
RESULT_FIELDS = {
    "schema_version", "run_id", "incident_id", "model", "model_output", "latency_ms", "cost_usd",
    "fallback_used", "trace_complete", "retry_used", "trace_events", "error",
    "candidate_variant_id", "first_error",
}  # fmt: skip
EVENT_FIELDS = {
    "type", "line_number", "model", "candidate_variant_id", "retry_used", "first_error", "usage",
}  # fmt: skip
REPORT_FIELDS = {
    "schema_version", "candidate_id", "requests", "results", "valid", "model", "failures",
    "external_error_records", "fallback_used_records", "trace_incomplete_records",
    "retry_used_records", "total_cost_usd", "avg_latency_ms", "p95_latency_ms",
    "candidate_variant_id",
}  # fmt: skip


def changed(**changes: Any) -> str:
    """Return the original's answer, changed."""
    return json.dumps({**original_answer(), **changes})


def without(*names: str) -> str:
    """Return the original's answer without some fields."""
    return json.dumps({key: one for key, one in original_answer().items() if key not in names})


def test_versions_and_defaults_are_the_originals() -> None:
    """Those that the page gives, and those that were ours to name."""
    assert REQUEST_VERSION == "agent_nemotron_replay_request_v1"
    assert RESULT_VERSION == "agent_nemotron_external_result_v1"
    assert RUN_REPORT_VERSION == "agent_nemotron_external_runner_report_v1"
    plain = Candidate(id="x", model="m", base_url="http://localhost/v1")
    assert (plain.sampling.max_tokens, plain.sampling.temperature) == (900, 0.0)
    assert (plain.limits.timeout_s, plain.limits.connect_timeout_s) == (60.0, 10.0)
    assert plain.limits.concurrency == 1
    shipped = Catalogue.load().get("nemotron-mini")
    assert shipped.base_url == "https://integrate.api.nvidia.com/v1"
    assert shipped.model == "nvidia/nemotron-mini-4b-instruct"


@pytest.mark.parametrize(
    ("finding", "changes"),
    [
        ("request_schema_mismatch", {"schema_version": "other"}),
        ("request_candidate_mismatch", {"candidate_id": "another"}),
        ("request_not_request_only", {"metadata": {"not_replacement_evidence": True}}),
        ("request_missing_not_replacement_evidence", {"metadata": {"request_only": True}}),
        ("request_unknown_candidate_variant", {"metadata": {"request_only": True,
         "not_replacement_evidence": True, "candidate_variant_id": "other"}}),
        ("request_self_grading_leak", {"incident_context": {"execution_success": True}}),
        ("request_self_grading_leak", {"source_metadata": {"executionSuccess": True}}),
        ("request_self_grading_leak", {"user_prompt": '{"rca_correct": true}'}),
    ],
)  # fmt: skip
def test_a_finding_has_its_code_and_nothing_is_sent(
    finding: str, changes: dict[str, Any], server: Script, replay: Runner
) -> None:
    """With the line; a mention in prose is not a finding."""
    server.answers(FIVE)
    prose = original_request("a", user_prompt="It logged execution_error and rca_correct")
    run = replay(prose, {**original_request("b"), **changes})
    assert run.report.failures == [f"{finding}:line_2"]
    assert (run.report.valid, run.report.results, server.bodies) == (False, 0, [])
    assert replay(prose).report.valid


@pytest.mark.parametrize("key", [None, "", " \t"], ids=["absent", "empty", "blank"])
def test_a_blank_key_is_a_failure(key: str | None, server: Script, replay: Runner) -> None:
    """By its code; nothing is sent."""
    server.answers(FIVE)
    run = replay(original_request(), api_key=key, api_key_env="NVIDIA_API_KEY")
    assert (run.report.failures, server.bodies) == (["api_key_missing"], [])


@pytest.mark.parametrize(
    ("content", "error"),
    [
        (None, "chat_completion_content_missing"),
        ("no object", "model_output_not_object"),
        (changed(root_cause={"verification_result": "x"}),
         "model_output_contains_self_grading_field"),
        (without("risk_level", "action_plan"),
         "model_output_missing_fields:action_plan,risk_level"),
        (changed(risk_level="severe"), "invalid_risk_level:severe"),
        (changed(action_plan=7), "action_plan_not_list"),
    ],
    ids=str,
)  # fmt: skip
def test_a_broken_answer_has_its_code_and_the_safe_output(
    content: str | None, error: str, server: Script, replay: Runner
) -> None:
    """A failed request still yields a result."""
    server.answers(completion(content))
    run = replay(original_request())
    (result,) = run.results
    assert (result.outcome, result.error) == ("contract_broken", error)
    safe = result.model_output
    assert (safe["proposed_action"], len(safe["action_plan"])) == ("NO_ACTION", 2)
    assert (safe["risk_level"], safe["runner_error"]) == ("high", error)
    assert safe["requires_human_approval"] is safe["blocked_by_policy"] is True
    assert (result.fallback_used, result.trace_complete, result.retry_used) == (True, False, False)
    assert run.report.failures == ["external_error:inc-1"]
    assert run.report.external_error_records == 1


@pytest.mark.parametrize(
    ("written", "read"),
    [
        (changed(action_plan="Restart"), {"action_plan": ["Restart"]}),
        (changed(action_plan=["a", " ", "b "]), {"action_plan": ["a", "b"]}),
        (changed(risk_level="HIGH"), {"risk_level": "high"}),
        (changed(requires_human_approval="false"), {"requires_human_approval": False}),
        (f"Sure:\n```json\n{FIVE}\n```\nDone {{ok}}", {}),
    ],
    ids=["lone_step", "blank_steps", "case", "words_of_truth", "fence_in_prose"],
)
def test_what_the_contract_reads_alike_is_read_alike(
    written: str, read: dict[str, Any], server: Script, replay: Runner
) -> None:
    """A lone string is a list of one; blank steps are dropped; case does not matter."""
    server.answers(written)
    (result,) = replay(original_request()).results
    assert result.model_output == {**original_answer(), **read}


def test_the_two_variants_ask_as_the_page_says(server: Script, replay: Runner) -> None:
    """One pack may contain both; the report then says `mixed`."""
    server.answers(FIVE)
    run = replay(
        original_request("a"), original_request("b", variant=TUNED), limits={"concurrency": 1}
    )
    base, tuned = (body["messages"] for body in server.bodies)
    assert base[0]["role"] == "system"
    assert base[1]["content"].index("Evidence of a") < base[1]["content"].index("proposed_action")
    order = [tuned[1]["content"].index(one) for one in (
        "Response contract", "valid answer", "Approval", "Evidence of b")]  # fmt: skip
    assert order == sorted(order)
    assert "rca_correct" not in tuned[1]["content"]
    assert [one.candidate_variant_id for one in run.results] == [None, TUNED]
    assert run.report.candidate_variant_id == "mixed"


def test_the_repair_call_carries_the_error_and_the_first_1200_characters(
    server: Script, replay: Runner
) -> None:
    """For the tuned variant only; both calls stay in the trace."""
    server.answers("x" * 2_000, FIVE)
    (result,) = replay(original_request(variant=TUNED)).results
    said = " ".join(message["content"] for message in server.bodies[1]["messages"])
    assert "model_output_not_object" in said
    assert "x" * 1_200 in said
    assert "x" * 1_201 not in said
    assert (result.retry_used, result.first_error) == (True, "model_output_not_object")
    assert len(result.trace_events) == 2


def test_every_field_of_the_original_is_there(server: Script, replay: Runner) -> None:
    """A program that reads its files can read ours."""
    server.answers(FIVE, status(422, "x" * 900))
    run = replay(original_request("a"), original_request("b"), limits={"concurrency": 1})
    lines = (run.folder / RESULTS_FILE).read_text().splitlines()
    records = [json.loads(line) for line in lines]
    for record in records:
        assert set(record) >= RESULT_FIELDS
        for event in record["trace_events"]:
            assert set(event) >= EVENT_FIELDS
            assert event["type"] == "nemotron_external_offline_runner"
            assert {"prompt_tokens", "completion_tokens", "total_tokens"} <= set(event["usage"])
    assert len(records[1]["error"]) <= 300
    assert len(records[1]["model_output"]["runner_error"]) <= 200
    assert set(json.loads((run.folder / REPORT_FILE).read_text())) >= REPORT_FIELDS
