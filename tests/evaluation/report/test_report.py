"""The weekly report, from scores in a real lake."""

import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from replay_assets.candidates.candidate import Candidate
from replay_assets.contracts.calendar import days_of_week
from replay_assets.contracts.evaluation_report import NOT_RUN
from replay_assets.contracts.vocabulary import load_vocabulary
from replay_assets.evaluation.grading import scores_publication
from replay_assets.evaluation.masked_labels import masked_publication
from replay_assets.evaluation.report import Surroundings, build_report, report_publication
from replay_assets.evaluation.report.render import render
from replay_assets.evaluation.scored_days import DayReader, ScoredDays
from replay_assets.lake import assets
from replay_assets.lake.addresses import Address
from replay_assets.lake.digests import vocabulary_digest
from replay_assets.lake.labels import labels_publication
from replay_assets.lake.lineage import Lineage
from replay_assets.lake.store import Publication, Store
from replay_assets.parsing.plain_text import markdown_cell
from replay_assets.sanitizing import rules_digest, rules_of
from tests.contracts.test_score import VERSION_1
from tests.evaluation.records import label, score

WEEK = "2026-09-21"
DAYS = days_of_week(WEEK)
MODEL = Candidate(id="model", model="m", base_url="http://localhost:1/v1")
OTHER = Candidate(id="other", model="m", base_url="http://localhost:1/v1")
VOCABULARY = load_vocabulary()
RAW = (assets.INCIDENT_EVIDENCE.table, assets.RECORDED_MESSAGES, assets.RECORDED_REPAIRS)
NO_ROWS = pa.Table.from_pylist([])
RULES = rules_of(None)
WORDS = {"vocabulary": vocabulary_digest(VOCABULARY)}


@dataclass(frozen=True)
class Roots:
    """The three roots from which a report is made."""

    lake: Store
    evidence: Store
    labels: Store

    def publish_day(self, day: str, *, incident: str, alert: str = "Web<Down>") -> None:
        """Publish all partitions of a day, each made from the one before."""
        raw = self.evidence.publish(
            Address("incident_evidence", day), Publication(tables=dict.fromkeys(RAW, NO_ROWS))
        )
        truth = self.labels.publish(
            Address("incident_labels", day), labels_publication([], [], facts={})
        )
        made_from = {"incident_evidence": raw.digest, "incident_labels": truth.digest}
        masked_labels = self.labels.publish(
            assets.MASKED_LABELS.at(day), masked_publication({}, {}, inputs=made_from)
        )
        request = {"incident_id": incident, "incident_context": {"alertname": alert}}
        line = json.dumps(request).encode() + b"\n"
        inputs = {"incident_evidence": raw.digest}
        files = {"request_pack.jsonl": line}
        pack = self.lake.publish(
            Address("request_pack", day),
            Publication(files=files, inputs={**inputs, **WORDS, "rules": rules_digest(RULES)}),
        )
        results = self.lake.publish(
            Address("replay_results", day, "model"),
            Publication(
                files={assets.RESULTS_FILE: b""},
                inputs={"request_pack": pack.digest, "candidate": MODEL.digest()},
            ),
        )
        inputs |= {"incident_labels": truth.digest, "masked_labels": masked_labels.digest, **WORDS}
        address = Address("replay_scores", day, "model")
        graded = scores_publication(
            [score(incident, candidate_id="model")],
            address,
            inputs={**inputs, "replay_results": results.digest},
        )
        self.lake.publish(address, graded)

    def publication(self) -> Publication:
        """The report of the week as it would be published."""
        days = self.scored(DAYS)
        candidates = [days.candidate(MODEL), days.candidate(OTHER)]
        report = build_report(WEEK, days.incumbent(), candidates, days.titles)
        inputs = days.lineage.inputs(assets.EVALUATION_REPORT.at(WEEK))
        return report_publication(report, inputs=inputs)

    def scored(self, days: list[str], *candidates: Candidate) -> ScoredDays:
        """The scores of some days, for the catalogue of these candidates."""
        digests = {one.id: one.digest() for one in candidates or (MODEL, OTHER)}
        lineage = Lineage(
            lake=self.lake,
            evidence=self.evidence,
            labels=self.labels,
            vocabulary=VOCABULARY,
            candidates=digests,
        )
        return ScoredDays(DayReader(lineage), days)

    def file(self, name: str) -> str:
        """One file of the report."""
        return self.publication().files[name].decode()

    def figures(self) -> dict[str, Any]:
        """The model's part of the report."""
        found: dict[str, Any] = json.loads(self.file("report.json"))["candidates"][1]
        return found


