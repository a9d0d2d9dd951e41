"""Options that several commands have."""

import click

concurrency_option = click.option(
    "--concurrency",
    type=click.IntRange(min=1),
    metavar="N",
    help="Maximum of requests in flight, instead of the catalogue's value.",
)
refresh_option = click.option(
    "--refresh", is_flag=True, help="Ask everything again, even if it was answered before."
)
