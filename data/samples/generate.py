"""Write the sample incidents: five JSONL files next to this script.

    python data/samples/generate.py

The texts are hand-written (``scenarios/*.toml``); numbers, pod names and times are filled in
from a fixed seed, so the files are the same on every run and on every machine.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent))

from sample_families import Case, load_cases, load_chats

Row = dict[str, Any]

HERE = Path(__file__).resolve().parent

RISK = {
    **dict.fromkeys(
        ("observe_only", "notify_owner", "escalate_vendor", "restart_workload", "scale_workload"),
        "low",
    ),
    **dict.fromkeys(
        (
            "increase_resource_limits",
            "fix_workload_config",
            "fix_image_reference",
            "fix_probe",
            "fix_scheduling_constraints",
            "expand_storage",
            "scale_up_nodes",
            "fix_code",
            "rollback_change",
        ),
        "medium",
    ),
    **dict.fromkeys(
        (
            "fix_storage_config",
            "fix_network",
            "replace_node",
            "renew_certificate",
            "rotate_credentials",
            "reapply_iac",
            "delete_resource",
            "fix_database",
        ),
        "high",
    ),
}
TEAMS = {"shop": "storefront", "payments": "payments", "search": "search", "data": "data"}
TABLES = (
    "incident_evidence",
    "agent_sessions",
    "auto_repair_executions",
    "labels",
    "session_messages",
)


def stamp(moment: datetime) -> str:
    """Return an instant as ISO-8601 UTC text."""
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def components_of(case: Case) -> list[str]:
    """Return the components of the label of a case."""
    text = case.filler(case.component or case.family.component)
    return [part.strip() for part in text.replace(",", "/").split("/")]


def sufficiency_of(case: Case) -> str:
    """Return whether the evidence of a case is enough to reach the root cause."""
    return case.sufficiency or case.family.sufficiency


def repairs_of(case: Case) -> list[Row]:
    """Return the recorded repairs of a case with the family's usual fix filled in."""
    found: list[Row] = []
    for repair in case.repairs:
        uses_fix = repair == "fix" or (isinstance(repair, dict) and repair.get("use") == "fix")
        own = {} if repair == "fix" else dict(repair)
        found.append({**(case.family.fix if uses_fix else {}), **own})
    return found


def evidence_row(case: Case, incident: str) -> Row:
    """Return the incident_evidence row of a case."""
    family, fill = case.family, case.filler
    blocks = [block for at, block in enumerate(family.evidence) if at not in case.drop]
    text = fill("\n\n".join([*blocks, *([case.extra] if case.extra else [])]))
    repairs = repairs_of(case)
    outcome = "not_verified"
    if repairs:
        outcome = case.verification or ("success" if repairs[-1].get("ok", True) else "failed")
    kind = "recorded_tool_output" if "$ kubectl" in text else "alert_snapshot"
    return {
        "id": incident.replace("inc-", "ev-"),
        "incident_id": incident,
        "alertname": family.alertname,
        "labels": {
            "alertname": family.alertname,
            "severity": family.severity,
            "namespace": family.namespace,
            "service": family.service,
            "cluster": "prod-tpe-1",
            "team": TEAMS.get(family.namespace, "platform"),
        },
        "severity": family.severity,
        "evidence_summary": text,
        "evidence_kind": kind if sufficiency_of(case) == "sufficient" else "incident_report",
        "collected_at": stamp(case.collected),
        "verification_result": outcome,
        "schema_version": "v1",
        "matched_playbook_id": family.playbook,
    }


def decision_output(case: Case, given: Mapping[str, Any]) -> Row:
    """Return output_json of one decision; what is not given is taken from the family."""
    family, fill = case.family, case.filler
    output: Row = {
        "reasoning": fill(given.get("why", family.why)),
        "decision": fill(given.get("say", family.say)),
    }
    if given.get("legacy"):
        return output
    components = given.get("components")
    action = given.get("action", (case.actions or family.actions)[0])
    output["root_cause"] = {
        "components": [fill(one) for one in components] if components else components_of(case),
        "category": given.get("category", family.category),
        "statement": fill(given.get("finding", family.finding)),
    }
    output["action_id"] = action
    output["risk_level"] = RISK[action]
    output["requires_human_approval"] = given.get("approval", RISK[action] != "low")
    return output


def session_rows(case: Case, incident: str) -> Iterator[Row]:
    """Yield the sessions of a case, without ids; ``chat`` marks the newest coordinator."""
    wait = case.filler.whole
    if case.older is not None:
        when = case.collected + timedelta(seconds=wait("older", 70, 200))
        yield _session(case, incident, "coordinator", "incumbent-agent-v3", case.older, when)
    if not case.decision.get("none"):
        model = "incumbent-agent-v2" if case.decision.get("legacy") else "incumbent-agent-v3"
        when = case.collected + timedelta(seconds=wait("decision", 300, 560))
        row = _session(case, incident, "coordinator", model, case.decision, when)
        yield {**row, "chat": case.key}
    if case.human is not None:
        when = case.collected + timedelta(minutes=wait("human", 180, 420))
        given = {"why": case.human["finding"], "say": case.human["finding"], **case.human}
        yield _session(case, incident, "human_responder", None, given, when)


def _session(
    case: Case,
    incident: str,
    role: str,
    model: str | None,
    given: Mapping[str, Any],
    when: datetime,
) -> Row:
    return {
        "id": "",
        "incident_id": incident,
        "agent_role": role,
        "model": model,
        "output_json": decision_output(case, given),
        "created_at": stamp(when),
    }