@pytest.fixture
def roots(tmp_path: Path) -> Roots:
    """A complete week of one candidate, one incident per day."""
    roots = empty(tmp_path)
    for day in DAYS:
        roots.publish_day(day, incident=f"inc-{day}")
    return roots


def empty(folder: Path) -> Roots:
    """Three empty roots."""
    return Roots(*(Store(str(folder / name)) for name in ("lake", "evidence", "labels")))


def test_a_complete_week_is_counted(roots: Roots) -> None:
    """Seven days, seven incidents, one verdict."""
    assert roots.figures()["metrics"]["primary"]["denominator"] == 7
    assert set(roots.figures()["days"].values()) == {"counted"}


CHANGED = Publication(files={"request_pack.jsonl": b""})


@pytest.mark.parametrize(
    ("root", "asset", "candidate"),
    [
        ("evidence", "incident_evidence", None),
        ("labels", "incident_labels", None),
        ("labels", "masked_labels", None),
        ("lake", "request_pack", None),
        ("lake", "replay_results", "model"),
    ],
)
def test_a_day_whose_sources_changed_is_stale(
    roots: Roots, root: str, asset: str, candidate: str | None
) -> None:
    """Its scores were made from a partition that was replaced since, so they are not reported."""
    store: Store = getattr(roots, root)
    store.publish(Address(asset, DAYS[2], candidate), CHANGED)
    assert roots.figures()["days"][DAYS[2]] == "stale"
    assert roots.figures()["metrics"]["primary"]["denominator"] == 6


def test_answers_of_another_model_under_the_same_name_are_stale(roots: Roots) -> None:
    """A candidate whose entry in the catalogue was changed is another candidate."""
    changed = MODEL.model_copy(update={"model": "another"})
    assert set(roots.scored(DAYS, changed).candidate(changed).days.values()) == {"stale"}


def test_grades_still_count_if_the_labels_cannot_be_read(roots: Roots, tmp_path: Path) -> None:
    """A machine without access to labels can still report."""
    shutil.rmtree(tmp_path / "labels")
    assert set(roots.figures()["days"].values()) == {"counted"}


def test_an_incident_with_two_snapshots_counts_once_by_its_newest(roots: Roots) -> None:
    """Counted twice, its grade would have double weight."""
    roots.publish_day(DAYS[5], incident=f"inc-{DAYS[1]}", alert="Newest")
    report = json.loads(roots.file("report.json"))
    assert report["candidates"][1]["incidents"] == 6
    titles = {one["incident_id"]: one["alertname"] for one in report["incidents"]}
    assert titles[f"inc-{DAYS[1]}"] == "Newest"
    assert len(report["incidents"]) == 6


def test_a_snapshot_that_is_stale_is_not_replaced_by_an_older_one(roots: Roots) -> None:
    """An answer from Monday must not be compared with a decision from Thursday."""
    roots.publish_day(DAYS[5], incident=f"inc-{DAYS[1]}")
    roots.lake.publish(Address("replay_results", DAYS[5], "model"), CHANGED)
    assert roots.figures()["incidents"] == 5


def test_any_range_of_days_can_be_read(roots: Roots) -> None:
    """A review covers many weeks; days keep the order in which they are given."""
    roots.publish_day("2026-09-28", incident="inc-next-week")
    days = [*DAYS[4:], "2026-09-28", "2026-09-29"]
    found = roots.scored(days).candidate(MODEL)
    assert [score.incident_id for score in found.scores] == [
        *(f"inc-{day}" for day in DAYS[4:]),
        "inc-next-week",
    ]
    assert list(found.days) == days
    assert found.uncounted_days == 1


def test_scores_of_the_earlier_release_are_still_counted(roots: Roots) -> None:
    """They have no reasons and no masked labels, but making them again would cost money."""
    address = assets.REPLAY_SCORES.at(DAYS[0], "model")
    before = roots.lake.get(address).manifest.inputs
    roots.labels.withdraw(assets.MASKED_LABELS.at(DAYS[0]))
    row = {**VERSION_1, "incident_id": f"inc-{DAYS[0]}", "repeat": 0}
    roots.lake.publish(
        address,
        Publication(
            tables={"replay_scores": pa.Table.from_pylist([row])},
            inputs={name: digest for name, digest in before.items() if name != "masked_labels"},
        ),
    )
    assert roots.figures()["days"][DAYS[0]] == "counted"
    primary = roots.figures()["metrics"]["primary"]
    assert (primary["numerator"], primary["denominator"]) == (6, 7)
    roots.labels.publish(assets.INCIDENT_LABELS.at(DAYS[0]), CHANGED)
    assert roots.figures()["days"][DAYS[0]] == "stale"


