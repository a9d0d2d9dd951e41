"""Why a call gave no answer. Each reason is a separate error, because each is handled differently.

    EndpointRefusedError    no request of this run can succeed: the run ends with the reason
    PatienceExceededError   the endpoint asks for a longer pause than the run allows: the run ends
                            cleanly and is resumed later
    RequestRejectedError    the endpoint rejects this one request: counted against the candidate
    InfrastructureError     no answer from the model: reported separately, retried by the next run,
                            never graded
    GateRefusedError        the body contains a secret: not sent
    BudgetExhaustedError    the budget is spent: not sent

Errors that may follow some attempts contain them, so that waiting time and cost are accounted for.
"""

from replay_assets.errors import ReplayAssetsError
from replay_assets.inference.call.completion import Attempt

ENDS_THE_RUN = {
    401: "the key is missing or not accepted",
    403: "the key may not use this model",
    404: "the endpoint does not know this model or path",
}
"""Statuses that every other request of the run would get too."""


class CallFailedError(ReplayAssetsError):
    """A call that ended without an answer, with the attempts that were made for it."""

    def __init__(self, message: str, *, attempts: tuple[Attempt, ...] = ()) -> None:
        super().__init__(message)
        self.attempts = attempts


class EndpointRefusedError(CallFailedError):
    """The endpoint rejects the key, the model or the path: no request of this run can succeed."""


class PatienceExceededError(CallFailedError):
    """The endpoint asks for a pause (`pause_s`) that is longer than the run's patience."""

    def __init__(self, message: str, *, pause_s: float, attempts: tuple[Attempt, ...] = ()) -> None:
        super().__init__(message, attempts=attempts)
        self.pause_s = pause_s


class RequestRejectedError(CallFailedError):
    """The endpoint rejected this one request with a 4xx."""


class InfrastructureError(CallFailedError):
    """No answer after all attempts: timeouts, resets, 5xx, 429, or invalid bodies."""


class GateRefusedError(CallFailedError):
    """The body contains a secret or personal data; it was not sent."""


class BudgetExhaustedError(CallFailedError):
    """The next attempt may cost more than is left of the budget."""
