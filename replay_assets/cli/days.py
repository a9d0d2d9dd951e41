"""Days as they are given on the command line."""

from datetime import date

import click


def iso_day(text: str, option: str) -> str:
    """Return a day in the form that partitions are named in, or say which option is wrong."""
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError as error:
        raise click.BadParameter(
            f"{text!r} is not a valid date; write YYYY-MM-DD", param_hint=option
        ) from error
