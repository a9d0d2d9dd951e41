"""Replays one pack from the command line, with its output during the run and afterwards."""

from pathlib import Path

from replay_assets.candidates import Candidate
from replay_assets.cli.asking import local_stores, own_catalogue, own_rules, sending_gate
from replay_assets.cli.display import console, replay_progress, show_skipped
from replay_assets.contracts.run_report import RunReport
from replay_assets.contracts.vocabulary import load_vocabulary
from replay_assets.replay.runner import API_KEY_MISSING, run_pack
from replay_assets.settings import named_file, read_secret, timezone_name


def replay_pack(
    pack: Path, candidate_id: str, out: Path, *, concurrency: int | None, refresh: bool
) -> bool:
    """Replay a pack into a folder and print the outcome; return whether all requests succeeded."""
    catalogue = own_catalogue()
    candidate = catalogue.replayed.get(candidate_id)
    vocabulary = load_vocabulary(named_file("REPLAY_VOCABULARY"))
    gate = sending_gate(catalogue, own_rules())
    # Absolute, so that it has a name and a parent even if `out` is `.`.
    folder = out.absolute()
    show_skipped(candidate)
    with replay_progress(candidate.id) as progress:
        run = run_pack(
            pack,
            candidate if concurrency is None else candidate.at_concurrency(concurrency),
            api_key=read_secret(candidate.api_key_env),
            keys=read_secret,
            vocabulary=vocabulary,
            folder=folder,
            # The work has the folder's name, so its calls are kept in the folder too.
            stores=local_stores(folder.parent, folder),
            timezone=timezone_name(),
            gate=gate,
            refresh=refresh,
            progress=progress,
            warn=show_blocked,
        )
    show_outcome(run.report, candidate, out, was_refused=run.was_refused)
    return run.report.valid


def show_outcome(report: RunReport, candidate: Candidate, out: Path, *, was_refused: bool) -> None:
    """Print how many requests have a result, and what failed."""
    if was_refused:
        console.print("nothing was sent; results of an earlier run are unchanged", style="red")
    else:
        console.print(f"{report.results} of {report.requests} requests have a result, in {out}")
    if API_KEY_MISSING in report.failures:
        names = dict.fromkeys(one.api_key_env for one in candidate.members if one.api_key_env)
        console.print(f"set {' or '.join(names)} to the API key of candidate {candidate.id}")
    for failure in report.failures:
        console.print(f"  {failure}", style="red")


def show_blocked(blocked: str) -> None:
    """Print what the gate blocks of a request."""
    console.print(f"  will not be sent: {blocked}", style="yellow", markup=False)
