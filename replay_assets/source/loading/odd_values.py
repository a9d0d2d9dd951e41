"""Values that programs write where an id or an instant should be: recognized, never converted."""

import re
from datetime import UTC, datetime, timedelta

INVISIBLE = "\ufeff\u200b\u200c\u200d\u2060"
"""A byte order mark, and characters without width: such an id is never found again."""
NOT_AN_ID = re.compile(
    r"null|none|nan|nil|n/a|undefined|true|false|\\n|#[a-z/0]+[!?]?", re.IGNORECASE
)
"""What programs write into text files for a missing value, a boolean or an error."""
FROM_A_SPREADSHEET = re.compile(r"-?[0-9]+\.0+|-?[0-9]+([.,][0-9]+)?E\+[0-9]+", re.IGNORECASE)
"""A whole number that became a decimal, or was shortened: `12.0`, `1.2E+11`."""
AS_SPREADSHEET_TEXT = re.compile(r"""=".*"|'[0-9].*""")
"""How a spreadsheet is made to keep `007`: `="007"`, or an apostrophe before it."""
NUMBER = re.compile(r"[0-9]{1,20}(\.[0-9]{1,20})?")
LOCAL_DATE = re.compile(r"[0-9]{1,4}[./-][0-9]{1,2}[./-][0-9]{1,4}\b")
UNITS = {"seconds": 1, "milliseconds": 10**3, "microseconds": 10**6, "nanoseconds": 10**9}
FIRST_EPOCH, LAST_EPOCH = 946684800, 4102444800
"""2000 and 2100, in seconds since 1970."""
SPREADSHEET_DAYS = range(36526, 73050)
"""The same years, in a spreadsheet's days since 1899-12-30."""


def refuse_odd_id(name: str, text: str, *, from_text: bool) -> None:
    """Refuse an id by which no row would be found.

    Args:
        name: the column.
        text: the id.
        from_text: whether it is from a file that has only texts, as CSV: `null` may mean anything.

    Raises:
        ValueError: it is blank, or written by a program for something else.
    """
    if not text.strip().strip(INVISIBLE):
        raise ValueError(f"{name}: {text!r} is blank, but rows are found by it")
    if text != text.strip().strip(INVISIBLE):
        raise ValueError(f"{name}: {text!r} begins or ends with a blank or an invisible character")
    if from_text and NOT_AN_ID.fullmatch(text):
        raise ValueError(f"{name}: {text!r} is not an id; programs write it for other values")
    if from_text and AS_SPREADSHEET_TEXT.fullmatch(text):
        raise ValueError(
            f"{name}: {text!r} has the marks by which a spreadsheet keeps a number as text; export "
            "the text alone"
        )
    if FROM_A_SPREADSHEET.fullmatch(text):
        raise ValueError(
            f"{name}: {text!r} looks like a number that a spreadsheet or a data frame changed; "
            "export the column as text"
        )


def instant_hint(value: object) -> str:
    """Return what a value that is not an instant seems to be; empty if that is unknown."""
    text = str(value)
    if not isinstance(value, bool) and NUMBER.fullmatch(text):
        return _number_hint(float(text))
    if LOCAL_DATE.match(text) and not re.match("[0-9]{4}-", text):
        return " (a local date, in which day and month can be swapped)"
    return ""


def _number_hint(number: float) -> str:
    if int(number) in SPREADSHEET_DAYS:
        day = datetime(1899, 12, 30, tzinfo=UTC) + timedelta(days=number)
        return f" (as a spreadsheet's day number it would be {day.isoformat(timespec='minutes')})"
    for unit, per_second in UNITS.items():
        if FIRST_EPOCH <= number / per_second < LAST_EPOCH:
            instant = datetime.fromtimestamp(number // per_second, UTC)
            return f" (as {unit} since 1970 it would be {instant.isoformat()})"
    return " (a number)"
