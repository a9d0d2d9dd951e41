"""The error of a question that no member of a route answered, and the steps before it."""

import pytest

from replay_assets.inference.call.failures import (
    BudgetExhaustedError,
    CallFailedError,
    CircuitOpenError,
    InfrastructureError,
    PatienceExceededError,
    RunRejectedError,
)
from replay_assets.inference.routing.chain import Chain
from tests.inference.calls import attempt
from tests.inference.routing.routes import FIRST, SECOND

REJECTED = RunRejectedError("account")
SPENT = BudgetExhaustedError("budget")
SPENT_LATER = BudgetExhaustedError("budget", attempts=(attempt(),))
LONG, LONGER = (PatienceExceededError("wait", pause_s=pause_s) for pause_s in (600, 900))


@pytest.mark.parametrize(
    ("errors", "kind"),
    [
        ((REJECTED, REJECTED), RunRejectedError),
        ((REJECTED, LONG), PatienceExceededError),
        ((LONG, SPENT), BudgetExhaustedError),
        ((REJECTED, SPENT_LATER), InfrastructureError),
        ((LONG, CircuitOpenError("open")), InfrastructureError),
        ((SPENT, InfrastructureError("500")), InfrastructureError),
    ],
)
def test_the_run_ends_only_if_no_member_takes_its_requests(
    errors: tuple[CallFailedError, CallFailedError], kind: type[CallFailedError]
) -> None:
    """A failure of one request, or a spent budget, is about this request."""
    chain = Chain()
    for member, error in zip((FIRST, SECOND), errors, strict=True):
        chain.add(member, error)
    assert type(chain.error()) is kind
    assert [one.candidate_id for one in chain.error().chain] == [FIRST, SECOND]


def test_a_run_waits_for_the_member_that_is_back_first() -> None:
    """The pause of the error is the shortest one."""
    chain = Chain()
    chain.add(FIRST, LONGER)
    chain.add(SECOND, LONG)
    error = chain.error()
    assert isinstance(error, PatienceExceededError)
    assert error.pause_s == 600


def test_a_circuit_that_stays_open_is_one_step() -> None:
    """However often the route looks at it."""
    chain = Chain()
    for _ in range(3):
        chain.add(FIRST, CircuitOpenError("open"))
    assert [one.outcome for one in chain.steps] == ["circuit_open"]
    assert not chain.has_given_up(FIRST)
