"""Runs investigations from the command line, and prints one of a finished run."""

from pathlib import Path

from replay_assets.cli.asking import local_stores, own_catalogue, own_rules, sending_gate
from replay_assets.cli.display import agent_progress, console
from replay_assets.cli.replay import show_blocked, show_outcome
from replay_assets.contracts.agent_event import AgentEvent
from replay_assets.contracts.vocabulary import load_vocabulary
from replay_assets.errors import ConfigurationError
from replay_assets.lake import assets
from replay_assets.lake.formats import decode_lines
from replay_assets.replay.agent.log import turns_of
from replay_assets.replay.agent.runner import AgentPack, run_agent
from replay_assets.replay.agent.shields.guards import guards_of
from replay_assets.replay.agent.transcript import transcript
from replay_assets.settings import named_file, read_secret, timezone_name


def investigate_pack(
    pack: Path,
    candidate_id: str,
    out: Path,
    *,
    concurrency: int | None,
    refresh: bool,
    deltas: bool,
) -> bool:
    """Investigate a pack into a folder and print the outcome; return whether all succeeded."""
    catalogue = own_catalogue()
    candidate = catalogue.replayed.get(candidate_id)
    gate = sending_gate(catalogue, own_rules())
    if candidate.route is not None:
        raise ConfigurationError(
            f"{candidate_id} is a route: a turn can't change models. Name one of its members: "
            f"{', '.join(one.id for one in candidate.members)}"
        )
    source = _files_of(pack)
    folder = out.absolute()
    with agent_progress(candidate.id) as progress:
        run = run_agent(
            source,
            candidate if concurrency is None else candidate.at_concurrency(concurrency),
            api_key=read_secret(candidate.api_key_env),
            vocabulary=load_vocabulary(named_file("REPLAY_VOCABULARY")),
            folder=folder,
            guards=guards_of(candidate, gate, catalogue.shields, read_secret),
            has_deltas=deltas,
            # The work has the folder's name, so its calls are kept in the folder too.
            stores=local_stores(folder.parent, folder),
            timezone=timezone_name(),
            gate=gate,
            refresh=refresh,
            progress=progress,
            warn=show_blocked,
        )
    show_outcome(run.report, candidate, out, was_refused=run.was_refused)
    if not run.was_refused:
        report = run.report
        console.print(
            f"{report.steps or 0} steps, {report.tool_calls or 0} tool calls, "
            f"{report.tool_misses or 0} tool misses, {report.violations or 0} violations"
        )
    return run.report.valid


def show_investigation(out: Path, incident_id: str) -> None:
    """Print one investigation of a finished run.

    Raises:
        ConfigurationError: the folder has no events, or none of this incident.
    """
    path = out / assets.EVENTS_FILE
    if not path.exists():
        raise ConfigurationError(f"{path} does not exist; name the --out of a finished run")
    with path.open("rb") as stream:
        found = [
            AgentEvent.read(record)
            for record in decode_lines(stream, str(path))
            if record.get("incident_id") == incident_id
        ]
    if not found:
        raise ConfigurationError(f"{path} has no incident {incident_id!r}; name one of its pack")
    console.print(transcript(turns_of(found)), markup=False, soft_wrap=True, highlight=False)


def _files_of(pack: Path) -> AgentPack:
    """Return the files of a pack's folder.

    Raises:
        ConfigurationError: it has no requests.
    """
    requests, recordings = pack / assets.PACK_FILE, pack / assets.TOOL_OUTPUT_FILE
    if not requests.exists():
        raise ConfigurationError(
            f"{requests} does not exist; --pack is the folder of a pack, as in the lake: "
            "request_pack/date=2026-09-21"
        )
    if recordings.exists():
        return AgentPack(requests, recordings)
    console.print(
        f"{recordings} does not exist: tools answer from the evidence only", style="yellow"
    )
    return AgentPack(requests, b"")
