"""Which partitions are current, stale or missing, and how often their manifests are read."""

import re
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from replay_assets.contracts.calendar import days_of_week
from replay_assets.contracts.gate_policy import load_policy
from replay_assets.contracts.review import REVIEW_VERSION, ReviewPlan
from replay_assets.contracts.vocabulary import load_vocabulary
from replay_assets.errors import NotMaterializedError
from replay_assets.lake import assets
from replay_assets.lake.addresses import Address
from replay_assets.lake.assets import PLAN_FILE
from replay_assets.lake.formats import encode_json
from replay_assets.lake.lineage import Lineage
from replay_assets.lake.published import Published
from replay_assets.lake.review_plans import plan_address
from replay_assets.lake.store import Publication, Store

WEEK = "2026-09-21"
DAYS = days_of_week(WEEK)
DAY = DAYS[0]
VOCABULARY = load_vocabulary()
RULES = "rules-1"
CANDIDATES = {"model": "model-1", "other": "other-1"}
SCORES = assets.REPLAY_SCORES.at(DAY, "model")
DAILY = [
    one for one in assets.BY_NAME.values() if one.grain == "date" and one is not assets.AGENT_REPLAY
]
"""What a day of a candidate has that is not an agent."""


class CountingStore(Store):
    """A root that counts how often each manifest is looked for."""

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self.reads: Counter[Address] = Counter()

    def get(self, address: Address) -> Published:
        """Return a partition, and count the look at its manifest."""
        self.reads[address] += 1
        return super().get(address)


@dataclass
class Roots:
    """Three roots, and methods that make a day's partitions in their usual order."""

    folder: Path
    stores: dict[str, CountingStore] = field(init=False)

    def __post_init__(self) -> None:
        self.stores = {
            name: CountingStore(str(self.folder / name)) for name in ("lake", "evidence", "labels")
        }

    def lineage(self, **changes: object) -> Lineage:
        """What an operation sees now, with all that it can compare unless changed."""
        given = {
            **self.stores,
            "vocabulary": VOCABULARY,
            "rules": RULES,
            "candidates": CANDIDATES,
            **changes,
        }
        return Lineage(**given)  # type: ignore[arg-type]

    def publish(self, address: Address, content: bytes = b"{}") -> None:
        """Make one partition from what exists."""
        inputs = self.lineage().inputs(address)
        publication = Publication(files={"content.json": content}, inputs=inputs)
        self.store_of(address).publish(address, publication)

    def store_of(self, address: Address) -> CountingStore:
        """The root of a partition."""
        return self.stores[assets.BY_NAME[address.asset].root]

    def publish_day(self, day: str, *candidates: str) -> None:
        """Make everything of a day."""
        self.publish(assets.INCIDENT_EVIDENCE.at(day), f'{{"day":"{day}"}}'.encode())
        self.publish(assets.INCIDENT_LABELS.at(day))
        self.publish(assets.MASKED_LABELS.at(day))
        self.publish(assets.REQUEST_PACK.at(day), f'{{"pack":"{day}"}}'.encode())
        for candidate in candidates:
            self.publish(assets.REPLAY_RESULTS.at(day, candidate))
            self.publish(assets.REPLAY_SCORES.at(day, candidate))
        self.publish(assets.INCUMBENT_SCORES.at(day))
        self.publish(assets.OPERATOR_FEEDBACK.at(day))
        self.publish(assets.FEEDBACK_REWARDS.at(day))


@pytest.fixture
def roots(tmp_path: Path) -> Roots:
    """One complete day of one candidate."""
    roots = Roots(tmp_path)
    roots.publish_day(DAY, "model")
    return roots


def test_a_day_made_in_order_is_current(roots: Roots) -> None:
    """Every manifest records the present digests."""
    lineage = roots.lineage()
    for asset in DAILY:
        assert lineage.state(asset.at(DAY, "model")).is_current, asset


