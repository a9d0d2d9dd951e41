"""Judges a file of triples from the command line, and prints what was found."""

import sys
from pathlib import Path

from rich import box
from rich.table import Table

from replay_assets.candidates import Candidate, Catalogue
from replay_assets.cli.asking import local_stores, own_catalogue, own_rules, sending_gate
from replay_assets.cli.display import console, replay_progress
from replay_assets.contracts.feedback import RULES_JUDGE, FeedbackTriple
from replay_assets.contracts.gate_policy import load_policy
from replay_assets.contracts.judge_report import JudgeCard, JudgeReport
from replay_assets.errors import ConfigurationError
from replay_assets.feedback.cleaning import clean_triples
from replay_assets.feedback.judge import Judge, Judged
from replay_assets.feedback.labels import LabelSet, shipped_labels
from replay_assets.feedback.model_judge import ModelJudge, with_judging_model
from replay_assets.feedback.report import HumanLabels, judge_card, judge_report
from replay_assets.feedback.rules_judge import RulesJudge
from replay_assets.feedback.triples import content_of, read_triples
from replay_assets.lake import assets
from replay_assets.lake.files import publish_parts
from replay_assets.lake.formats import encode_json, json_line
from replay_assets.sanitizing import RuleSet
from replay_assets.settings import HUMAN_LABELS, named_file, read_secret, timezone_name


def judge_file(path: Path, judge_id: str, out: Path, *, refresh: bool) -> bool:
    """Judge the triples of a file into a folder; return whether each of them has a label."""
    triples = _triples(path)
    rules, labels = own_rules(), shipped_labels()
    judge = _judge(judge_id, labels, rules, out.absolute())
    human = HumanLabels(
        named_file(HUMAN_LABELS), load_policy(named_file("REPLAY_POLICY")).least_kappa
    )
    with replay_progress(judge_id) as progress:
        # First, so that a mistake in people's file is reported before anything else is paid for.
        card = judge_card(
            judge, labels, human, rules, work=f"{judge_id}-human-labels", progress=progress
        )
        (judged,) = judge.judge(
            clean_triples(triples, rules), work=judge_id, refresh=refresh, progress=progress
        )
    report = judge_report(card, judged, labels)
    _write(out, judged, report)
    _show(report, out)
    return report.outcomes["judged"] == report.triples


def _triples(path: Path) -> list[FeedbackTriple]:
    if str(path) == "-":
        return read_triples(sys.stdin.buffer.read(), "standard input", FeedbackTriple)
    return read_triples(content_of(path), str(path), FeedbackTriple)


def _judge(judge_id: str, labels: LabelSet, rules: RuleSet, folder: Path) -> Judge:
    if judge_id == RULES_JUDGE:
        return RulesJudge(labels)
    catalogue = own_catalogue()
    entry = _entry(judge_id, catalogue)
    if entry.embedded:
        return RulesJudge(labels)
    api_key = read_secret(entry.api_key_env)
    if entry.api_key_env is not None and api_key is None:
        raise ConfigurationError(
            f"{entry.api_key_env} is not set: it must hold the API key of judge {judge_id}. "
            "Nothing was sent."
        )
    return ModelJudge(
        with_judging_model(entry, catalogue, api_key),
        labels,
        api_key,
        local_stores(folder, folder),  # one folder per judge, with its journal
        sending_gate(catalogue, rules),
        timezone_name(),
    )


def _entry(judge_id: str, catalogue: Catalogue) -> Candidate:
    """Return the entry of a judge; a baseline may judge too, because no label trains it."""
    named = [one for one in catalogue if one.id == judge_id]
    if named and (named[0].role == "judge" or named[0].embedded):
        return named[0]
    known = "none" if catalogue.judge is None else catalogue.judge.id
    why = "may be a candidate that the labels help to train" if named else "is not in the catalogue"
    raise ConfigurationError(
        f"{judge_id} {why}; the entry with `role: judge` is {known}, and {RULES_JUDGE} is the name "
        "of the built-in rules"
    )


def _write(out: Path, judged: list[Judged], report: JudgeReport) -> None:
    lines = (json_line(one.judgement.model_dump(mode="json")).encode() + b"\n" for one in judged)
    publish_parts(out / assets.REWARDS_FILE, lines)
    publish_parts(out / assets.JUDGE_REPORT_FILE, [encode_json(report.as_json())])


def _show(report: JudgeReport, out: Path) -> None:
    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0))
    for column in ("label", "triples"):
        table.add_column(column)
    for label, count in report.labels.items():
        if count:
            table.add_row(label, str(count))
    console.print(table)
    console.print(f"judge   {report.judge.about}", markup=False, soft_wrap=True)
    console.print(f"        {_standing(report.judge)}", markup=False, soft_wrap=True)
    for reason, count in report.failures.items():
        console.print(f"no label, {count} times: {reason}", style="red", markup=False)
    console.print(
        f"{report.outcomes['judged']} of {report.triples} triples have a label, "
        f"{report.should_update} may update a model; in {out / assets.REWARDS_FILE}",
        markup=False,
        soft_wrap=True,
    )


def _standing(card: JudgeCard) -> str:
    if card.agreement is None:
        return f"unverified: set {HUMAN_LABELS} to a file of triples that people labelled"
    found = card.agreement
    if found.kappa is None:
        return f"below the bound: none of {found.triples} labels of people can be compared"
    words = "verified" if card.may_export else "below the bound: its labels are not exported"
    return (
        f"{words}; kappa {found.kappa:.2f} ({found.kappa_low:.2f} to {found.kappa_high:.2f}) with "
        f"people on {found.compared} triples; the bound of the lower end is {card.least_kappa}"
    )
