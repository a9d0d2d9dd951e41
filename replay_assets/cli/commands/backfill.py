"""`backfill`: a range of days, and the weeks they touch."""

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
    help="Replay this candidate only, on the packs that exist; may be given more than once. "
    "Default: every scheduled candidate whose key is set.",
)
def backfill(first: str, last: str, candidate_ids: tuple[str, ...]) -> None:
    """Materialise a range of days, then the weeks they touch.

    Each partition is an ordinary Dagster run, seen in the UI afterwards; no daemon is needed. Ends
    with what failed and why, and with status 1 if anything did.
    """
    from replay_assets.cli.walk import walk_range

    if walk_range(first, last, candidate_ids):
        sys.exit(1)
