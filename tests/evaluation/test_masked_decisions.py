"""Components in decisions of production, as the report shows them."""

import json
from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa
import pytest

from replay_assets.contracts.vocabulary import load_vocabulary
from replay_assets.evaluation.masked_decisions import components_under_the_map
from replay_assets.evaluation.report.details import read_details
from replay_assets.evaluation.scored_days import CandidateScores, DayReader, ScoredDays
from replay_assets.lake import Lineage, Publication, Store, assets
from replay_assets.sanitizing import rules_digest, rules_of
from tests.evaluation.records import score
from tests.request_packs.rows import evidence_row

DAY = "2026-09-21"
RULES = rules_of(None)
DECISION = {
    "root_cause": {"category": "database", "components": ["10.0.3.71", "web", "10.7.7.7"]},
    "action_id": "restart_workload",
}
ROW = evidence_row(
    evidence_summary="10.9.9.9 is well; 10.0.3.71 of web refused it",
    coordinator_output=json.dumps(DECISION),
)


@pytest.fixture
def lineage(tmp_path: Path) -> Lineage:
    """A day with one decision, and the pack of its evidence."""
    return of_rules(tmp_path, rules_digest(RULES))


def of_rules(folder: Path, digest: str, **changes: str) -> Lineage:
    """Return the partitions of the day, with a pack of some rules."""
    row = {**ROW, **changes}
    store = Store(str(folder))
    tables = {
        assets.INCIDENT_EVIDENCE.table: pa.Table.from_pylist([row]),
        assets.RECORDED_MESSAGES: pa.Table.from_pylist([]),
        assets.RECORDED_REPAIRS: pa.Table.from_pylist([]),
    }
    store.publish(assets.INCIDENT_EVIDENCE.at(DAY), Publication(tables=tables))
    request = {"incident_id": ROW["incident_id"], "incident_context": {"alertname": "Down"}}
    files = {assets.PACK_FILE: json.dumps(request).encode() + b"\n"}
    pack = Publication(files=files, inputs={"rules": digest})
    store.publish(assets.REQUEST_PACK.at(DAY), pack)
    return Lineage(lake=store, evidence=store, labels=store)


def components_of(lineage: Lineage) -> dict[str, Sequence[str]]:
    """Return the components in the decisions of the day."""
    rows = lineage.get(assets.INCIDENT_EVIDENCE.at(DAY)).rows(assets.INCIDENT_EVIDENCE.table)
    return components_under_the_map(rows, lineage, DAY, RULES)


def test_a_component_has_the_placeholder_of_the_pack(lineage: Lineage) -> None:
    """The second address of the evidence; the third one is not in it and stays as it is."""
    found = components_of(lineage)
    assert found == {ROW["incident_id"]: ["<IP_PRIV_2>", "web", "10.7.7.7"]}


def test_the_report_shows_no_raw_value(lineage: Lineage) -> None:
    """A value without a placeholder is left out."""
    scored = score(ROW["incident_id"], candidate_id="incumbent")
    incumbent = CandidateScores("incumbent", False, False, [scored], {DAY: "counted"})
    details = read_details(
        ScoredDays(DayReader(lineage), [DAY]), [incumbent], load_vocabulary(), RULES
    )
    (answer,) = details.answers.values()
    assert answer.components == ("<IP_PRIV_2>", "web", "…")
    assert (answer.category, answer.action) == ("database", "restart_workload")


def test_placeholders_of_other_rules_are_not_mixed_with_these(tmp_path: Path) -> None:
    """The same placeholder would mean another value; then no component is shown."""
    assert components_of(of_rules(tmp_path, "other")) == {}


@pytest.mark.parametrize("components", [3, True, {"web": 1}])
def test_a_decision_whose_components_are_not_a_list_names_none(
    tmp_path: Path, components: object
) -> None:
    """Any agent of production may have written it; one of them must not fail the report."""
    decision = json.dumps({"root_cause": {"components": components}})
    lineage = of_rules(tmp_path, rules_digest(RULES), coordinator_output=decision)
    assert components_of(lineage) == {}
