"""The command line: the same terms as the assets, exit status 0 only for success.

`commands/` contains the arguments and the help of each command. The other modules here do the work;
they are imported when a command runs, so that `--help` is shown without delay.
"""

from pathlib import Path
from typing import Any

import click

from replay_assets.cli.commands import COMMANDS
from replay_assets.cli.commands.verdict import NoVerdictError
from replay_assets.cli.stopping import ended_by_signals
from replay_assets.errors import CONTINUES, INTERRUPTED, ReplayAssetsError
from replay_assets.volumes import disk_full

ASKING_COMMANDS = frozenset({"agent-replay", "backfill", "demo", "judge", "replay", "tool-calling"})
"""Commands that ask models, whose answers are kept."""


class _Program(click.Group):
    """A group that prints the project's own errors without traceback and exits with status 1.

    A signal ends every command, with the exit status that shells have for it.
    """

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Read the options before a command; a wrong one gives no verdict, so not status 2."""
        asks_verdict = "verdict" in args  # click takes words from the list
        try:
            return super().parse_args(ctx, args)
        except click.UsageError as error:
            if asks_verdict:
                raise NoVerdictError(error.format_message()) from error
            raise

    def invoke(self, context: click.Context) -> Any:  # noqa: ANN401 - click's own signature
        def words() -> str:
            asks = context.invoked_subcommand in ASKING_COMMANDS
            return f"{INTERRUPTED} {CONTINUES}" if asks else INTERRUPTED

        try:
            with ended_by_signals(words):
                return super().invoke(context)
        except ReplayAssetsError as error:
            raise click.ClickException(str(error)) from error
        except OSError as error:
            if error.filename is None or (full := disk_full(Path(error.filename), error)) is None:
                raise
            raise click.ClickException(str(full)) from error


@click.group(
    cls=_Program, commands=COMMANDS, context_settings={"help_option_names": ["-h", "--help"]}
)
@click.version_option(package_name="replay-assets")
def main() -> None:
    """Replay a team's past incidents through candidate models, grade them, export training files.

    Everything is read and written below ./data, or in the folders set with REPLAY_HOME and the
    other REPLAY_ variables; the README lists them.
    """
