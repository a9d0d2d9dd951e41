"""`agent-replay`: a candidate investigates the incidents of one pack, without Dagster."""

import sys
from pathlib import Path

import click

from replay_assets.cli.commands.options import concurrency_option, refresh_option


@click.command("agent-replay")
@click.option(
    "--pack",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="The folder of a pack, with request_pack.jsonl and recorded_tool_output.jsonl.",
)
@click.option("--candidate", "candidate_id", metavar="ID", help="A candidate of the catalogue.")
@click.option(
    "--out",
    required=True,
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder for events, steps, results and report, and for the journal until then.",
)
@concurrency_option
@refresh_option
@click.option(
    "--deltas", is_flag=True, help="Write the pieces of answers to events.jsonl (step_progress)."
)
@click.option("--incident", "incident_id", metavar="ID", help="The incident that --show prints.")
@click.option(
    "--show", is_flag=True, help="Print one investigation of a finished --out; ask nothing."
)
def agent_replay(
    pack: Path | None,
    candidate_id: str | None,
    out: Path,
    concurrency: int | None,
    refresh: bool,
    deltas: bool,
    incident_id: str | None,
    show: bool,
) -> None:
    """Let a candidate investigate the incidents of one pack with tools.

    Nothing is executed: tools answer what was recorded, and what would change something is only
    acknowledged as a dry run. Status 0 only if each incident has an answer that follows the
    contract.

    An interrupted run continues at the step where it stopped, and no answer is paid for twice.
    """
    from replay_assets.cli.agent_replay import investigate_pack, show_investigation

    if show or incident_id is not None:
        if not show or incident_id is None:
            raise click.UsageError("--incident and --show belong together: --incident ID --show")
        show_investigation(out, incident_id)
        return
    if pack is None or candidate_id is None:
        raise click.UsageError("name a pack's folder with --pack and a candidate with --candidate")
    if not investigate_pack(
        pack, candidate_id, out, concurrency=concurrency, refresh=refresh, deltas=deltas
    ):
        sys.exit(1)
