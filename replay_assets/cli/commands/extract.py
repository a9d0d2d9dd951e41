"""`extract`: one day of the evidence stage, without Dagster, for inspecting a source."""

from pathlib import Path

import click


@click.command()
@click.option("--date", "day", required=True, metavar="DATE", help="The day, YYYY-MM-DD.")
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder for the files; default: the root of raw evidence (REPLAY_EVIDENCE).",
)
def extract(day: str, out: Path | None) -> None:
    """Read one day of the source into the files that the pipeline would write.

    Evidence with each incident's newest decision and repair, recorded messages, all repairs, and
    the quarantine of invalid rows, each with its reasons. The files are raw: protect them like the
    database.
    """
    from replay_assets.cli.extract import extract_to

    extract_to(out, day)
