"""`ui`: Dagster's web UI for this project."""

import sys

import click


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", type=click.IntRange(1, 65_535), default=3000, show_default=True)
def ui(host: str, port: int) -> None:
    """Start the Dagster UI for this project, with a separate instance folder.

    The history of every run is kept in data/dagster_home, including runs started from the command
    line.
    """
    from replay_assets.cli.listening import require_free_port
    from replay_assets.cli.loading import load_samples_if_empty
    from replay_assets.cli.ui import serve
    from replay_assets.instance_folder import prepare_instance
    from replay_assets.settings import Settings

    require_free_port(host, port)
    settings = Settings.from_environment()
    if note := prepare_instance(settings):
        click.echo(note)
    # As before a backfill: one that is started in the UI would find no incident database.
    if settings.samples.is_dir():
        load_samples_if_empty(settings)
    click.echo(f"the Dagster UI starts at http://{host}:{port}; Ctrl-C ends it and its runs")
    sys.exit(serve(settings, host, port))
