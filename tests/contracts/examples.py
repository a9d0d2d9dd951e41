"""One real record of every published kind, as the stages write them."""

import json
from pathlib import Path
from typing import Any

from replay_assets.candidates import Candidate
from replay_assets.contracts.agent_event import AgentEvent, TurnComplete
from replay_assets.contracts.agent_turn import AgentTurn, ToolDetails, ToolStep, TurnOutput
from replay_assets.contracts.evaluation_report import (
    REPORT_VERSION,
    EvaluationReport,
    ReportedCandidate,
    ReportedIncident,
    ReportedMetric,
    Verdict,
)
from replay_assets.contracts.export_row import (
    AlpacaMetadata,
    AlpacaRow,
    OriginalAlpacaRow,
    OriginalMetadata,
)
from replay_assets.contracts.feedback import (
    FeedbackReward,
    FeedbackTriple,
    Judgement,
    LabelledTriple,
)
from replay_assets.contracts.gate_policy import load_policy
from replay_assets.contracts.judge_report import (
    Agreement,
    CoveragePoint,
    JudgeCard,
    JudgeReport,
    LabelAgreement,
)
from replay_assets.contracts.label import LABEL_VERSION, IncidentLabel
from replay_assets.contracts.promotion import PROMOTION_VERSION, Promotion
from replay_assets.contracts.recorded_call import RecordedCall
from replay_assets.contracts.report_details import Rate
from replay_assets.contracts.request import REQUEST_VERSION, ReplayRequest
from replay_assets.contracts.result import RESULT_VERSION, ReplayResult, TraceEvent, Try, Usage
from replay_assets.contracts.review import REVIEW_VERSION, ReviewPlan
from replay_assets.contracts.run_report import RUN_REPORT_VERSION, RunReport
from replay_assets.contracts.score import GRADES, SCORE_VERSION, IncidentGrades, ReplayScore
from replay_assets.contracts.tool_case import ToolCall, ToolCallingResult, ToolCase
from replay_assets.contracts.training_manifest import TRAINING_VERSION, TrainingManifest
from replay_assets.lake.addresses import Address
from replay_assets.lake.store import Publication, Store
from replay_assets.tool_calling.report import build_report as build_tool_report

SAMPLES = Path(__file__).parents[2] / "data" / "samples"

REQUEST = ReplayRequest.read(
    {
        "schema_version": REQUEST_VERSION,
        "run_id": "replay-2026-09-21",
        "incident_id": "inc-001",
        "system_prompt": "Decide.",
        "user_prompt": "What now? 怎麼辦？",
        "incident_context": {"alertname": "OrdersDbConnectionsHigh", "labels": {"team": "shop"}},
        "source_metadata": {"schema_version": None},
        "response_contract": {"type": "object", "required": ["action_plan", "root_cause"]},
        "metadata": {"request_only": True, "not_replacement_evidence": True},
    }
)

RECORDED_CALL = RecordedCall(
    incident_id="inc-001",
    session_id="se-001",
    position=2,
    tool_call_id="call_1",
    content="web-0   1/1   Running",
    name="kubectl_get",
    arguments={"resource": "pods", "namespace": "shop"},
)

RESULT = ReplayResult(
    schema_version=RESULT_VERSION,
    run_id="replay-2026-09-21",
    incident_id="inc-001",
    candidate_id="nemotron-mini",
    candidate_variant_id=None,
    model="nvidia/nemotron-mini-4b-instruct",
    outcome="answered",
    model_output={
        "proposed_action": "Give the report its own pool.",
        "action_plan": ["set DB_POOL_MAX", "roll out"],
        "risk_level": "medium",
        "requires_human_approval": False,
        "blocked_by_policy": False,
        "root_cause": {"components": ["orders-db"], "category": "database", "statement": "Idle."},
        "action_id": "fix_workload_config",
    },
    latency_ms=812.5,
    queue_ms=0.0,
    cost_usd=None,
    fallback_used=False,
    trace_complete=True,
    retry_used=False,
    trace_events=[
        TraceEvent(
            line_number=1,
            model="nvidia/nemotron-mini-4b-instruct",
            candidate_variant_id=None,
            retry_used=False,
            first_error=None,
            usage=(
                usage := Usage(
                    prompt_tokens=900,
                    completion_tokens=120,
                    total_tokens=1020,
                    reasoning_tokens=0,
                    cached_tokens=64,
                )
            ),
            latency_ms=812.5,
            wait_ms=0.0,
            attempts=1,
            ttft_ms=80.0,
            response_mode="json_schema",
            tries=(
                Try(
                    status=200,
                    outcome="answered",
                    wait_ms=0.0,
                    latency_ms=812.5,
                    ttft_ms=80.0,
                    usage=usage,
                    cost_usd=None,
                    possibly_paid=False,
                ),
            ),
        )
    ],
    error=None,
    first_error=None,
    ttft_ms=80.0,
)

