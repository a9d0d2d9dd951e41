"""The time zone whose days a root has, recorded once in it: two zones share no day.

Without it, a change of REPLAY_TIMEZONE would leave out incidents between the days of the two zones,
or count them twice.
"""

from collections.abc import Callable

from upath import UPath

from replay_assets.contracts.calendar import day_window
from replay_assets.errors import ContractError, NotMaterializedError, TimeZoneError
from replay_assets.lake import files, formats
from replay_assets.lake.published import Published

RECORD = "timezone.json"
WINDOW_START = "window_start"
"""The fact of a day's manifest that says when the day began."""
WAY_OUT = (
    "Set it as it was; or accept the new zone with `replay-assets backfill --from DAY --to DAY "
    "--accept-new-timezone`: days of the other one are then stale until they are made again."
)


def recorded_zone(root: UPath) -> str | None:
    """Return the name of the time zone that a root has recorded; None if it has not yet."""
    path = root / RECORD
    try:
        content = formats.decode_json(files.read(path), str(path))
    except NotMaterializedError:
        return None
    zone = content.get("timezone") if isinstance(content, dict) else None
    if not isinstance(zone, str):
        raise ContractError(f'{path} names no time zone; write {{"timezone": "Asia/Taipei"}}')
    return zone


def record_zone(root: UPath, timezone: str) -> None:
    """Record the time zone of a root, if it is not recorded already."""
    if recorded_zone(root) != timezone:
        files.publish(root / RECORD, formats.encode_json({"timezone": timezone}))


def require_zone(root: UPath, timezone: str, any_day: Callable[[], Published | None]) -> None:
    """Raise an error if the days of a root are those of another time zone.

    Args:
        root: the root.
        timezone: the zone in use.
        any_day: returns a day of the root, which shows its zone if an earlier release made it.

    Raises:
        TimeZoneError: they are; the message names both zones.
    """
    recorded = recorded_zone(root)
    if recorded is not None and recorded != timezone:
        raise TimeZoneError(
            f"the days of {root} are those of {recorded}, and REPLAY_TIMEZONE is {timezone}. "
            f"{WAY_OUT}"
        )
    earlier = any_day() if recorded is None else None
    if earlier is not None and is_of_another_zone(earlier, timezone):
        raise TimeZoneError(
            f"the days of {root} are not those of REPLAY_TIMEZONE, {timezone}: there, "
            f"{earlier.address.key} began at {earlier.facts[WINDOW_START]}. {WAY_OUT}"
        )


def is_of_another_zone(published: Published, timezone: str) -> bool:
    """Return whether a day began at another instant than it does in a time zone."""
    began = published.facts.get(WINDOW_START)
    return (
        began is not None and began != day_window(published.address.key, timezone).start.isoformat()
    )
