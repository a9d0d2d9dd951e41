"""The members of a route that one question was passed along, and the error if none answered."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from replay_assets.inference.call.completion import ChainStep, StepOutcome
from replay_assets.inference.call.failures import (
    BudgetExhaustedError,
    CallFailedError,
    CircuitOpenError,
    EndpointRefusedError,
    GateRefusedError,
    InfrastructureError,
    ModelRefusedError,
    PatienceExceededError,
    RequestRejectedError,
)

_OUTCOMES: Mapping[type[CallFailedError], StepOutcome] = {
    BudgetExhaustedError: "budget_exhausted",
    CircuitOpenError: "circuit_open",
    EndpointRefusedError: "endpoint_refused",
    ModelRefusedError: "model_refusal",
    RequestRejectedError: "request_rejected",
    GateRefusedError: "gate_refused",
}
_SKIPPED: tuple[StepOutcome, ...] = ("budget_exhausted", "circuit_open")


@dataclass
class Chain:
    """The steps so far, with the errors that some of them ended with."""

    steps: list[ChainStep] = field(default_factory=list)
    errors: list[CallFailedError] = field(default_factory=list)

    def add(self, member: str, error: CallFailedError) -> None:
        """Add a member that gave no answer."""
        outcome = _OUTCOMES.get(type(error), "infrastructure_failure")
        # What was sent has failed; only its retry was given up for this reason.
        if outcome in _SKIPPED and error.attempts:
            outcome = "infrastructure_failure"
        self.steps.append(ChainStep(member, outcome, error.attempts, str(error)))
        self.errors.append(error)

    def error(self) -> CallFailedError:
        """Return the error of a question that no member answered.

        It ends the run only if each member refuses all requests of the run.
        """
        said = "; ".join(f"{step.candidate_id}: {step.error}" for step in self.steps)
        text = f"no member of the route answered: {said}"
        outcomes = {step.outcome for step in self.steps}
        long_pauses = [one for one in self.errors if isinstance(one, PatienceExceededError)]
        failed = [one for one in self.errors if isinstance(one, InfrastructureError)]
        error: CallFailedError
        if failed or "circuit_open" in outcomes or any(map(_was_sent_again, self.errors)):
            error = InfrastructureError(text)
        elif "budget_exhausted" in outcomes:
            error = BudgetExhaustedError(text)
        elif long_pauses:
            error = PatienceExceededError(text, pause_s=min(one.pause_s for one in long_pauses))
        else:
            error = EndpointRefusedError(text)
        error.chain = tuple(self.steps)
        return error


def final_step(member: str, error: CallFailedError) -> ChainStep:
    """Return the step of a member whose failure is the route's, such as a refusal."""
    outcome = _OUTCOMES.get(type(error), "infrastructure_failure")
    return ChainStep(member, outcome, error.attempts, str(error))


def _was_sent_again(error: CallFailedError) -> bool:
    return isinstance(error, CircuitOpenError | BudgetExhaustedError) and bool(error.attempts)
