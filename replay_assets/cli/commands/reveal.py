"""`reveal`: what stands behind an incident's placeholders."""

import click


@click.command()
@click.option("--incident", "incident_id", required=True, metavar="ID", help="An incident's id.")
@click.option("--date", "day", metavar="DATE", help="Day of its evidence; default: the newest.")
def reveal(incident_id: str, day: str | None) -> None:
    """Print what stands behind an incident's placeholders.

    Reads the raw evidence under REPLAY_EVIDENCE and makes the map again, which is stored nowhere.
    What it prints is raw: secrets and personal data.
    """
    from replay_assets.cli.days import iso_day
    from replay_assets.cli.reveal import reveal_map, shown
    from replay_assets.settings import Settings

    day = None if day is None else iso_day(day, "--date")
    found_on, findings, doubts = reveal_map(Settings.from_environment(), incident_id, day)
    click.echo(f"{incident_id}, evidence of {found_on}: {len(findings)} values", err=True)
    for doubt in doubts:
        click.echo(f"careful: {doubt}", err=True)
    for one in findings:
        click.echo(f"{one.placeholder} → {shown(one.canonical)}")
