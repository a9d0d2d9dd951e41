"""The time zone whose days a root has: recorded once, another one refused until it is accepted."""

import json
from pathlib import Path

import pytest

from replay_assets.contracts.calendar import day_window
from replay_assets.errors import TimeZoneError
from replay_assets.lake import Lineage, Publication, Store, assets

TAIPEI, NEW_YORK, UTC = "Asia/Taipei", "America/New_York", "UTC"
DAY = "2026-09-21"
EVIDENCE = assets.INCIDENT_EVIDENCE.at(DAY)


def publish(root: Path, zone: str, *, by_earlier_release: bool = False) -> None:
    """Publish a day of evidence, as it is in a time zone."""
    store = Store(str(root), None if by_earlier_release else zone)
    window = day_window(DAY, zone)
    store.publish(EVIDENCE, Publication(facts={"window_start": window.start.isoformat()}))


def test_the_first_partition_records_the_zone(tmp_path: Path) -> None:
    """Readers of any zone, such as notebooks, need no zone."""
    publish(tmp_path, TAIPEI)
    assert json.loads((tmp_path / "timezone.json").read_text()) == {"timezone": TAIPEI}
    assert Store(str(tmp_path), TAIPEI).find(EVIDENCE)
    assert Store(str(tmp_path)).find(EVIDENCE)


def test_another_zone_reads_and_writes_nothing(tmp_path: Path) -> None:
    """The error names both."""
    publish(tmp_path, TAIPEI)
    store = Store(str(tmp_path), NEW_YORK)
    for _ in range(2):
        with pytest.raises(TimeZoneError, match=rf"{TAIPEI}.*{NEW_YORK}.*--accept-new-timezone"):
            store.find(EVIDENCE)
    with pytest.raises(TimeZoneError), store.writing(EVIDENCE):
        pytest.fail("a partition of another zone was started")


def test_a_store_that_was_right_notices_an_accepted_zone(tmp_path: Path) -> None:
    """A server of the UI may still run in the zone of before."""
    publish(tmp_path, TAIPEI)
    before = Store(str(tmp_path), TAIPEI)
    assert before.find(EVIDENCE)
    Store(str(tmp_path), NEW_YORK).accept_zone()
    with pytest.raises(TimeZoneError), before.writing(EVIDENCE):
        pytest.fail("a partition of another zone was started")


def test_days_of_an_earlier_release_show_their_zone(tmp_path: Path) -> None:
    """It recorded none, but when each day began."""
    publish(tmp_path, TAIPEI, by_earlier_release=True)
    assert Store(str(tmp_path), TAIPEI).find(EVIDENCE)
    with pytest.raises(TimeZoneError, match=rf"{UTC}.*2026-09-20T16:00:00\+00:00"):
        Store(str(tmp_path), UTC).find(EVIDENCE)


@pytest.mark.parametrize("by_earlier_release", [False, True])
def test_days_of_the_other_zone_are_stale_until_they_are_made_again(
    by_earlier_release: bool, tmp_path: Path
) -> None:
    """And with them all that was made from them."""
    publish(tmp_path, TAIPEI, by_earlier_release=by_earlier_release)
    store = Store(str(tmp_path), NEW_YORK)
    store.accept_zone()
    pack = assets.REQUEST_PACK.at(DAY)
    made_from = Lineage(lake=store, evidence=store).inputs(pack)
    store.publish(pack, Publication(inputs=made_from))
    state = Lineage(lake=store, evidence=store).state(pack)
    assert (state.status, "another time zone" in state.reason) == ("stale", True)
    publish(tmp_path, NEW_YORK)
    assert Lineage(lake=store, evidence=store).state(EVIDENCE).is_current


def test_a_zone_with_the_same_days_makes_none_of_them_stale(tmp_path: Path) -> None:
    """It still must be accepted: another year, its days may differ."""
    publish(tmp_path, TAIPEI)
    store = Store(str(tmp_path), "Asia/Shanghai")
    store.accept_zone()
    assert Lineage(evidence=store).state(EVIDENCE).is_current
