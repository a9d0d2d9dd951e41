"""`doctor`: everything that a first run needs, looked at before it."""

import sys

import click


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print the findings as JSON, for scripts.")
@click.option("--offline", is_flag=True, help="Leave the candidates' endpoints alone.")
def doctor(as_json: bool, offline: bool) -> None:
    """Look at the source database, the mapping, the candidates' endpoints and keys.

    Changes nothing, and shows ids, counts and lengths only: no text of an incident, no key. An
    endpoint is asked for its list of models, with the key. Each finding is ok, a warning or a
    failure, with its cure; missing indexes and rights come as statements to paste. Status 1 if
    anything fails.
    """
    from replay_assets.cli.doctor import examine, show

    findings = examine(offline=offline)
    show(findings, as_json=as_json)
    if any(one.status == "fail" for one in findings):
        sys.exit(1)
