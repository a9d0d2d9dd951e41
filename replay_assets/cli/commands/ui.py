"""`ui`: Dagster's web UI for this project."""

import os
import sys

import click


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", default=3000, show_default=True)
def ui(host: str, port: int) -> None:
    """Start the Dagster UI for this project, with a separate instance folder.

    The history of every run is kept in data/dagster_home, including runs started from the command
    line.
    """
    from replay_assets.instance_folder import prepare_instance, prepare_workspace
    from replay_assets.settings import Settings, environment_with

    settings = Settings.from_environment()
    if note := prepare_instance(settings):
        click.echo(note)
    click.echo(f"the Dagster UI starts at http://{host}:{port}; Ctrl-C ends it")
    workspace = prepare_workspace(settings)
    command = [sys.executable, "-m", "dagster", "dev", "-w", workspace]
    environment = environment_with(REPLAY_HOME=str(settings.data.parent))
    # Replaces this process, so that ending it ends Dagster. There is no shell that would interpret
    # the arguments.
    os.execve(  # noqa: S606
        sys.executable, [*command, "-h", host, "-p", str(port)], environment
    )
