"""Table schemas are derived from the models and do not differ from those already published."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from replay_assets.contracts.agent_event import AgentStepRow
from replay_assets.contracts.agent_score import AgentScoreRow
from replay_assets.contracts.arrow import arrow_schema
from replay_assets.contracts.evaluation_report import ReportRow
from replay_assets.contracts.evidence import (
    IncidentEvidence,
    QuarantinedRow,
    RecordedMessage,
    RecordedRepair,
)
from replay_assets.contracts.feedback import FeedbackReward, OperatorFeedback
from replay_assets.contracts.label import IncidentLabel
from replay_assets.contracts.record import Part
from replay_assets.contracts.result import ResultRow
from replay_assets.contracts.score import ReplayScore
from replay_assets.contracts.tool_calling_rows import ToolFigureRow, ToolResultRow

SNAPSHOT: dict[str, Any] = json.loads((Path(__file__).parent / "table_schemas.json").read_text())
TABLES: dict[str, type[Part]] = {
    "incident_evidence": IncidentEvidence,
    "recorded_messages": RecordedMessage,
    "recorded_repairs": RecordedRepair,
    "quarantine": QuarantinedRow,
    "incident_labels": IncidentLabel,
    "replay_results": ResultRow,
    "agent_replay": ResultRow,
    "agent_steps": AgentStepRow,
    "agent_scores": AgentScoreRow,
    "replay_scores": ReplayScore,
    "evaluation_report": ReportRow,
    "operator_feedback": OperatorFeedback,
    "feedback_rewards": FeedbackReward,
    "tool_calling_results": ToolResultRow,
    "tool_calling_report": ToolFigureRow,
}


@pytest.mark.parametrize("table", TABLES)
def test_a_table_has_the_columns_that_are_published(table: str):
    """Changing a name, a type or the order of columns breaks readers: change the version too."""
    schema = arrow_schema(TABLES[table])
    assert [(field.name, str(field.type)) for field in schema] == list(
        SNAPSHOT[table]["columns"].items()
    )
    metadata = {key.decode(): value.decode() for key, value in (schema.metadata or {}).items()}
    assert metadata == SNAPSHOT[table]["metadata"]
    assert all(field.nullable for field in schema)


def test_every_table_is_in_the_snapshot():
    """So the columns of a new table appear in a diff."""
    assert set(SNAPSHOT) == set(TABLES)


class Nested(Part):
    """A model that can't be a table."""

    inner: dict[str, str]


def test_a_field_that_cannot_be_a_column_is_named():
    """A flat table has no nested values."""
    with pytest.raises(TypeError, match=r"Nested\.inner: .*can't be a column"):
        arrow_schema(Nested)


def test_a_schema_is_made_once():
    """Every batch of a table uses it."""
    assert arrow_schema(ResultRow) is arrow_schema(ResultRow)
    assert isinstance(arrow_schema(ResultRow), pa.Schema)


def test_reading_records_does_not_import_pyarrow():
    """Importing it takes a tenth of a second, and commands that print a report do not use it."""
    program = (
        "import sys; import replay_assets.contracts.evaluation_report, "
        "replay_assets.contracts.result, replay_assets.contracts.label; "
        "sys.exit('pyarrow' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