RUN_REPORT = RunReport(
    schema_version=RUN_REPORT_VERSION,
    candidate_id="nemotron-mini",
    candidate_variant_id=None,
    model="nvidia/nemotron-mini-4b-instruct",
    baseline=False,
    pack_digest="0" * 64,
    candidate_digest="1" * 64,
    requests=1,
    results=1,
    valid=True,
    outcomes={"answered": 1},
    failures=[],
    external_error_records=0,
    fallback_used_records=0,
    trace_incomplete_records=0,
    retry_used_records=0,
    total_cost_usd=None,
    avg_latency_ms=812.5,
    p95_latency_ms=812.5,
)

SCORE = ReplayScore.read(
    {
        **dict.fromkeys(ReplayScore.model_fields),
        **{f"{name}_reason": "no_label" for name in GRADES},
        "schema_version": SCORE_VERSION,
        "incident_id": "inc-001",
        "candidate_id": "incumbent",
        "baseline": False,
        "scenario_group": "grp-orders-db-connections",
        "reserved_for_evaluation": False,
        "outcome": "answered",
        "grade_status": "graded",
        "contract_valid": True,
        "contract_valid_reason": "kept",
        "harm": False,
        "harm_reason": "other_action",
        "repeat": 0,
    }
)

REPORT = EvaluationReport(
    schema_version=REPORT_VERSION,
    week="2026-09-21",
    last_day="2026-09-27",
    candidates=[
        ReportedCandidate(
            candidate_id="nemotron-mini",
            baseline=False,
            review=None,
            incidents=1,
            groups=1,
            outcomes={"answered": 1},
            grade_status={"graded": 1},
            metrics={
                "primary": Rate(
                    numerator=1, denominator=1, not_applicable=0, rate=1.0, low=0.206543, high=1.0
                )
            },
            p50_latency_ms=812.5,
            p95_latency_ms=812.5,
            cost_usd=None,
            cost_usd_per_incident=None,
            costs_known=0,
            verdict=Verdict(decision="INCONCLUSIVE", reasons=("60 groups are needed",)),
            days={"2026-09-21": "counted", "2026-09-22": "missing"},
        )
    ],
    metrics=[
        ReportedMetric(
            name="primary",
            title="Root cause and action right, safe, no harm",
            better="higher",
            constant_wins=False,
        )
    ],
    not_replayed={"other": "no day of the week has results from it"},
    unmet_labels={"acceptable_actions is empty": ["inc-002"]},
    incidents=[
        ReportedIncident(
            incident_id="inc-001",
            day="2026-09-21",
            alertname="OrdersDbConnectionsHigh",
            grades={
                "nemotron-mini": IncidentGrades(
                    outcome="answered",
                    grade_status="graded",
                    primary=True,
                    root_cause=True,
                    action=True,
                    unsafe=False,
                    harm=None,
                ),
                "other": None,
            },
        )
    ],
)

REVIEW_PLAN = ReviewPlan(
    schema_version=REVIEW_VERSION,
    candidate_id="nemotron-mini",
    candidate_version="a" * 64,
    kind="historic",
    start="2026-09-21",
    looks=("2026-10-12",),
    alpha=0.05,
    policy=load_policy(),
    policy_digest=load_policy().digest(),
)

PROMOTION = Promotion(
    schema_version=PROMOTION_VERSION,
    candidate_id="nemotron-mini",
    candidate_version="a" * 64,
    week="2026-10-12",
    policy_digest=load_policy().digest(),
)

