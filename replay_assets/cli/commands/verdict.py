"""`verdict`: a candidate's verdict as JSON, for scripts that deploy models."""

from typing import Any

import click

EXIT_STATUS = {"PROMOTE": 0, "HOLD": 1, "INCONCLUSIVE": 2}
NO_VERDICT = 3


class NoVerdictError(click.ClickException):
    """An error of this command."""

    exit_code = NO_VERDICT


class _Verdict(click.Command):
    """Exits with status 3 for every error: 1 and 2, click's own, mean HOLD and INCONCLUSIVE."""

    def make_context(self, *args: Any, **options: Any) -> click.Context:  # noqa: ANN401
        try:
            return super().make_context(*args, **options)
        except click.ClickException as error:
            raise NoVerdictError(error.format_message()) from error

    def invoke(self, ctx: click.Context) -> Any:  # noqa: ANN401 - click's own signature
        try:
            return super().invoke(ctx)
        except click.exceptions.Exit:
            raise
        # Also a bug: a script must not read it as HOLD.
        except Exception as error:
            raise NoVerdictError(str(error) or type(error).__name__) from error


@click.command(cls=_Verdict)
@click.option("--week", required=True, metavar="DATE", help="A Monday: the week of a report.")
@click.option("--candidate", "candidate_id", required=True, metavar="ID", help="A candidate's id.")
@click.option(
    "--record", is_flag=True, help="Keep a PROMOTE: later candidates are compared with it."
)
@click.pass_context
def verdict(context: click.Context, week: str, candidate_id: str, record: bool) -> None:
    """Print a candidate's verdict as JSON.

    The verdict is that of the week's report. Exit status: 0 for PROMOTE, 1 for HOLD, 2 for
    INCONCLUSIVE, 3 if there is no verdict. Standard output is JSON or empty.
    """
    import json

    from replay_assets.cli.verdict import record_promotion, verdict_of
    from replay_assets.settings import Settings

    settings = Settings.from_environment()
    found = verdict_of(settings, week, candidate_id)
    if record and found["decision"] == "PROMOTE":
        record_promotion(settings, week, found)
    if found["stale"] is not None:
        click.echo(f"the report is stale: {found['stale']}; make it again", err=True)
    click.echo(json.dumps(found, indent=2, ensure_ascii=False))
    context.exit(EXIT_STATUS[found["decision"]])
