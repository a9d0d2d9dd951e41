"""The command line: the same words as the assets, exit status 0 only for success."""

import os
import sys
from pathlib import Path
from typing import Any

import click

from replay_assets.candidates.catalogue import Catalogue
from replay_assets.cli.display import console, replay_progress, show_week
from replay_assets.cli.doctor import doctor
from replay_assets.cli.extract import extract
from replay_assets.cli.loading import load_source
from replay_assets.cli.reveal import reveal_map, shown
from replay_assets.cli.serving import serve_stand_in
from replay_assets.cli.walk import candidates_to_replay, days_to_run, iso_day, walk
from replay_assets.contracts.calendar import days_of_week
from replay_assets.contracts.vocabulary import load_vocabulary
from replay_assets.errors import ConfigurationError, ReplayAssetsError
from replay_assets.inference.chat.gate import SendingGate
from replay_assets.replay.preflight import refusals_in
from replay_assets.replay.runner import API_KEY_MISSING, run_pack
from replay_assets.sanitizing.gates.outbound_policy import load_canaries, rules_of
from replay_assets.settings import (
    Settings,
    environment_with,
    named_file,
    read_secret,
    read_secrets,
    state_folder,
    timezone_name,
)

DEMO_WEEK = "2026-09-28"
"""A whole week of the samples, with an incident on every day."""


class _Program(click.Group):
    """A group whose known errors end in one message and status 1, without a traceback."""

    def invoke(self, context: click.Context) -> Any:  # noqa: ANN401 - click's own signature
        try:
            return super().invoke(context)
        except ReplayAssetsError as error:
            raise click.ClickException(str(error)) from error


@click.group(cls=_Program, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="replay-assets")
def main() -> None:
    """Replay a team's past incidents through candidate models, grade them, export training files.

    Everything is read from and written below ./data, or where REPLAY_HOME and the other REPLAY_
    variables say; the README lists them.
    """


@main.command()
def demo() -> None:
    """Walk a full week of the sample incidents with the embedded baselines.

    Needs no key, no server and no network. Builds data/incidents.sqlite from data/samples, replays
    a week of them as ordinary Dagster runs, and ends with the verdicts and where the report
    and the training file lie.
    """
    settings = Settings.from_environment()
    if not settings.source_is_default:
        raise ConfigurationError(
            "demo works on the samples, but REPLAY_SOURCE_URL names a database of yours. Unset it, "
            "or use `replay-assets backfill` for your own incidents."
        )
    catalogue = Catalogue.load(settings.candidates)
    baselines = [candidate for candidate in catalogue if candidate.embedded]
    if not baselines:
        raise ConfigurationError("the catalogue has no embedded candidate for the demo to replay")
    load_source(settings, settings.samples)
    failed = walk(settings, days_of_week(DEMO_WEEK), baselines, reuse=False)
    show_week(settings, DEMO_WEEK)
    console.print(
        "These are baselines, not language models: a constant answer and written rules. See all of "
        "it in the UI with [bold]replay-assets ui[/bold]."
    )
    if failed:
        sys.exit(1)


@main.command()
@click.argument("path", type=click.Path(exists=True, path_type=Path))
@click.option("--table", metavar="NAME", help="The table that a file is for, if its name differs.")
@click.option("--keep-going", is_flag=True, help="Load the good lines although there are bad ones.")
def load(path: Path, table: str | None, keep_going: bool) -> None:
    """Load a file, or a folder of one a table, into the source database.

    JSONL, or CSV and TSV with a header (JSON columns as JSON text, an empty field is null), each
    also with .gz. A folder needs incident_evidence; agent_sessions, auto_repair_executions, labels
    and session_messages may lie beside it. Missing tables are created. Rows are upserted by key in
    one transaction: a line that can't be used is named and nothing is loaded, unless --keep-going;
    even then the exit status is 1.
    """
    settings = Settings.from_environment()
    if not load_source(settings, path, table=table, keep_going=keep_going):
        sys.exit(1)


main.add_command(doctor)
main.add_command(extract)
main.add_command(serve_stand_in)


@main.command()
@click.option("--from", "first", required=True, metavar="DATE", help="First day, YYYY-MM-DD.")
@click.option("--to", "last", required=True, metavar="DATE", help="Last day, included.")
@click.option(
    "--candidate",
    "candidate_ids",
    multiple=True,
    metavar="ID",
    help="Replay this candidate only, on the packs that exist; may be given more than once. "
    "Default: every scheduled candidate whose key is set.",
)
def backfill(first: str, last: str, candidate_ids: tuple[str, ...]) -> None:
    """Materialise a range of days, then the weeks they touch.

    Each partition is an ordinary Dagster run, seen in the UI afterwards; no daemon is needed. Ends
    with what failed and why, and with status 1 if anything did.
    """
    settings = Settings.from_environment()
    days = days_to_run(settings, first, last)
    candidates = candidates_to_replay(Catalogue.load(settings.candidates), candidate_ids)
    if settings.source_is_default and not (settings.data / "incidents.sqlite").exists():
        load_source(settings, settings.samples)
    if walk(settings, days, candidates, reuse=bool(candidate_ids)):
        sys.exit(1)


