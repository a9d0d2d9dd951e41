"""`doctor`: checks everything that a first run needs."""

import sys

import click


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print the findings as JSON, for scripts.")
@click.option("--offline", is_flag=True, help="Do not contact the candidates' endpoints.")
def doctor(as_json: bool, offline: bool) -> None:
    """Check the source database, the mapping, the candidates' endpoints and keys.

    Changes nothing, and shows only ids, counts and lengths: no text of an incident, no key. An
    endpoint is asked for its list of models, with the key. Each finding is ok, a warning or a
    failure, with a fix; for missing indexes and privileges there are SQL statements to paste.
    Status 1 if anything fails.
    """
    from replay_assets.cli.doctor import examine, show

    findings = examine(offline=offline)
    show(findings, as_json=as_json)
    if any(one.status == "fail" for one in findings):
        sys.exit(1)