def test_a_candidate_that_was_not_replayed_is_named(roots: Roots) -> None:
    """A candidate that failed every day must not be missing from the report."""
    assert json.loads(roots.file("report.json"))["not_replayed"] == {"other": NOT_RUN}
    for name in ("report.html", "report.md"):
        assert "any day" in roots.file(name)
        assert "other" in roots.file(name)


def test_text_of_an_incident_cannot_become_markup(roots: Roots) -> None:
    """Alert names come from other systems."""
    assert "Web&lt;Down&gt;" in roots.file("report.html")
    assert "Web<Down>" not in roots.file("report.html")


def test_an_alert_name_with_a_line_break_stays_in_its_row(roots: Roots) -> None:
    """Every row of a Markdown table must have as many cells as its head."""
    roots.publish_day(DAYS[0], incident=f"inc-{DAYS[0]}", alert="Web\nDown | twice\r\n")
    rows = [line for line in roots.file("report.md").split("\n") if line.startswith("| 2026-")]
    assert len(rows) == 7
    assert f"| inc-{DAYS[0]} | Web Down \\| twice |" in rows[0]


@pytest.mark.parametrize(
    ("text", "cell"),
    [
        ("a | b", "a \\| b"),
        ("a \\| b", "a \\\\\\| b"),
        ("Disk\r\nfull\u2028now\x1b[2J", "Disk full now \\[2J"),
        ("<img src=x> &lt;", "&lt;img src=x&gt; &amp;lt;"),
        ("![seen](http://e.example)", "!\\[seen\\](http://e.example)"),
        ("`rm` *now* _now_ ~~no~~", "\\`rm\\` \\*now\\* \\_now\\_ \\~\\~no\\~\\~"),
        ("disk_full_soon inc-1", "disk_full_soon inc-1"),
        ("safe\u202egpj.exe\u200b", "safegpj.exe"),
    ],
)
def test_a_cell_is_plain_text_on_one_line(text: str, cell: str) -> None:
    """Names of alerts must not end a cell, become a link or an image, or turn the text around."""
    assert markdown_cell(text) == cell


def test_labels_that_no_answer_can_meet_are_listed(roots: Roots) -> None:
    """With the incidents of the report that they belong to, so that someone can correct them."""
    truth = label(incident_id=f"inc-{DAYS[0]}", root_cause_category="Disk <full>")
    other = label(incident_id="inc-not-in-a-pack", root_cause_category="gremlins")
    roots.labels.publish(
        assets.INCIDENT_LABELS.at(DAYS[0]), labels_publication([truth, other], [], facts={})
    )
    days = roots.scored(DAYS[:1])
    unmet = days.unmet_labels(VOCABULARY)
    says = "root_cause_category 'Disk <full>' is not in the vocabulary (nearest: disk_exhaustion)"
    assert unmet == {says: [f"inc-{DAYS[0]}"]}
    report = build_report(
        WEEK,
        days.incumbent(),
        [days.candidate(MODEL)],
        days.titles,
        Surroundings(unmet_labels=unmet),
    )
    markdown = render("report.md.j2", report)
    assert f"{markdown_cell(says)}: inc-{DAYS[0]}\n" in markdown
    assert "&#39;Disk &lt;full&gt;&#39; is not in the vocabulary" in render(
        "report.html.j2", report
    )


def test_the_same_scores_give_the_same_bytes(roots: Roots) -> None:
    """A report can be made again and compared."""
    for name in ("report.html", "report.md", "report.json"):
        assert roots.file(name) == roots.file(name)


def test_a_week_without_any_day_has_a_report_too(tmp_path: Path) -> None:
    """The report says that there is nothing to report; it is not an error."""
    roots = empty(tmp_path)
    report = json.loads(roots.file("report.json"))
    assert [one["candidate_id"] for one in report["candidates"]] == ["incumbent"]
    assert "No candidate has a replayed day" in roots.file("report.md")