@main.command()
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
    help="Folder for replay_results.jsonl and run_report.json; holds the journal until then.",
)
@click.option(
    "--concurrency",
    type=click.IntRange(min=1),
    metavar="N",
    help="Requests in flight at once, instead of the catalogue's figure.",
)
@click.option("--refresh", is_flag=True, help="Ask again, also what was answered before.")
def replay(
    pack: Path, candidate_id: str, out: Path, concurrency: int | None, refresh: bool
) -> None:
    """Replay one approved pack through one candidate, without Dagster.

    Every line is checked first; a single finding means that nothing is sent. Requests that the gate
    on bytes refuses are listed, then the others are sent. Nothing that an answer proposes is
    executed. Status 0 only if each request has an answer that keeps the contract.

    A replay that was interrupted goes on where it stopped, and one that is over asks again only
    what has no answer: answers lie in --out, and none is paid for twice.
    """
    catalogue = Catalogue.load(named_file("REPLAY_CANDIDATES"))
    candidate = catalogue.get(candidate_id)
    vocabulary = load_vocabulary(named_file("REPLAY_VOCABULARY"))
    gate = SendingGate(
        secrets=read_secrets(catalogue.key_variables),
        canaries=load_canaries(named_file("REPLAY_CANARIES")),
        rules=rules_of(named_file("REPLAY_RULES")),
    )
    for refusal in refusals_in(pack, candidate, vocabulary=vocabulary, gate=gate):
        console.print(f"  will not be sent: {refusal}", style="yellow", markup=False)
    with replay_progress(candidate.id) as progress:
        run = run_pack(
            pack,
            candidate if concurrency is None else candidate.at_concurrency(concurrency),
            api_key=read_secret(candidate.api_key_env),
            vocabulary=vocabulary,
            folder=out.absolute(),
            shared=state_folder(),
            timezone=timezone_name(),
            gate=gate,
            refresh=refresh,
            progress=progress,
        )
    report = run.report
    console.print(f"{report.results} of {report.requests} requests have a result, in {out}")
    if API_KEY_MISSING in report.failures:
        console.print(f"set {candidate.api_key_env}: candidate {candidate.id} needs its key there")
    for failure in report.failures:
        console.print(f"  {failure}", style="red")
    if not report.valid:
        sys.exit(1)


@main.command()
@click.option("--incident", "incident_id", required=True, metavar="ID", help="An incident's id.")
@click.option("--date", "day", metavar="DATE", help="Day of its evidence; default: the newest.")
def reveal(incident_id: str, day: str | None) -> None:
    """Print what stands behind an incident's placeholders.

    Reads the raw evidence under REPLAY_EVIDENCE and makes the map again, which is stored nowhere.
    What it prints is raw: secrets and personal data.
    """
    day = None if day is None else iso_day(day, "--date")
    found_on, findings, doubts = reveal_map(Settings.from_environment(), incident_id, day)
    click.echo(f"{incident_id}, evidence of {found_on}: {len(findings)} values", err=True)
    for doubt in doubts:
        click.echo(f"careful: {doubt}", err=True)
    for one in findings:
        click.echo(f"{one.placeholder} → {shown(one.canonical)}")


@main.command()
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", default=3000, show_default=True)
def ui(host: str, port: int) -> None:
    """Open the Dagster UI on this project, with its own instance folder.

    The history of every run is kept in data/dagster_home, also of those that the command line
    started.
    """
    from replay_assets.launching import prepare_instance, prepare_workspace

    settings = Settings.from_environment()
    prepare_instance(settings)
    console.print(f"the Dagster UI starts at http://{host}:{port}; Ctrl-C ends it")
    command = [
        sys.executable,
        "-m",
        "dagster",
        "dev",
        "-w",
        prepare_workspace(settings),
        "-h",
        host,
        "-p",
        str(port),
    ]
    environment = environment_with(
        DAGSTER_HOME=str(settings.dagster_home), REPLAY_HOME=str(settings.data.parent)
    )
    # Takes this process's place, so that whoever ends it ends Dagster. No shell: nothing in the
    # list is interpreted.
    os.execve(sys.executable, command, environment)  # noqa: S606
