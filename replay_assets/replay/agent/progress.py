"""The progress of a run of investigations: the batch's, with steps and tool misses."""

from collections.abc import Callable
from dataclasses import dataclass

from replay_assets.contracts.agent_turn import Details, ToolDetails
from replay_assets.inference import BatchProgress


@dataclass(frozen=True)
class AgentProgress:
    """The state of a run at one moment.

    `incident_id` is the incident of the step that was completed last, `step` its number in its
    turn; `steps` and `tool_misses` are of the whole run so far.
    """

    batch: BatchProgress
    incident_id: str | None
    step: int
    steps: int
    tool_misses: int

    def line(self) -> str:
        """Return the state as one line for a log."""
        parts = [f"{self.batch.done} of {self.batch.total} incidents"]
        if self.incident_id is not None:
            parts.append(f"{self.incident_id} step {self.step}")
        parts += [f"{self.steps} steps", f"{self.tool_misses} tool misses"]
        cost = self.batch.cost_usd
        parts.append("cost unknown" if cost is None else f"${cost:.4f}")
        if self.batch.failed:
            parts.append(f"{self.batch.failed} failed")
        return ", ".join(parts)


AgentReport = Callable[[AgentProgress], None]


class StepMeter:
    """Counts steps while a batch is asked, and reports them with its progress."""

    def __init__(self, report: AgentReport | None) -> None:
        self._report = report
        self._incident_id: str | None = None
        self._step = self._steps = self._misses = 0

    def count(self, incident_id: str, number: int, details: Details) -> None:
        """Count a step, which has this number in its turn."""
        self._incident_id, self._step = incident_id, number
        self._steps += 1
        self._misses += isinstance(details, ToolDetails) and details.is_miss

    def report(self, moment: BatchProgress) -> None:
        """Report the state of the batch with the counts so far."""
        if self._report is not None:
            self._report(
                AgentProgress(moment, self._incident_id, self._step, self._steps, self._misses)
            )
