"""`tool-calling`: the tool-calling benchmark, without Dagster."""

import sys
from pathlib import Path

import click

from replay_assets.cli.commands.options import refresh_option


@click.command("tool-calling")
@click.option(
    "--candidate",
    "candidate_ids",
    required=True,
    multiple=True,
    metavar="ID",
    help="A candidate of the catalogue; may be given several times.",
)
@click.option(
    "--cases",
    "case_files",
    multiple=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A JSONL file of cases, instead of the shipped ones; may be given several times.",
)
@click.option(
    "--out",
    required=True,
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder for results and reports, and for the journals.",
)
@refresh_option
def tool_calling(
    candidate_ids: tuple[str, ...], case_files: tuple[Path, ...], out: Path, refresh: bool
) -> None:
    """Ask candidates to call tools, and grade names and parameters of their calls.

    Without --cases, the shipped cases and those of $REPLAY_TOOL_CASES are asked. Nothing that is
    called is executed. Status 0 unless a call failed or the input is wrong.

    An interrupted run continues where it stopped: answers are kept in --out, and no answer is paid
    for twice.
    """
    from replay_assets.cli.tool_calling import run_benchmark

    if not run_benchmark(candidate_ids, case_files, out, refresh=refresh):
        sys.exit(1)
