"""Records for the tests of training files: an incident that qualifies, and a lake that holds it."""

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from replay_assets.contracts.arrow import arrow_schema
from replay_assets.contracts.evidence import (
    INCIDENT_EVIDENCE,
    RECORDED_MESSAGES,
    RECORDED_REPAIRS,
)
from replay_assets.contracts.feedback import FeedbackReward
from replay_assets.contracts.result import ReplayResult
from replay_assets.contracts.score import ReplayScore
from replay_assets.finetune.rows import Message, Row
from replay_assets.finetune.week import WeekExport
from replay_assets.lake import Asset, Lineage, Publication, Published, Store, assets
from replay_assets.lake.formats import arrow_table, encode_json
from replay_assets.lake.jsonl import encode_line
from tests.evaluation.records import score
from tests.replay.packs import request

WEEK = "2026-09-21"
Evidence = dict[str, Any]


def evidence(**changes: Any) -> Evidence:
    """Return an evidence row that qualifies."""
    fields = {
        "incident_id": "inc-1",
        "alertname": "WebDown",
        "evidence_summary": "web restarted; login as admin@example.com failed",
        "verification_result": "success",
        "collected_at": datetime(2026, 9, 21, 6, tzinfo=UTC),
        "schema_version": "v1",
        "matched_playbook_id": None,
        "coordinator_id": "se-1",
        "coordinator_output": json.dumps({"reasoning": "ask admin@example.com", "decision": "x"}),
        "repair_id": "re-2",
        "repair_success": True,
        "repair_playbook": "restart-web",
        "repair_steps": json.dumps([{"action": "restart_workload", "step": "restart"}]),
    }
    return {**fields, **changes}


OTHER = {
    "incident_id": "inc-2",
    "evidence_summary": "Kernel log of node seven: the third volume reports bad sectors.",
    "coordinator_output": json.dumps({"reasoning": "Its disk is worn out, order a spare part."}),
    "repair_steps": json.dumps(["cordon and drain the node"]),
}
"""An incident that has nothing in common with that of `evidence`."""


def repair(**changes: Any) -> dict[str, Any]:
    """Return a repair of the incident that failed before."""
    fields = {
        "incident_id": "inc-1",
        "id": "re-1",
        "playbook_name": "rollback",
        "executed_steps": json.dumps([{"action": "roll_back_release"}]),
        "success": False,
    }
    return {**fields, **changes}


def session(*contents: Any) -> list[dict[str, Any]]:
    """Return a session with one call of a tool, answered."""
    call = {
        "id": "call_1",
        "type": "function",
        "function": {"name": "get_logs", "arguments": '{"target": "deploy/web", "lines": 5}'},
    }
    messages = [
        {"role": "user", "content": "web is down, ask admin@example.com"},
        {"role": "assistant", "content": "", "tool_calls": json.dumps([call])},
        {"role": "tool", "content": "OOMKilled", "tool_call_id": "call_1"},
        {"role": "assistant", "content": "<think>hm</think>It leaks."},
        {"role": "user", "content": "thanks"},
    ]
    empty = {"tool_calls": None, "tool_call_id": None, "incident_id": "inc-1"}
    return [
        {**empty, **message, "session_id": "se-1", "position": position}
        for position, message in enumerate(contents or messages)
    ]


def a_row(number: int = 1, **changes: Any) -> Row:
    """Return a row to learn, without tools."""
    fields: dict[str, Any] = {
        "kind": "positive",
        "prompt": (Message("system", "Find the cause."), Message("user", f"disk {number} is 滿")),
        "completion": (Message("assistant", f"Delete logs of disk {number}."),),
        "incident_id": f"inc-{number}",
        "scenario_group": f"grp-{number}",
        "session_id": "se-1",
        "execution_id": "re-1",
        "label_source": "verified_execution",
        "has_reasoning": True,
        "at": "2026-09-21T06:00:00.000000Z",
        "metadata": {
            "incident_id": f"inc-{number}",
            "alertname": "DiskFull",
            "verification_result": "success",
            "collected_at": "2026-09-21T06:00:00.000000Z",
            "schema_version": "v1",
            "matched_playbook_id": "",
            "language": "en",
            "has_reasoning": True,
        },
    }
    return Row(**{**fields, **changes})


