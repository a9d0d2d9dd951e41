"""`demo`: the sample incidents, from the source to the verdicts."""

import sys

import click


@click.command()
def demo() -> None:
    """Run a full week of the sample incidents with the embedded baselines.

    Needs no key, no server and no network. Builds data/incidents.sqlite from data/samples, replays
    a week of them as ordinary Dagster runs, and prints the verdicts and the paths of the report and
    the training file.
    """
    from replay_assets.cli.walk import walk_samples

    if walk_samples():
        sys.exit(1)
