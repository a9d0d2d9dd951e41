"""`reveal`: the values of an incident's placeholders."""

import click


@click.command()
@click.option("--incident", "incident_id", required=True, metavar="ID", help="An incident's id.")
@click.option("--date", "day", metavar="DATE", help="Day of its evidence; default: the newest.")
def reveal(incident_id: str, day: str | None) -> None:
    """Print the values of an incident's placeholders.

    Reads the raw evidence under REPLAY_EVIDENCE and builds the map again, which is never stored.
    The output is raw: it contains secrets and personal data.
    """
    from replay_assets.cli.days import iso_day
    from replay_assets.cli.reveal import reveal_map, shown
    from replay_assets.settings import Settings

    day = None if day is None else iso_day(day, "--date")
    found_on, findings, doubts = reveal_map(Settings.from_environment(), incident_id, day)
    click.echo(f"{incident_id}, evidence of {found_on}: {len(findings)} values", err=True)
    for doubt in doubts:
        click.echo(f"warning: {doubt}", err=True)
    for one in findings:
        click.echo(f"{one.placeholder} → {shown(one.canonical)}")
