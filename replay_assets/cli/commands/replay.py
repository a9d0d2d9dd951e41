"""`replay`: one pack through one candidate, without Dagster."""

import sys
from pathlib import Path

import click

from replay_assets.cli.commands.options import concurrency_option, refresh_option


@click.command()
@click.option(
    "--pack",
    required=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A request pack, JSONL.",
)
@click.option(
    "--candidate", "candidate_id", required=True, metavar="ID", help="A candidate of the catalogue."
)
@click.option(
    "--out",
    required=True,
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder for replay_results.jsonl and run_report.json, and for the journal until then.",
)
@concurrency_option
@refresh_option
def replay(
    pack: Path, candidate_id: str, out: Path, concurrency: int | None, refresh: bool
) -> None:
    """Replay one approved pack through one candidate, without Dagster.

    Every line is checked first; after a single finding, or without a key, nothing is sent and the
    results of an earlier run stay as they are. Requests that the sending gate blocks are listed,
    then the others are sent. Nothing that an answer proposes is executed. Status 0 only if each
    request has an answer that follows the contract.

    An interrupted replay continues where it stopped, and a finished one only repeats requests
    without an answer: answers are kept in --out, and no answer is paid for twice.
    """
    from replay_assets.cli.replay import replay_pack

    if not replay_pack(pack, candidate_id, out, concurrency=concurrency, refresh=refresh):
        sys.exit(1)
