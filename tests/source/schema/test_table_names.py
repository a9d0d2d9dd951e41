"""Names of tables as a mapping file writes them: bare, with a schema, quoted."""

from pathlib import Path

import pytest

from replay_assets.errors import ConfigurationError, SourceError
from replay_assets.source.connection.database import IncidentDatabase
from replay_assets.source.diagnosis.examine import examine_source
from replay_assets.source.schema.mapping import load_mapping
from replay_assets.source.schema.table_names import TableName
from replay_assets.source.schema.tables import FINETUNE_EXPORTS, MAPPABLE
from tests.source.rows import DAY, count, incident, load, message, read_day, repair, session
from tests.source.schema.test_mapping import mapping_file


@pytest.mark.parametrize(
    ("text", "schema", "name"),
    [
        ("snapshots", None, "snapshots"),
        ("ops.snapshots", "ops", "snapshots"),
        ("warehouse.ops.snapshots", "warehouse.ops", "snapshots"),
        ('"ops.incident snapshots"', None, "ops.incident snapshots"),
        ('ops."a.b"', "ops", "a.b"),
        ('"team.a"."b"', "team.a", "b"),
        ('"say ""hi"""', None, 'say "hi"'),
        ("事件 記錄", None, "事件 記錄"),
    ],
)
def test_the_last_dot_outside_of_quotes_ends_the_schema(
    text: str, schema: str | None, name: str
) -> None:
    """What is shown spells the same name again."""
    found = TableName.of(text)
    assert found == (schema, name)
    assert TableName.of(str(found)) == found


@pytest.mark.parametrize("text", ['"open', 'a"b', '""', "ops.", ".a", '"a"."b"."', 'ops."a"b'])
def test_what_is_not_a_name_is_refused_with_its_line(text: str, tmp_path: Path) -> None:
    """The message shows how to quote."""
    path = mapping_file(tmp_path, {"tables": {"labels": {"table": text}}})
    with pytest.raises(ConfigurationError, match=r"line 3: tables\.labels\.table: .*ops\.incident"):
        load_mapping(path)


def test_tables_with_dots_are_made_filled_read_and_examined(
    database_url: str, tmp_path: Path
) -> None:
    """Every command uses the same name."""
    tables = {name: {"table": f'"team.{name} x"'} for name in MAPPABLE}
    mapping = load_mapping(mapping_file(tmp_path, {"tables": tables}))
    with IncidentDatabase(database_url, mapping) as database:
        load(
            database,
            tmp_path,
            incident_evidence=[incident(1)],
            agent_sessions=[session()],
            auto_repair_executions=[repair()],
            session_messages=[message(0)],
        )
        assert [row["id"] for row in read_day(database, DAY).evidence] == ["ev-1"]
        assert count(database, '"team.incident_evidence x"') == 1
        assert str(mapping.table(FINETUNE_EXPORTS)) == '"team.finetune_exports x"'
        assert "fail" not in {one.status for one in examine_source(database)}


def test_a_dot_without_quotes_is_explained(tmp_path: Path) -> None:
    """The nearest name is written as the mapping must write it."""
    url = f"sqlite:///{tmp_path / 'x.sqlite'}"
    quoted = {"tables": {"incident_evidence": {"table": '"incident.evidence"'}}}
    with IncidentDatabase(url, load_mapping(mapping_file(tmp_path, quoted))) as database:
        load(database, tmp_path, incident_evidence=[incident(1)])
    for text in ("incident.evidence", "incidentevidence"):
        bare = mapping_file(tmp_path, {"tables": {"incident_evidence": {"table": text}}})
        with (
            IncidentDatabase(url, load_mapping(bare)) as database,
            pytest.raises(SourceError, match=r'"incident\.evidence"'),
        ):
            read_day(database, DAY)