def repair_rows(case: Case, incident: str) -> Iterator[Row]:
    """Yield the recorded repairs of a case, without ids."""
    fill = case.filler
    for attempt, repair in enumerate(repairs_of(case), start=1):
        step = fill(repair["step"])
        entry = {"action": repair["action"], "target": fill(repair["target"]), "step": step}
        wait = timedelta(
            minutes=14 + 27 * (attempt - 1), seconds=fill.whole(f"re{attempt}", 0, 599)
        )
        yield {
            "id": "",
            "incident_id": incident,
            "attempt": attempt,
            "playbook_name": case.family.playbook or "manual-" + repair["action"].replace("_", "-"),
            "executed_steps": [step] if repair.get("plain") else [entry],
            "success": repair.get("ok", True),
            "error": fill(repair["error"]) if "error" in repair else None,
            "executor": repair.get("by", "automation"),
            "created_at": stamp(case.collected + wait),
        }


def label_row(case: Case, incident: str) -> Row:
    """Return the labels row of a case."""
    family, fill = case.family, case.filler
    results = [repair.get("ok", True) for repair in repairs_of(case)]
    actions = list(case.actions or family.actions)
    return {
        "incident_id": incident,
        "expected_root_cause": fill(family.root_cause),
        "root_cause_category": family.category,
        "root_cause_component": fill(case.component or family.component),
        "required_keywords": [word.lower() for word in family.keywords],
        "acceptable_actions": actions,
        "acceptable_tools": list(family.tools),
        "risk_level": RISK[actions[0]],
        "requires_human_approval": RISK[actions[0]] == "high",
        "repair_expected": family.repair_expected,
        "repair_succeeded": results[-1] if results else None,
        "false_repair": not all(results) if results else None,
        "evidence_sufficiency": sufficiency_of(case),
        "scenario_group": family.group,
        "environment": "sample",
    }


def message_rows(case: Case, chat: Mapping[str, Any], session: Row) -> Iterator[Row]:
    """Yield the conversation of one coordinator session."""
    fill, output = case.filler, session["output_json"]
    calls = chat["calls"]
    turns: list[Row] = [{"role": "user", "content": chat["ask"]}]
    turns.append({"role": "assistant", "content": chat.get("plan", ""), "calls": calls})
    turns += [
        {"role": "tool", "content": call["output"], "call_id": f"call_{number}"}
        for number, call in enumerate(calls, start=1)
    ]
    answer = chat.get("answer") or f"{output['reasoning']}\n\n{output['decision']}"
    turns.append({"role": "assistant", "content": answer})
    answered = len(turns) - 1
    turns += chat.get("then", [])
    moments = _moments(case, [turn["role"] for turn in turns], answered, session, chat)
    for position, (turn, moment) in enumerate(zip(turns, moments, strict=True)):
        yield {
            "session_id": session["id"],
            "position": position,
            "role": turn["role"],
            "content": fill(turn["content"]),
            "tool_calls": _tool_calls(case, turn.get("calls")),
            "tool_call_id": turn.get("call_id"),
            "created_at": stamp(moment),
        }


def _moments(
    case: Case, roles: list[str], answered: int, session: Row, chat: Mapping[str, Any]
) -> Iterator[datetime]:
    """Yield when each message was written; the operator comes back after the repair."""
    decided = datetime.fromisoformat(session["created_at"])
    moment = decided
    for position, role in enumerate(roles):
        if position <= answered:
            moment = decided - timedelta(seconds=19 * (answered - position))
        elif role == "assistant":
            moment += timedelta(seconds=23)
        else:
            wait = chat.get("later", 20 * (position - answered))
            moment = decided + timedelta(
                minutes=wait, seconds=case.filler.whole(f"turn{position}", 0, 299)
            )
        yield moment


def _tool_calls(case: Case, calls: Sequence[Mapping[str, Any]] | None) -> list[Row] | None:
    if not calls:
        return None
    found = []
    for number, call in enumerate(calls, start=1):
        filled = {key: case.filler(value) for key, value in call["args"].items()}
        arguments = json.dumps(filled, ensure_ascii=False)
        function = {"name": call["name"], "arguments": arguments}
        found.append({"id": f"call_{number}", "type": "function", "function": function})
    return found


def _numbered(rows: list[Row], prefix: str) -> list[Row]:
    ordered = sorted(rows, key=lambda row: (row["created_at"], row["incident_id"]))
    return [{**row, "id": f"{prefix}-{at:03d}"} for at, row in enumerate(ordered, start=1)]


def build() -> dict[str, list[Row]]:
    """Return all rows, table by table, in the order in which they are written."""
    cases = load_cases()
    incidents = {case.key: f"inc-{at:03d}" for at, case in enumerate(cases, start=1)}
    by_key = {case.key: case for case in cases}
    sessions = _numbered([row for c in cases for row in session_rows(c, incidents[c.key])], "se")
    repairs = _numbered([row for c in cases for row in repair_rows(c, incidents[c.key])], "re")
    chats, messages = load_chats(), []
    for session in sessions:
        key = session.pop("chat", None)
        if key in chats:
            messages += message_rows(by_key[key], chats[key], session)
    return {
        "incident_evidence": [evidence_row(case, incidents[case.key]) for case in cases],
        "agent_sessions": sessions,
        "auto_repair_executions": repairs,
        "labels": [label_row(case, incidents[case.key]) for case in cases if case.label],
        "session_messages": messages,
    }


def render(rows: list[Row]) -> str:
    """Return rows as JSON Lines text."""
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)


def main() -> None:
    """Write the five files next to this script."""
    tables = build()
    for name in TABLES:
        text = render(tables[name])
        (HERE / f"{name}.jsonl").write_text(text, encoding="utf-8", newline="\n")
        sys.stdout.write(f"{name}.jsonl: {len(tables[name])} rows\n")


if __name__ == "__main__":
    main()
