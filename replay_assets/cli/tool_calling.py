"""Runs the tool-calling benchmark from the command line, and prints its figures."""

from collections.abc import Sequence
from pathlib import Path

from rich import box
from rich.table import Table

from replay_assets.candidates import Candidate, Catalogue
from replay_assets.cli.asking import local_stores, own_catalogue, own_rules, sending_gate
from replay_assets.cli.display import console, replay_progress, show_skipped
from replay_assets.contracts.tool_calling_report import ToolCallingReport
from replay_assets.contracts.tool_case import ToolCallingResult, ToolCase
from replay_assets.errors import BatchInterruptedError, BatchStoppedError, ConfigurationError
from replay_assets.lake import assets
from replay_assets.lake.files import publish_parts
from replay_assets.lake.formats import encode_json, record_line
from replay_assets.sanitizing import token_rules
from replay_assets.settings import read_secret, timezone_name, tool_case_files
from replay_assets.tool_calling.cases import read_cases, shipped_cases
from replay_assets.tool_calling.render import HTML, MARKDOWN, render
from replay_assets.tool_calling.report import build_report
from replay_assets.tool_calling.results import not_sent
from replay_assets.tool_calling.runner import run_cases

REPORT_NAME = assets.TOOL_CALLING_REPORT.name
Asked = list[tuple[Candidate, list[ToolCallingResult]]]


def run_benchmark(
    candidate_ids: Sequence[str], case_files: Sequence[Path], out: Path, *, refresh: bool
) -> bool:
    """Ask candidates all cases, write results and reports; return whether no call failed."""
    catalogue = own_catalogue()
    candidates = [catalogue.replayed.get(one) for one in dict.fromkeys(candidate_ids)]
    cases = read_cases(case_files or [shipped_cases(), *tool_case_files()])
    if not cases:
        raise ConfigurationError("the case files have no case; name a file with --cases")
    for candidate in candidates:
        show_skipped(candidate)
        if not any(one.has_key(read_secret) for one in candidate.members):
            names = dict.fromkeys(str(one.api_key_env) for one in candidate.members)
            raise ConfigurationError(
                f"{' or '.join(names)} is not set: it must hold the API key of candidate "
                f"{candidate.id}. Nothing was sent."
            )
    asked = _ask(candidates, cases, catalogue, out.absolute(), refresh=refresh)
    _write(out, build_report(cases, asked, catalogue.routes), asked)
    return all(one.right is not None for _, results in asked for one in results)


def _ask(
    candidates: Sequence[Candidate],
    cases: Sequence[ToolCase],
    catalogue: Catalogue,
    folder: Path,
    *,
    refresh: bool,
) -> Asked:
    """Return the results of each candidate; no case was sent of one whose run ended early."""
    gate = sending_gate(catalogue, token_rules(own_rules()))
    asked: Asked = []
    for candidate in candidates:
        try:
            with replay_progress(candidate.id) as progress:
                results = run_cases(
                    cases,
                    candidate,
                    api_key=read_secret(candidate.api_key_env),
                    keys=read_secret,
                    # One folder per candidate, with its journal.
                    stores=local_stores(folder, folder),
                    work=candidate.id,
                    gate=gate,
                    timezone=timezone_name(),
                    refresh=refresh,
                    progress=progress,
                )
        except BatchInterruptedError:
            raise
        except BatchStoppedError as error:  # the others may still be asked
            console.print(f"{candidate.id}: {error}", style="red", markup=False)
            # Answers so far are kept; the next run has them.
            results = [not_sent(case, candidate, str(error)) for case in cases]
        asked.append((candidate, results))
    return asked


def _write(out: Path, report: ToolCallingReport, asked: Asked) -> None:
    lines = (record_line(one) for _, results in asked for one in results)
    publish_parts(out / assets.TOOL_RESULTS_FILE, lines)
    publish_parts(out / f"{REPORT_NAME}.json", [encode_json(report.as_json())])
    publish_parts(out / f"{REPORT_NAME}.html", [render(HTML, report).encode()])
    publish_parts(out / f"{REPORT_NAME}.md", [render(MARKDOWN, report).encode()])
    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0))
    table.add_column("candidate", no_wrap=True)
    for column in ("right", "95 % interval", "names only", "not graded"):
        table.add_column(column)
    for one in report.candidates:
        table.add_row(
            f"{one.candidate_id}\n[dim]baseline[/dim]" if one.baseline else one.candidate_id,
            f"{one.right} of {one.graded}",
            "—" if one.low is None or one.high is None else f"{one.low:.1%} to {one.high:.1%}",
            "—" if one.name_accuracy is None else f"{one.name_accuracy:.1%}",
            str(one.cases - one.graded),
        )
    console.print(table)
    console.print(f"report  {out / REPORT_NAME}.html", markup=False, soft_wrap=True)
