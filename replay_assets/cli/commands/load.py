"""`load`: files into the source database."""

import sys
from pathlib import Path

import click


@click.command()
@click.argument("path", type=click.Path(exists=True, path_type=Path))
@click.option("--table", metavar="NAME", help="The table that a file is for, if its name differs.")
@click.option("--keep-going", is_flag=True, help="Load the valid lines even if some are invalid.")
def load(path: Path, table: str | None, keep_going: bool) -> None:
    """Load a file, or a folder with one file per table, into the source database.

    JSONL, or CSV and TSV with a header (JSON columns as JSON text, an empty field is null), each
    also with .gz. A folder needs incident_evidence; agent_sessions, auto_repair_executions, labels
    and session_messages are optional. Missing tables are created. Rows are upserted by key in one
    transaction. If a line is invalid, it is named and nothing is loaded, unless --keep-going is
    given; even then the exit status is 1. Two lines of a file with the same key are both invalid.
    """
    from replay_assets.cli.loading import load_source
    from replay_assets.settings import Settings

    if not load_source(Settings.from_environment(), path, table=table, keep_going=keep_going):
        sys.exit(1)