def test_what_was_never_made_is_missing(roots: Roots) -> None:
    """Missing is not stale: there is nothing to compare."""
    state = roots.lineage().state(assets.REPLAY_SCORES.at(DAYS[1], "model"))
    assert state.status == "missing"
    assert "replay_scores/model 2026-09-22" in state.reason


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        (assets.INCIDENT_EVIDENCE.at(DAY), "replay_scores/model .* other incident_evidence"),
        (assets.INCIDENT_LABELS.at(DAY), "replay_scores/model .* other incident_labels"),
        (assets.REQUEST_PACK.at(DAY), "replay_results/model .* other request_pack"),
        (assets.REPLAY_RESULTS.at(DAY, "model"), "replay_scores/model .* other replay_results"),
    ],
    ids=str,
)
def test_a_change_makes_all_later_partitions_stale_and_says_why(
    roots: Roots, changed: Address, reason: str
) -> None:
    """A change of the evidence makes scores stale too, though their direct inputs are unchanged."""
    inputs = roots.lineage().inputs(changed)
    publication = Publication(files={"content.json": b'{"new":1}'}, inputs=inputs)
    roots.store_of(changed).publish(changed, publication)
    state = roots.lineage().state(SCORES)
    assert state.status == "stale"
    assert re.search(reason, state.reason)


@pytest.mark.parametrize(
    ("settings", "stale"),
    [
        (
            {"rules": "rules-2"},
            {
                *("request_pack", "masked_labels", "replay_results", "replay_scores"),
                "feedback_rewards",
            },
        ),
        ({"candidates": {"model": "model-2"}}, {"replay_results", "replay_scores"}),
        ({"candidates": {}}, {"replay_results", "replay_scores"}),
        ({"rules": None, "candidates": None, "vocabulary": None}, set()),
    ],
    ids=["rules", "candidate", "candidate_removed", "nothing_to_compare"],
)
def test_other_settings_make_partitions_stale(
    roots: Roots, settings: dict[str, object], stale: set[str]
) -> None:
    """Settings that are not passed are not compared."""
    lineage = roots.lineage(**settings)
    found = {one.name for one in DAILY if not lineage.state(one.at(DAY, "model")).is_current}
    assert found == stale


def test_scores_of_an_agent_follow_its_investigations(roots: Roots) -> None:
    """They are stored under the id of its model, and become stale with the agent's settings."""
    agents = {**CANDIDATES, "model-agent": "agent-1"}
    replayed = assets.REPLAY_RESULTS.at(DAY, "model-agent")
    assert str(replayed) == f"agent_replay/model {DAY}"
    for address in (replayed, scores := assets.REPLAY_SCORES.at(DAY, "model-agent")):
        inputs = roots.lineage(candidates=agents).inputs(address)
        roots.store_of(address).publish(address, Publication(inputs=inputs))
    assert roots.lineage(candidates=agents).state(scores).is_current
    other = roots.lineage(candidates={**agents, "model-agent": "agent-2"})
    assert "agent_replay/model" in other.state(scores).reason
    assert roots.lineage(candidates={**agents, "model": "model-2"}).state(scores).is_current


def test_labels_that_are_withheld_leave_scores_current(roots: Roots) -> None:
    """A machine without access to labels can still report; missing evidence is a change."""
    roots.stores["labels"].withdraw(assets.INCIDENT_LABELS.at(DAY))
    assert roots.lineage().state(SCORES).is_current
    assert roots.lineage(labels=None).state(SCORES).is_current
    roots.stores["evidence"].withdraw(assets.INCIDENT_EVIDENCE.at(DAY))
    assert roots.lineage().state(SCORES).status == "stale"
    assert roots.lineage().changed(SCORES) == ["incident_evidence"]


def test_a_week_is_made_from_its_usable_days(roots: Roots) -> None:
    """A week that was made from fewer days than can be used now is stale, and says which."""
    export = assets.SFT_EXPORT.at(WEEK)
    assert roots.lineage().inputs(export).keys() == {
        f"incident_evidence {DAY}",
        f"incumbent_scores {DAY}",
        f"feedback_rewards {DAY}",
        f"replay_results/model {DAY}",
        f"replay_scores/model {DAY}",
        "rules",
    }
    roots.publish(export)
    assert roots.lineage().state(export).is_current
    roots.publish_day(DAYS[1])
    assert f"incident_evidence {DAYS[1]}" in roots.lineage().state(export).reason
    roots.publish(export)
    assert roots.lineage().usable_days(export) == DAYS[:2]
    roots.publish(assets.INCIDENT_EVIDENCE.at(DAY), b'{"new":1}')
    assert roots.lineage().usable_days(export) == DAYS[1:2]
    assert roots.lineage().state(export).status == "stale"


