"""`backfill`: a range of days, and their weeks."""

import sys

import click


@click.command()
@click.option("--from", "first", required=True, metavar="DATE", help="First day, YYYY-MM-DD.")
@click.option("--to", "last", required=True, metavar="DATE", help="Last day, included.")
@click.option(
    "--candidate",
    "candidate_ids",
    multiple=True,
    metavar="ID",
    help="Replay only this candidate, on existing packs; may be given more than once. "
    "Default: every scheduled candidate whose key is set.",
)
@click.option(
    "--accept-new-timezone",
    is_flag=True,
    help="Continue although REPLAY_TIMEZONE is another zone than that of the existing days, which "
    "are then stale until they are made again.",
)
def backfill(
    first: str, last: str, candidate_ids: tuple[str, ...], accept_new_timezone: bool
) -> None:
    """Materialize a range of days, then their weeks.

    Each partition is an ordinary Dagster run that is visible in the UI afterwards; no daemon is
    needed. At the end failures are listed with their reasons; the exit status is then 1.
    """
    from replay_assets.cli.walk import walk_range

    if walk_range(first, last, candidate_ids, accept_new_timezone=accept_new_timezone):
        sys.exit(1)
