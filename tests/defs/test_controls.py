"""A control over HTTP: the same model without evidence, for some incidents, and its report."""

import json
from dataclasses import dataclass, replace
from importlib.resources import files
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from replay_assets.candidates import Candidate, Catalogue
from replay_assets.cli.verdict import verdict_of
from replay_assets.contracts.evaluation_report import EvaluationReport
from replay_assets.defs.checks import ANSWERED
from replay_assets.defs.keys import key_of
from replay_assets.defs.tool_calling import build_all
from replay_assets.lake import Published, Store, assets
from replay_assets.settings import Settings
from tests.conftest import settings_in
from tests.defs.walks import failed_steps, walk_day, walk_week
from tests.inference.scripted_server import ScriptedServer
from tests.replay.packs import answer_text

DAY, WEEK = "2026-09-30", "2026-09-28"


@dataclass(frozen=True)
class Walk:
    """A day and its week, with everything that the model was asked."""

    day: dg.ExecuteInProcessResult
    settings: Settings
    lake: Store
    prompts: list[str]
    report: EvaluationReport

    def results(self, candidate: str) -> Published:
        """The results of one candidate."""
        return self.lake.get(assets.REPLAY_RESULTS.at(DAY, candidate))


def policy_in(folder: Path, *, minimum_answered: float) -> Path:
    """The shipped policy with another minimum of answered requests."""
    shipped = (files("replay_assets.contracts") / "policy.yaml").read_text("utf-8")
    assert shipped.count("0.98") == 1
    path = folder / "policy.yaml"
    path.write_text(shipped.replace("0.98", str(minimum_answered)), "utf-8")
    return path


@pytest.fixture(scope="module")
def walk(
    tmp_path_factory: pytest.TempPathFactory, sample_source: str, shared_server: ScriptedServer
) -> Walk:
    """A candidate with a control, and a control for very few incidents."""
    script = shared_server.new_script()
    script.answers(answer_text())
    home = tmp_path_factory.mktemp("controls")
    entries: list[dict[str, Any]] = [
        {"id": "constant", "model": "constant-baseline", "base_url": "embedded://baselines/v1"},
        {"id": "mine", "model": "m", "base_url": script.base_url, "no_evidence": True},
        {"id": "few", "model": "few", "base_url": script.base_url,
         "prompt_variant": "no_evidence", "incidents_per_week": 7},
    ]  # fmt: skip
    (home / "candidates.yaml").write_text(json.dumps(entries), encoding="utf-8")
    settings = settings_in(home, source_url=sample_source, candidates=home / "candidates.yaml")
    settings = replace(settings, policy=policy_in(home, minimum_answered=0.97))
    day = walk_day(settings, DAY, ["constant", "mine", "mine-no-evidence", "few"])
    assert walk_week(settings, WEEK, asset_selection=[key_of(assets.EVALUATION_REPORT)]).success
    lake = Store(settings.lake)
    report = lake.get(assets.EVALUATION_REPORT.at(WEEK))
    return Walk(
        day,
        settings,
        lake,
        [body["messages"][-1]["content"] for body in script.bodies],
        EvaluationReport.read(report.document(assets.REPORT_FILE)),
    )


def test_a_control_is_asked_the_same_incidents_without_evidence(walk: Walk) -> None:
    """With evidence and without; the checks accept that another control is asked one of four."""
    pack = walk.lake.get(assets.REQUEST_PACK.at(DAY))
    evidence = [record["user_prompt"] for record in pack.records(assets.PACK_FILE)]
    assert walk.day.success
    assert failed_steps(walk.day) == set()
    asked = {name: walk.results(name).facts["requests"] for name in ("mine-no-evidence", "few")}
    assert asked == {"mine-no-evidence": 4, "few": 1}
    assert len(walk.prompts) == 4 + 4 + 1
    assert sum(any(one in prompt for one in evidence) for prompt in walk.prompts) == 4


def test_a_control_has_no_verdict_and_is_what_its_candidate_is_compared_with(walk: Walk) -> None:
    """The leak card, the paired table, and no number that a missing incident would distort."""
    found = {one.candidate_id: one for one in walk.report.candidates}
    control = found["mine-no-evidence"]
    assert control.verdict is None
    scheduled = [one and (one.scheduled, one.not_counted) for one in
                 (control.denominators, found["few"].denominators)]  # fmt: skip
    assert scheduled == [(4, 0), (1, 0)]
    (against,) = (one for one in found["mine"].paired if one.against == "no_evidence")
    assert (against.name, against.pairs) == ("mine-no-evidence", 4)
    (card, _) = walk.report.leaks
    assert (card.candidate_id, card.state, card.incidents) == ("mine-no-evidence", "fine", 4)


def test_the_checks_of_a_day_ask_for_what_the_teams_policy_asks(walk: Walk) -> None:
    """The policy is that of REPLAY_POLICY."""
    found = {
        one.asset_key.path[-1]: one.metadata["minimum_answered"].value
        for one in walk.day.get_asset_check_evaluations()
        if one.check_name == ANSWERED
    }
    assert found == dict.fromkeys(("constant", "mine", "mine-no-evidence", "few"), 0.97)


def test_the_report_shows_the_evidence_of_its_incidents(walk: Walk) -> None:
    """As it was sent."""
    shown = [one.evidence for one in walk.report.incidents]
    assert len(shown) == 4
    assert all(one and any(one in prompt for prompt in walk.prompts) for one in shown)


def test_a_report_is_current_until_its_language_or_the_policy_changes(walk: Walk) -> None:
    """What the command `verdict` says of a report that a run has made."""
    policy = policy_in(walk.settings.data, minimum_answered=0.9)

    def stale(**changes: Any) -> Any:
        return verdict_of(replace(walk.settings, **changes), WEEK, "mine")["stale"]

    made_from = f"evaluation_report {WEEK} was made from other"
    assert stale() is None
    assert stale(report_language="zh-Hant") == f"{made_from} language"
    assert stale(policy=policy) == f"{made_from} policy"


def test_the_tool_calling_benchmark_does_not_ask_controls() -> None:
    """Its cases have no evidence."""
    control = Candidate(
        id="few",
        model="few",
        base_url="http://127.0.0.1:9/v1",
        prompt_variant="no_evidence",
        incidents_per_week=7,
    )
    (report,) = build_all(Catalogue([control]))
    assert report.key == key_of(assets.TOOL_CALLING_REPORT)