class Lake:
    """A lake with the days that tests publish; evidence and lake have one root.

    Args:
        folder: where it is.
        settings: the settings that partitions are made with, as `Lineage` has them.
    """

    def __init__(self, folder: Path, **settings: Any) -> None:
        self.store = Store(str(folder))
        self._settings = settings

    def day(
        self,
        day: str,
        rows: Iterable[Evidence],
        *,
        repairs: Sequence[Mapping[str, Any]] = (),
        messages: Sequence[Mapping[str, Any]] = (),
        grades: Mapping[str, Any] | None = None,
    ) -> None:
        """Publish a day's evidence and the equal grades of what production did."""
        tables = {
            assets.INCIDENT_EVIDENCE.table: arrow_table(rows := list(rows), INCIDENT_EVIDENCE),
            assets.RECORDED_REPAIRS: arrow_table(repairs, RECORDED_REPAIRS),
            assets.RECORDED_MESSAGES: arrow_table(messages, RECORDED_MESSAGES),
        }
        self._publish(assets.INCIDENT_EVIDENCE, day, tables=tables)
        scores = [score(one["incident_id"], **(grades or {})) for one in rows]
        self._publish(assets.INCUMBENT_SCORES, day, tables=_scores("incumbent_scores", scores))

    def replay(self, day: str, graded: Sequence[tuple[ReplayResult, ReplayScore]]) -> None:
        """Publish the answers of one candidate, their scores, and the pack that was asked."""
        incidents = dict.fromkeys(result.incident_id for result, _ in graded)
        collected = {"collected_at": f"{day}T06:00:00+00:00", "evidence_schema_version": "v1"}
        asked = [request(one, source_metadata=collected) for one in incidents]
        self._publish(assets.REQUEST_PACK, day, files={assets.PACK_FILE: _lines(asked)})
        candidate = graded[0][0].candidate_id
        results = _lines([result.as_json() for result, _ in graded])
        self._publish(assets.REPLAY_RESULTS, day, candidate, files={assets.RESULTS_FILE: results})
        scores = _scores("replay_scores", [one for _, one in graded])
        self._publish(assets.REPLAY_SCORES, day, candidate, tables=scores)

    def feedback(self, day: str, *rewards: Mapping[str, Any], **card: Any) -> None:
        """Publish what operators said on a day, and what the judge says about it."""
        self._publish(assets.OPERATOR_FEEDBACK, day)
        rows = arrow_table(rewards, arrow_schema(FeedbackReward))
        files = {assets.JUDGE_CARD_FILE: encode_json({**CARD, **card})}
        tables = {assets.FEEDBACK_REWARDS.table: rows}
        self._publish(assets.FEEDBACK_REWARDS, day, tables=tables, files=files)

    def export(self, asset: Asset, *candidates: str, week: str = WEEK, **changes: Any) -> Published:
        """Publish a week's export."""
        export = WeekExport(self.store, self.lineage(candidates), candidates, **changes)
        return export.publish(asset, week)[0]

    def lineage(self, candidates: Iterable[str] = ()) -> Lineage:
        """Return a view of the lake as it is now."""
        digests = dict.fromkeys(candidates, CANDIDATE)
        return Lineage(lake=self.store, evidence=self.store, candidates=digests, **self._settings)

    def _publish(
        self, asset: Asset, day: str, candidate: str | None = None, **content: Any
    ) -> None:
        address = asset.at(day, candidate)
        inputs = self.lineage([candidate] if candidate else ()).inputs(address)
        self.store.publish(address, Publication(inputs=inputs, **content))


CANDIDATE = "digest"
CARD = {
    "schema_version": "judge_card_v1",
    "judge_id": "rules-judge",
    "judge_model": "rules",
    "about": "Rules.",
    "label_set_version": "1",
    "prompt_version": "1",
    "status": "unverified",
    "may_export": True,
    "least_kappa": 0.6,
    "human_labels_sha256": None,
    "agreement": None,
}


def reward(**changes: Any) -> dict[str, Any]:
    """Return a reward above the gate for an answer that the operator confirmed."""
    fields = {
        "id": "se-1:2",
        "incident_id": "inc-1",
        "session_id": "se-1",
        "query_t": "Why is web down?",
        "answer_t": "It leaks.",
        "query_t1": "thanks, solved",
        "outcome": "judged",
        "label": "resolved",
        "confidence": 0.9,
        "rationale": None,
        "reward": 1.0,
        "should_update": True,
        "judge_id": "rules-judge",
        "judge_model": "rules",
        "label_set_version": "1",
        "prompt_version": "1",
    }
    return {**fields, **changes}


def rows_in(export: Published, flavour: str) -> list[dict[str, Any]]:
    """Return the rows of one flavour in a published export, of both splits."""
    return [
        row
        for name in export.names(".jsonl")
        if name.startswith(f"{flavour}.") and not name.endswith(".lineage.jsonl")
        for row in export.records(name)
    ]


def _scores(table: str, scores: Iterable[ReplayScore]) -> dict[str, Any]:
    return {table: arrow_table((one.as_json() for one in scores), arrow_schema(ReplayScore))}


def _lines(records: Iterable[Mapping[str, Any]]) -> bytes:
    return b"".join(encode_line(one) + b"\n" for one in records)
