"""The members of a route that one question was passed along, and the error if none answered."""

from collections.abc import Mapping

from replay_assets.inference.call import (
    BudgetExhaustedError,
    CallFailedError,
    ChainStep,
    CircuitOpenError,
    GateBlockedError,
    InfrastructureError,
    ModelRefusedError,
    PatienceExceededError,
    RequestRejectedError,
    RunRejectedError,
    StepOutcome,
)

_OUTCOMES: Mapping[type[CallFailedError], StepOutcome] = {
    BudgetExhaustedError: "budget_exhausted",
    CircuitOpenError: "circuit_open",
    RunRejectedError: "endpoint_refused",
    ModelRefusedError: "model_refusal",
    RequestRejectedError: "request_rejected",
    GateBlockedError: "gate_refused",
}
_SKIPPED: tuple[StepOutcome, ...] = ("budget_exhausted", "circuit_open")


class Chain:
    """The steps so far; a member can be asked again if it failed because its circuit opened."""

    def __init__(self) -> None:
        self.steps: list[ChainStep] = []
        self._latest: dict[str, CallFailedError | None] = {}

    @property
    def cut_short(self) -> list[str]:
        """The members that were not asked as often as they might, because of open circuits."""
        return [one for one, why in self._latest.items() if isinstance(why, CircuitOpenError)]

    def has_given_up(self, member: str) -> bool:
        """Return whether a member must not be asked again for this question."""
        return member in self._latest and member not in self.cut_short

    def skip(self, step: ChainStep) -> None:
        """Add a member that can't be asked in this run."""
        self.steps.append(step)
        self._latest[step.candidate_id] = None

    def add(self, member: str, error: CallFailedError) -> None:
        """Add a member that gave no answer."""
        outcome = _OUTCOMES.get(type(error), "infrastructure_failure")
        # What was sent has failed; only its retry was given up for this reason.
        if outcome in _SKIPPED and error.attempts:
            outcome = "infrastructure_failure"
        if error.attempts or member not in self._latest:
            self.steps.append(ChainStep(member, outcome, error.attempts, str(error)))
        self._latest[member] = error

    def error(self) -> CallFailedError:
        """Return the error of a question that no member answered.

        It ends the run only if each member rejects all requests of the run.
        """
        said = "; ".join(f"{one}: {why}" for one, why in self._reasons().items())
        text = f"no member of the route answered: {said}"
        outcomes = {step.outcome for step in self.steps}
        pauses = [
            why.pause_s for why in self._latest.values() if isinstance(why, PatienceExceededError)
        ]
        failed = any(isinstance(why, InfrastructureError) for why in self._latest.values())
        error: CallFailedError
        if failed or self.cut_short or self._has_sent():
            error = InfrastructureError(text)
        elif "budget_exhausted" in outcomes:
            error = BudgetExhaustedError(text)
        elif pauses:
            error = PatienceExceededError(text, pause_s=min(pauses))
        else:
            error = RunRejectedError(text)
        error.chain = tuple(self.steps)
        return error

    def _reasons(self) -> dict[str, str | None]:
        found = {step.candidate_id: step.error for step in self.steps}
        return found | {one: str(why) for one, why in self._latest.items() if why is not None}

    def _has_sent(self) -> bool:
        """Return whether a budget was exhausted only after a failed attempt."""
        return any(
            isinstance(why, BudgetExhaustedError) and why.attempts for why in self._latest.values()
        )


def final_step(member: str, error: CallFailedError) -> ChainStep:
    """Return the step of a member whose failure is the route's, such as a refusal."""
    outcome = _OUTCOMES.get(type(error), "infrastructure_failure")
    return ChainStep(member, outcome, error.attempts, str(error))
