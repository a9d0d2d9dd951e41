"""Terminal output: progress during the work, and a week's figures at the end."""

import logging
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager

from rich import box
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from replay_assets.candidates import Candidate
from replay_assets.contracts.evaluation_report import EvaluationReport, ReportedCandidate
from replay_assets.contracts.score import INCUMBENT
from replay_assets.finetune.writing.export import is_data
from replay_assets.inference import BatchProgress
from replay_assets.lake import Store, assets
from replay_assets.replay.agent.progress import AgentProgress
from replay_assets.settings import Settings, read_secret
from replay_assets.source import Orphans

console = Console()


@contextmanager
def progress_bar() -> Iterator[Progress]:
    """Show a progress bar on a terminal; nothing if output is redirected."""
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=console, disable=not console.is_terminal) as progress:
        yield progress


def show_ended(what: str, failed: Collection[str]) -> None:
    """Print that a day or week has ended; on a terminal, the progress bar shows that."""
    if not console.is_terminal:
        outcome = f"failed ({', '.join(failed)})" if failed else "done"
        console.print(f"{what}: {outcome}", markup=False, soft_wrap=True)


@contextmanager
def replay_progress(candidate_id: str) -> Iterator[Callable[[BatchProgress], None]]:
    """Show a progress bar for a replay; yield the callback that updates it."""
    with _bar_with_figures(candidate_id) as update:
        yield lambda moment: update(moment, moment.line())


@contextmanager
def agent_progress(candidate_id: str) -> Iterator[Callable[[AgentProgress], None]]:
    """Show a progress bar for investigations; yield the callback that updates it."""
    with _bar_with_figures(candidate_id) as update:
        yield lambda moment: update(moment.batch, moment.line())


@contextmanager
def _bar_with_figures(title: str) -> Iterator[Callable[[BatchProgress, str], None]]:
    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.fields[figures]}"))
    with Progress(*columns, console=console) as progress:
        task = progress.add_task(title, total=None, figures="")
        yield lambda moment, figures: progress.update(
            task, completed=moment.done, total=moment.total, figures=figures
        )


class _Printed(logging.Handler):
    """Prints log entries as lines of the command's output."""

    def emit(self, record: logging.LogRecord) -> None:
        """Print an entry whole, so that an id in it can be searched for."""
        console.print(record.getMessage(), style="yellow", markup=False, soft_wrap=True)


@contextmanager
def printed(logger: logging.Logger) -> Iterator[None]:
    """Print what a logger reports within a `with` block."""
    handler = _Printed()
    logger.addHandler(handler)
    try:
        yield
    finally:
        logger.removeHandler(handler)


def show_week(settings: Settings, week: str) -> None:
    """Print a week's verdicts and the paths of its report and training files."""
    lake = Store(settings.lake)
    report = lake.find(assets.EVALUATION_REPORT.at(week))
    export = lake.find(assets.SFT_EXPORT.at(week))
    if report is None or export is None:
        console.print(f"the week of {week} has no report", style="red")
        return
    table = Table(title=f"Week of {week}", box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0))
    table.add_column("candidate", no_wrap=True)
    for column in ("incidents", "verdict", "root cause right", "harm", "latency", "cost"):
        table.add_column(column)
    for one in EvaluationReport.read(report.document(assets.REPORT_FILE)).candidates:
        table.add_row(*_figures(one))
    console.print(table)
    console.print(
        f"report           {report.path_of(assets.REPORT_HTML_FILE)}", markup=False, soft_wrap=True
    )
    files = [export.path_of(name) for name in export.names(".jsonl") if is_data(name)]
    # The first of several: the others are next to it, with a README that explains them.
    path = files[0] if files else "none: no incident of the week qualifies"
    console.print(f"training file    {path}", markup=False, soft_wrap=True)


def _figures(one: ReportedCandidate) -> list[str]:
    def share(metric: str) -> str:
        rate = one.metrics[metric]
        return f"{rate.numerator} of {rate.denominator}" if rate.denominator else "n/a"

    name, latency, cost = one.candidate_id, one.p50_latency_ms, one.cost_usd
    unknown = "unknown" if one.costs_known else "unpriced"
    return [
        f"{name}\n[dim]baseline[/dim]" if one.baseline else name,
        str(one.incidents),
        one.verdict.decision if one.verdict else "—",
        share("root_cause"),
        share("harm"),
        "—" if latency is None else f"{latency:,.0f} ms",
        "—" if name == INCUMBENT else unknown if cost is None else f"${cost:.4f}",
    ]


def show_orphans(orphans: Orphans) -> None:
    """Print how many rows of the source are in no partition, if there are any."""
    for name, count in orphans.counts().items():
        if count:
            text = f"rows that no day reads: {count} ({name.replace('_', ' ')})"
            console.print(text, style="yellow")


def show_skipped(candidate: Candidate) -> None:
    """Print which members of a route are not asked, and why."""
    for one in candidate.members if candidate.route is not None else ():
        if not one.has_key(read_secret):
            says = f"  {one.id} is skipped: {one.api_key_env} is not set"
            console.print(says, style="yellow", markup=False)