def test_other_rules_make_an_export_stale(roots: Roots) -> None:
    """Its rows were sanitized by them; without rules they are not compared."""
    export = assets.SFT_EXPORT.at(WEEK)
    roots.publish(export)
    assert "rules" in roots.lineage(rules="rules-2").changed(export)
    assert roots.lineage().changed(export) == []
    assert roots.lineage(rules=None).state(export).is_current


def test_a_report_names_the_scores_of_each_candidate(roots: Roots) -> None:
    """A stale day of one candidate does not affect another one."""
    roots.publish_day(DAYS[1], "model", "other")
    report = assets.EVALUATION_REPORT.at(WEEK)
    roots.publish(assets.REQUEST_PACK.at(DAY), b'{"new":1}')
    assert roots.lineage().inputs(report).keys() == {
        f"incumbent_scores {DAY}",
        f"incumbent_scores {DAYS[1]}",
        f"replay_scores/model {DAYS[1]}",
        f"replay_scores/other {DAYS[1]}",
    }


BENCHMARK = {"cases": "cases-1", "tool_modes": {"model": "native", "other": "native"}}


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"cases": "cases-2"}, "cases"),
        ({"candidates": {**CANDIDATES, "model": "model-2"}}, "candidate"),
        ({"tool_modes": {"model": "prompted"}}, "tool_mode"),
    ],
    ids=["cases", "candidate", "tool_mode"],
)
def test_other_cases_or_another_model_make_tool_calling_results_stale(
    roots: Roots, changed: dict[str, object], reason: str
) -> None:
    """And with them the report, which lists the current results of each candidate."""
    results, report = assets.TOOL_CALLING_RESULTS.at, assets.TOOL_CALLING_REPORT.at()
    for address in (results(candidate="model"), report):
        inputs = roots.lineage(**BENCHMARK).inputs(address)
        roots.store_of(address).publish(address, Publication(inputs=inputs))
    assert inputs.keys() == {"tool_calling_results/model"}
    assert roots.lineage(**BENCHMARK).state(report).is_current
    lineage = roots.lineage(**{**BENCHMARK, **changed})
    assert lineage.changed(results(candidate="model")) == [reason]
    assert lineage.changed(report) == ["tool_calling_results/model"]
    assert roots.lineage().state(results(candidate="model")).is_current


def test_results_of_another_candidate_make_the_tool_calling_report_stale(roots: Roots) -> None:
    """It compares all candidates that have current results."""
    report = assets.TOOL_CALLING_REPORT.at()
    for address in (report, assets.TOOL_CALLING_RESULTS.at(candidate="other")):
        inputs = roots.lineage(**BENCHMARK).inputs(address)
        roots.store_of(address).publish(address, Publication(inputs=inputs))
    assert roots.lineage(**BENCHMARK).changed(report) == ["tool_calling_results/other"]


def test_a_setting_that_is_not_compared_can_be_asked_for(roots: Roots) -> None:
    """A report counts packs of earlier rules, and asks which rules they have."""
    pack, lineage = assets.REQUEST_PACK.at(DAY), roots.lineage(rules=None)
    assert lineage.was_made_with(pack, "rules", RULES)
    assert not lineage.was_made_with(pack, "rules", "rules-2")
    assert not lineage.was_made_with(assets.REQUEST_PACK.at(DAYS[1]), "rules", RULES)


def test_a_missing_partition_is_named_with_what_to_do(roots: Roots) -> None:
    """Reading through the lineage gives the store's own error."""
    with pytest.raises(NotMaterializedError, match=r"request_pack 2026-09-22 .* Materialise"):
        roots.lineage().get(assets.REQUEST_PACK.at(DAYS[1]))


def test_a_root_that_was_not_given_is_named(roots: Roots) -> None:
    """Reading evidence when only the lake was passed is a programming error."""
    with pytest.raises(ValueError, match="incident_evidence 2026-09-21: the root 'evidence'"):
        Lineage(lake=roots.stores["lake"]).get(assets.INCIDENT_EVIDENCE.at(DAY))