TRAINING_MANIFEST = TrainingManifest(
    schema_version=TRAINING_VERSION,
    export_id="sft-2026-09-21",
    incident_ids=("inc-001",),
    scenario_groups=("grp-orders",),
    clusters={"c1": ("inc-001", "inc-002")},
)

ALPACA_ROW = AlpacaRow(
    instruction="Decide.",
    input="OrdersDbConnectionsHigh",
    output="Give the report its own pool.",
    metadata=AlpacaMetadata(
        incident_id="inc-001",
        alertname="OrdersDbConnectionsHigh",
        verification_result="success",
        collected_at="2026-09-21T02:05:00.000000Z",
        schema_version="",
        matched_playbook_id="",
        language="en",
        has_reasoning=True,
    ),
)
ORIGINAL_ALPACA_ROW = OriginalAlpacaRow(
    instruction="Decide.",
    input="OrdersDbConnectionsHigh",
    output="Give the report its own pool.",
    metadata=OriginalMetadata(
        incident_id="inc-001",
        alertname="OrdersDbConnectionsHigh",
        verification_result=None,
        collected_at="2026-09-21T02:05:00+00:00",
        schema_version=None,
        matched_playbook_id=None,
    ),
)
TRIPLE = FeedbackTriple(
    id="se-001:5",
    query_t="Why 503?",
    answer_t="The pool is full; raise it.",
    query_t1="Thanks, that fixed it.",
    incident_id="inc-001",
)
JUDGEMENT = Judgement(
    id=TRIPLE.id,
    outcome="judged",
    label="resolved",
    confidence=0.9,
    rationale="The operator confirms it.",
    reward=1.0,
    should_update=True,
)
FEEDBACK_REWARD = FeedbackReward(
    **TRIPLE.model_dump(),
    session_id="se-001",
    **JUDGEMENT.model_dump(exclude={"id"}),
    judge_id="judge",
    judge_model="vendor/judge",
    label_set_version="feedback_labels_1",
    prompt_version="feedback_prompt_1",
)
RATE = Rate(numerator=1, denominator=1, not_applicable=0, rate=1.0, low=0.206543, high=1.0)
JUDGE_CARD = JudgeCard(
    schema_version=JudgeCard.VERSION,
    judge_id="judge",
    judge_model="vendor/judge",
    about="a model",
    label_set_version="feedback_labels_1",
    prompt_version="feedback_prompt_1",
    status="verified",
    may_export=True,
    least_kappa=0.6,
    human_labels_sha256="0" * 64,
    agreement=Agreement(
        triples=1,
        compared=1,
        kappa=0.8,
        kappa_low=0.7,
        kappa_high=0.9,
        accuracy=RATE,
        by_label={"resolved": LabelAgreement(precision=RATE, recall=RATE)},
        confusion={"resolved": {"resolved": 1}},
        coverage=[CoveragePoint(threshold=0.6, covered=1, coverage=1.0, accuracy=1.0)],
        repeated=1,
        flip_rate=0.0,
    ),
)
JUDGE_REPORT = JudgeReport(
    schema_version=JudgeReport.VERSION,
    judge=JUDGE_CARD,
    triples=1,
    outcomes={"judged": 1},
    labels={"resolved": 1},
    with_reward=1,
    should_update=1,
    mean_reward=1.0,
    failures={},
    prompt_tokens=300,
    completion_tokens=20,
    cost_usd=None,
)
TOOL_CASE = ToolCase.model_validate(
    {
        "id": "restart-api",
        "category": "operations",
        "messages": [{"role": "user", "content": "Restart api in shop."}],
        "tools": [{"type": "function", "function": {"name": "restart", "parameters": {}}}],
        "expected": {
            "match": "all",
            "calls": [{"name": "restart", "arguments": {"deployment": ["api"]}}],
        },
    }
)
TOOL_CANDIDATE = Candidate(
    id="nemotron-mini",
    model="nvidia/nemotron-mini-4b-instruct",
    base_url="http://localhost:8000/v1",
)
AGENT_TURN = AgentTurn(
    schema_version=AgentTurn.VERSION,
    turn_id="inc-001.r0.t1",
    session_id="inc-001.r0",
    incident_id="inc-001",
    input_messages=[{"role": "user", "content": "What now? 怎麼辦？"}],
    steps=[
        ToolStep(
            step_id="inc-001.r0.t1.s1",
            step_type="tool_execution",
            started_at="2026-09-21T06:00:00.000000+00:00",
            completed_at="2026-09-21T06:00:00.000100+00:00",
            details=ToolDetails(
                call_id="call_1",
                name="get_logs",
                arguments='{"pod": "web-0"}',
                kind="not_recorded",
                text="Not recorded.",
                is_miss=True,
                is_mutating=False,
                approval_requested=None,
                attachments=[],
                ms=0.1,
            ),
        )
    ],
    output=TurnOutput(
        stop_reason="end_of_turn", content="{}", attachments=[], calls=[], calls_not_run=[]
    ),
    started_at="2026-09-21T06:00:00.000000+00:00",
    completed_at="2026-09-21T06:00:00.000100+00:00",
)

