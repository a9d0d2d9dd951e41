"""Why a call gave no answer. Each reason is a separate error, because each is handled differently.

    RunRejectedError        no request of this run can succeed, because of account, key, model,
                            parameter or path: the run ends with the reason
    PatienceExceededError   the endpoint asks for a longer pause than the run allows: the run ends
                            cleanly and is resumed later
    RequestRejectedError    the endpoint rejects this one request: counted against the candidate,
                            asked again by the next run
    ModelRefusedError       moderation refuses this one request: an answer of the model
    InfrastructureError     no answer from the model: reported separately, retried by the next run,
                            never graded
    GateBlockedError        the body contains a secret: not sent
    BudgetExhaustedError    the budget is spent: not sent
    CircuitOpenError        the endpoint has just failed often: not sent, only in a route

Errors that may follow some attempts contain them, so that waiting time and cost are accounted for.
"""

from replay_assets.errors import ReplayAssetsError
from replay_assets.inference.call.completion import Attempt, ChainStep


class CallFailedError(ReplayAssetsError):
    """A call that ended without an answer, with the attempts that were made for it.

    Those of a route are in its `chain`.
    """

    def __init__(self, message: str, *, attempts: tuple[Attempt, ...] = ()) -> None:
        super().__init__(message)
        self.attempts = attempts
        self.chain: tuple[ChainStep, ...] = ()


class RunRejectedError(CallFailedError):
    """The endpoint rejects what all requests of this run have: none of them can succeed."""


class PatienceExceededError(CallFailedError):
    """The endpoint asks for a pause (`pause_s`) that is longer than the run's patience."""

    def __init__(self, message: str, *, pause_s: float, attempts: tuple[Attempt, ...] = ()) -> None:
        super().__init__(message, attempts=attempts)
        self.pause_s = pause_s


class RequestRejectedError(CallFailedError):
    """The endpoint, or a firewall before it, rejected this one request.

    `of_run` is the error that ends the run if all others are rejected too; None if the response
    says that it is about this request. `decides_alone`: it ends a run of a single request, too.
    """

    def __init__(
        self,
        message: str,
        *,
        attempts: tuple[Attempt, ...] = (),
        of_run: RunRejectedError | None = None,
        decides_alone: bool = False,
    ) -> None:
        super().__init__(message, attempts=attempts)
        self.of_run = of_run
        self.decides_alone = decides_alone


class ModelRefusedError(CallFailedError):
    """The moderation of the endpoint refused this one request."""


class InfrastructureError(CallFailedError):
    """No answer after all attempts: timeouts, resets, 5xx, 429, or invalid bodies."""


class GateBlockedError(CallFailedError):
    """The body contains a secret or personal data; it was not sent."""


class BudgetExhaustedError(CallFailedError):
    """The next attempt may cost more than is left of the budget."""


class CircuitOpenError(CallFailedError):
    """Nothing is sent to this endpoint for a while, because it failed often."""