@pytest.mark.parametrize("candidates", [("model",), ("model", "other")], ids=["one", "several"])
def test_one_operation_reads_each_manifest_once(
    tmp_path: Path, candidates: tuple[str, ...]
) -> None:
    """On an object store each read is a request, and a review reads many weeks."""
    roots = Roots(tmp_path)
    for day in DAYS[:3]:
        roots.publish_day(day, *candidates)
    for store in roots.stores.values():
        store.reads.clear()
    lineage = roots.lineage(candidates={one: CANDIDATES[one] for one in candidates})
    for day in DAYS:
        for candidate in candidates:
            lineage.state(assets.REPLAY_SCORES.at(day, candidate))
        lineage.state(assets.INCUMBENT_SCORES.at(day))
    for week in (assets.EVALUATION_REPORT, assets.SFT_EXPORT):
        lineage.inputs(week.at(WEEK))
        lineage.usable_days(week.at(WEEK))
    reads = Counter[Address]()
    for store in roots.stores.values():
        reads += store.reads
    assert set(reads.values()) == {1}
    made = 3 * (5 + 2 * len(candidates))
    plans = 2 * len(candidates)  # none yet, nor where an earlier release kept it
    # Scores; for the export, evidence, results, and of the days with evidence the feedback.
    lookups_of_missing = 4 * (1 + 2 * len(candidates) + 1) + 2 * 3
    assert len(reads) == made + lookups_of_missing + plans


REPORT = assets.EVALUATION_REPORT.at(DAYS[0])
BEFORE = "2026-09-16"
"""A day of the week before."""


@pytest.fixture
def reviewed(roots: Roots) -> Roots:
    """A report whose review began in the week before."""
    roots.publish_day(BEFORE, "model")
    plan = ReviewPlan(
        schema_version=REVIEW_VERSION,
        candidate_id="model",
        candidate_version="model-1",
        kind="historic",
        start="2026-09-14",
        looks=(WEEK,),
        alpha=0.05,
        policy=load_policy(),
        policy_digest=load_policy().digest(),
    )
    content = {PLAN_FILE: encode_json(plan.as_json())}
    roots.stores["lake"].publish(plan_address("model"), Publication(files=content))
    inputs = roots.lineage(policy=load_policy(), language="en").inputs(REPORT)
    roots.stores["lake"].publish(REPORT, Publication(inputs=inputs))
    return roots


def changed_inputs(roots: Roots, **given: object) -> list[str]:
    """What has changed since the report was made."""
    lineage = roots.lineage(**{"policy": load_policy(), "language": "en", **given})
    assert lineage.state(REPORT).is_current is not bool(lineage.changed(REPORT))
    return lineage.changed(REPORT)


def test_a_report_is_stale_if_an_earlier_day_of_its_review_changes(reviewed: Roots) -> None:
    """If it is remade, becomes stale, or comes later; but not by days before the review."""
    assert changed_inputs(reviewed) == []
    reviewed.publish_day("2026-09-11", "model")
    assert changed_inputs(reviewed) == []

    reviewed.publish_day("2026-09-17", "model")
    assert changed_inputs(reviewed) == ["earlier_days"]

    reviewed.publish(REPORT)
    assert changed_inputs(reviewed) == ["language", "policy"]  # `publish` knows neither

    inputs = reviewed.lineage(policy=load_policy(), language="en").inputs(REPORT)
    reviewed.stores["lake"].publish(REPORT, Publication(inputs=inputs))
    assert changed_inputs(reviewed) == []
    reviewed.publish(assets.INCIDENT_EVIDENCE.at(BEFORE), b'{"new":1}')
    assert changed_inputs(reviewed) == ["earlier_days"]


def test_a_report_is_stale_if_the_policy_or_its_language_changes(reviewed: Roots) -> None:
    """The first page is of another language, the second shows another policy."""
    stricter = load_policy().model_copy(update={"minimum_pairs": 500})
    assert changed_inputs(reviewed, language="zh-Hant") == ["language"]
    assert changed_inputs(reviewed, policy=stricter) == ["policy"]
    assert changed_inputs(reviewed, policy=None, language=None) == []