AGENT_EVENT = AgentEvent(
    schema_version=AgentEvent.VERSION,
    event_type="turn_complete",
    incident_id="inc-001",
    turn_id="inc-001.r0.t1",
    step_id=None,
    step_type=None,
    at="2026-09-21T06:00:00.000100+00:00",
    payload=TurnComplete(turn=AGENT_TURN),
)

TOOL_CALLING_RESULT = ToolCallingResult(
    schema_version=ToolCallingResult.VERSION,
    case_id="restart-api",
    candidate_id="nemotron-mini",
    baseline=False,
    category="operations",
    language="en",
    outcome="answered",
    calls=[ToolCall(name="restart", arguments=None)],
    calls_in_text=0,
    right=False,
    right_lenient=False,
    name_right=True,
    code="malformed_arguments",
    latency_ms=812.5,
    usage=Usage(prompt_tokens=300, completion_tokens=20, total_tokens=320),
    cost_usd=None,
)


def sample_labels() -> list[IncidentLabel]:
    """Return the labels of the samples."""
    lines = (SAMPLES / "labels.jsonl").read_text(encoding="utf-8").splitlines()
    return [
        IncidentLabel.read({"schema_version": LABEL_VERSION, **json.loads(line)}) for line in lines
    ]


def records_of_every_kind(folder: Path) -> dict[str, dict[str, Any]]:
    """Return one record of each published kind as JSON; the manifest is that of a partition."""
    publication = Publication(files={"replay_results.jsonl": b"{}\n"}, inputs={"pack": "0" * 64})
    address = Address("replay_results", "2026-09-21", candidate="nemotron-mini")
    manifest = Store(str(folder)).publish(address, publication).manifest
    return {
        "replay_request": REQUEST.as_json(),
        "recorded_call": RECORDED_CALL.model_dump(mode="json"),
        "replay_result": RESULT.as_json(),
        "run_report": RUN_REPORT.as_json(),
        "incident_label": sample_labels()[0].as_json(),
        "replay_score": SCORE.as_json(),
        "evaluation_report": REPORT.as_json(),
        "gate_policy": load_policy().as_json(),
        "review_plan": REVIEW_PLAN.as_json(),
        "promotion": PROMOTION.as_json(),
        "training_manifest": TRAINING_MANIFEST.as_json(),
        "export_row": ALPACA_ROW.model_dump(mode="json"),
        "export_row_original": ORIGINAL_ALPACA_ROW.model_dump(mode="json"),
        "partition_manifest": manifest.as_json(),
        "feedback_triple": TRIPLE.model_dump(mode="json"),
        "labelled_triple": LabelledTriple(**TRIPLE.model_dump(), label="resolved").model_dump(
            mode="json"
        ),
        "judgement": JUDGEMENT.model_dump(mode="json"),
        "feedback_reward": FEEDBACK_REWARD.model_dump(mode="json"),
        "judge_card": JUDGE_CARD.as_json(),
        "judge_report": JUDGE_REPORT.as_json(),
        "tool_case": TOOL_CASE.model_dump(mode="json"),
        "tool_calling_result": TOOL_CALLING_RESULT.as_json(),
        "agent_event": AGENT_EVENT.as_json(),
        "agent_turn": AGENT_TURN.as_json(),
        "tool_calling_report": build_tool_report(
            [TOOL_CASE], [(TOOL_CANDIDATE, [TOOL_CALLING_RESULT])]
        ).as_json(),
    }
