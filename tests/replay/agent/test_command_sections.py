"""Which section of the evidence answers which command of the real sessions, published as a table.

For each session the table has one entry per command: the number of the section that answers it,
`miss` for a read that was not recorded, `change` for a dry run, `other` for what is not a call of a
tool that reads or changes (a pause, the final answer).
"""

import ast
import json
import os
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from replay_assets.contracts.evidence_sections import Section, sections_of
from replay_assets.replay.agent.tools.tool_box import ToolBox

REAL = Path(os.environ.get("REPLAY_REAL_DATA") or "/nonexistent") / "incidents"
TABLE = Path(__file__).with_name("command_sections.json")
Entry = int | str

needs_real_data = pytest.mark.skipif(not REAL.is_dir(), reason="REPLAY_REAL_DATA is not set")


def call_of(command: str) -> tuple[str, dict[str, Any]] | None:
    """Return a recorded command as a call; None if it is not one.

    The sessions do not record the names of tools, so they follow from the arguments.
    """
    if not command.startswith("{"):
        return "kubectl", {"command": command}
    try:
        arguments = ast.literal_eval(command)
    except (SyntaxError, ValueError):  # a final answer that was cut
        return None
    by_argument = {
        "cmd": "exec_kubectl_cmd_safely",
        "query": "get_metrics",
        "service": "get_traces",
        "last_n_minutes": "get_dependency_graph",
    }
    name = next((by_argument[one] for one in by_argument if one in arguments), None)
    return (name, arguments) if name is not None else None


def entries_of(evidence: str, commands: list[str]) -> list[Entry]:
    """Return the entries of a session's commands."""
    box, sections = ToolBox(evidence), sections_of(evidence)
    return [_entry(box, sections, call_of(command)) for command in commands]


def _entry(box: ToolBox, sections: list[Section], call: tuple[str, Any] | None) -> Entry:
    if call is None:
        return "other"
    answer = box.answer(*call)
    if answer.kind == "evidence":
        return [one.text for one in sections].index(answer.text)
    return {"not_recorded": "miss", "dry_run": "change"}[answer.kind]


def rows_of(name: str) -> list[dict[str, Any]]:
    lines = (REAL / name).read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines]


def table_of_real_sessions() -> dict[str, list[Entry]]:
    evidence = {one["incident_id"]: one for one in rows_of("incident_evidence.jsonl")}
    return {
        f"{one['incident_id']} {one['agent_role']}": entries_of(
            evidence[one["incident_id"]]["evidence_summary"], one["output_json"]["commands"]
        )
        for one in rows_of("agent_sessions.jsonl")
        if one["output_json"].get("commands")
    }


@needs_real_data
def test_the_published_table_is_what_the_tools_answer():
    """Rewrite it with `python -m tests.replay.agent.test_command_sections`."""
    assert json.loads(TABLE.read_text(encoding="utf-8")) == table_of_real_sessions()


def test_the_table_has_the_count_that_the_readme_names():
    table = json.loads(TABLE.read_text(encoding="utf-8"))
    entries = [entry for session in table.values() for entry in session]
    counts = Counter("section" if isinstance(one, int) else one for one in entries)
    assert len(entries) == 448
    assert counts == {"section": 142, "miss": 154, "change": 63, "other": 89}


if __name__ == "__main__":
    lines = ",\n".join(
        f"  {json.dumps(name)}: {json.dumps(entries)}"
        for name, entries in table_of_real_sessions().items()
    )
    TABLE.write_text(f"{{\n{lines}\n}}\n", encoding="utf-8", newline="\n")
