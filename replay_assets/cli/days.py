"""Days in options of the command line."""

from datetime import date

import click


def iso_day(text: str, option: str) -> str:
    """Return a day in the form of partition names.

    Raises:
        click.BadParameter: the text is not a date; the message names the option.
    """
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError as error:
        raise click.BadParameter(
            f"{text!r} is not a valid date; use YYYY-MM-DD", param_hint=option
        ) from error
