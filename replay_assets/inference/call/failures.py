"""Why a call gave no answer. Each kind is an error of its own, because other things happen next.

    EndpointRefusedError    no request of this run can succeed: the run ends, the message says why
    PatienceExceededError   the endpoint asks for a longer pause than the run has patience for: the
                            run ends cleanly and is resumed later
    RequestRejectedError    the endpoint refuses this one request: counted against the candidate
    InfrastructureError     nobody's answer: kept apart, asked again by the next run, never graded
    GateRefusedError        the body holds a secret: not sent
    BudgetExhaustedError    the money is spent: not sent

Those that may come after some attempts carry them: what was waited and perhaps paid is accounted.
"""

from replay_assets.errors import ReplayAssetsError
from replay_assets.inference.call.completion import Attempt

ENDS_THE_RUN = {
    401: "the key is missing or not accepted",
    403: "the key may not use this model",
    404: "the endpoint does not know this model or path",
}
"""What a status says that no other request of the run can cure."""


class CallFailedError(ReplayAssetsError):
    """A call that ended without an answer, and the attempts that were made for it."""

    def __init__(self, message: str, *, attempts: tuple[Attempt, ...] = ()) -> None:
        super().__init__(message)
        self.attempts = attempts


class EndpointRefusedError(CallFailedError):
    """The endpoint refuses the key, the model or the path: no request of this run can succeed."""


class PatienceExceededError(CallFailedError):
    """The endpoint asks for a pause beyond the run's patience. `pause_s` is what it asked for."""

    def __init__(self, message: str, *, pause_s: float, attempts: tuple[Attempt, ...] = ()) -> None:
        super().__init__(message, attempts=attempts)
        self.pause_s = pause_s


class RequestRejectedError(CallFailedError):
    """The endpoint refused this one request with a 4xx."""


class InfrastructureError(CallFailedError):
    """No answer after every try: time-outs, resets, 5xx, 429, or bodies out of protocol."""


class GateRefusedError(CallFailedError):
    """The body would carry a secret or personal data; it was not sent."""


class BudgetExhaustedError(CallFailedError):
    """What the next attempt may cost does not fit into what is left of the budget."""
