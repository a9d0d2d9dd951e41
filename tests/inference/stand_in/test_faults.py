"""Faults are chosen by seed and share, so that a run with faults can be repeated."""

from collections import Counter

import pytest

from replay_assets.inference.stand_in.faults import FAULTS, Fault, FaultPlan, parse_share

SHARES: dict[Fault, float] = {"429": 0.1, "500": 0.2}


def drawn(plan: FaultPlan, times: int) -> list[Fault | None]:
    """Return the faults of the next requests."""
    return [plan.draw(b"request %d" % number) for number in range(times)]


def test_a_seed_gives_the_same_faults_again() -> None:
    """Otherwise a failure under faults could not be analysed."""
    first = drawn(FaultPlan(shares=SHARES, seed=3), 200)
    assert drawn(FaultPlan(shares=SHARES, seed=3), 200) == first
    assert drawn(FaultPlan(shares=SHARES, seed=4), 200) != first


def test_each_fault_gets_its_share() -> None:
    """Shares add up; the other requests are answered."""
    counts = Counter(drawn(FaultPlan(shares=SHARES), 5000))
    assert counts["429"] == pytest.approx(500, rel=0.15)
    assert counts["500"] == pytest.approx(1000, rel=0.15)
    assert set(counts) == {"429", "500", None}


def test_without_shares_nothing_goes_wrong() -> None:
    """The built-in baselines get no faults."""
    assert set(drawn(FaultPlan(), 500)) == {None}


@pytest.mark.parametrize("fault", FAULTS)
def test_every_fault_can_be_named_on_the_command_line(fault: Fault) -> None:
    """`429=0.05`: the fault and its share."""
    assert parse_share(f"{fault}=0.05") == (fault, 0.05)


@pytest.mark.parametrize(
    "text", ["418=0.1", "429", "429=", "429=much", "429=1.5", "500=-0.1", "500=nan", "=1", ""]
)
def test_another_share_is_rejected(text: str) -> None:
    """A typing error must not run a test without its faults."""
    with pytest.raises(ValueError, match=r"."):
        parse_share(text)
