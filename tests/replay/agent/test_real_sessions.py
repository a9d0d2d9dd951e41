"""A model that repeats the calls of the real recorded agents, through the complete loop."""

import json
from typing import Any

from replay_assets.contracts.agent_turn import AgentTurn, ToolDetails
from replay_assets.contracts.evidence_sections import sections_of
from replay_assets.inference import CalledTool
from replay_assets.replay.agent.dialogues import counts_of
from replay_assets.replay.agent.outputs import MOST_INFERENCES
from replay_assets.replay.agent.tools.tool_box import ToolBox
from tests.replay.agent.test_command_sections import TABLE, call_of, needs_real_data, rows_of
from tests.replay.agent.turns import loop, play, said, user


def repeated(evidence: str, calls: list[tuple[str, dict[str, Any]]]) -> AgentTurn:
    """The turn of a model that makes the calls in their order, several per answer, then answers."""
    asked = [
        CalledTool(name, json.dumps(arguments), f"call_{number}")
        for number, (name, arguments) in enumerate(calls)
    ]
    size = -(-len(asked) // (MOST_INFERENCES - 1)) or 1
    answers = [said(None, *asked[start : start + size]) for start in range(0, len(asked), size)]
    turn, _ = play(
        loop(tools=ToolBox(evidence)).run([], [user(evidence)]), [*answers, said("Done.")]
    )
    return turn


@needs_real_data
def test_each_recorded_read_returns_its_section_and_the_rest_are_the_misses():
    """As the published table says; repeats in their order, the last one again."""
    table = json.loads(TABLE.read_text(encoding="utf-8"))
    evidence = {
        row["incident_id"]: row["evidence_summary"] for row in rows_of("incident_evidence.jsonl")
    }
    played = 0
    for row in rows_of("agent_sessions.jsonl"):
        if not (commands := row["output_json"].get("commands")):
            continue
        text = evidence[row["incident_id"]]
        expected = table[f"{row['incident_id']} {row['agent_role']}"]
        pairs = [(call_of(one), entry) for one, entry in zip(commands, expected, strict=True)]
        calls = [(call, entry) for call, entry in pairs if call is not None]
        turn = repeated(text, [call for call, _ in calls])
        tools = [step.details for step in turn.steps if step.step_type == "tool_execution"]
        sections = [one.text for one in sections_of(text)]
        assert [shown(one, sections) for one in tools] == [entry for _, entry in calls]
        misses = sum(entry == "miss" for _, entry in calls)
        assert counts_of(turn) | {"steps": 0} == {
            "steps": 0, "tool_calls": len(calls), "tool_misses": misses, "violations": 0,
        }  # fmt: skip
        played += len(calls)
    assert played == 448 - 89


def shown(details: ToolDetails, sections: list[str]) -> int | str:
    """A step as the table writes it."""
    if details.kind == "evidence":
        return sections.index(details.text)
    return {"not_recorded": "miss", "dry_run": "change"}.get(details.kind, details.kind)
