"""`serve-stand-in`: an endpoint with faults, for load tests and for testing a client."""

import click


class _FaultOption(click.Option):
    """The option `--fault`; its help lists every fault, which are imported when it is shown."""

    def get_help_record(self, context: click.Context) -> tuple[str, str] | None:
        from replay_assets.inference.stand_in import FAULTS

        self.help = f"Share of requests that get a fault: {', '.join(FAULTS)}. May be repeated."
        return super().get_help_record(context)


@click.command("serve-stand-in")
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", default=8009, show_default=True)
@click.option("--latency-ms", default=0.0, show_default=True, help="Time that each answer takes.")
@click.option("--fault", "faults", cls=_FaultOption, multiple=True, metavar="FAULT=SHARE")
@click.option("--seed", default=0, show_default=True, help="Decides which requests get a fault.")
@click.option(
    "--limit", type=click.IntRange(min=1), help="Requests accepted per window; 429 above it."
)
@click.option(
    "--window-s",
    type=click.FloatRange(min=0.1),
    default=60.0,
    show_default=True,
    help="Length in seconds of the window of --limit.",
)
@click.option("--retry-after", is_flag=True, help="Send Retry-After with the 429s of --limit.")
def serve_stand_in(
    host: str,
    port: int,
    latency_ms: float,
    faults: tuple[str, ...],
    seed: int,
    limit: int | None,
    window_s: float,
    retry_after: bool,
) -> None:
    """Serve the two baselines as an OpenAI-compatible endpoint, with faults if asked.

    For load tests and for testing a client. They are baselines, not language models. The fault of a
    request depends on the seed, its body and how often it was sent: tests can be repeated exactly.
    """
    from replay_assets.inference.stand_in import FaultPlan, parse_share
    from replay_assets.inference.stand_in.server import serve

    try:
        shares = dict(parse_share(text) for text in faults)
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="--fault") from error
    click.echo(f"serving rules-baseline and constant-baseline at http://{host}:{port}/v1")
    plan = FaultPlan(
        latency_ms=latency_ms,
        shares=shares,
        seed=seed,
        limit=limit,
        window_s=window_s,
        send_retry_after=retry_after,
    )
    serve(plan, host=host, port=port)
