"""What a shield is, and how one is run so that it fails closed."""

from collections.abc import Generator
from dataclasses import dataclass
from typing import Protocol

from replay_assets.contracts.agent_turn import ShieldVerdict, Touchpoint
from replay_assets.contracts.shields import OnViolation
from replay_assets.inference import Call, Question
from replay_assets.replay.agent.tools.tool_call import ToolCall


@dataclass(frozen=True)
class ShieldContext:
    """What a shield may need to know about the text that it looks at.

    Attributes:
        incident_id: the incident.
        call: the call of a tool that the text belongs to; None if it belongs to none.
    """

    incident_id: str
    call: ToolCall | None = None


@dataclass(frozen=True)
class ShieldResult:
    """What a shield found in one text.

    Attributes:
        verdict: the finding.
        message: what the user reads if a violation ends the turn; empty if it passed.
        findings: the ids of rules that matched, or why the shield failed or did not run.
    """

    verdict: ShieldVerdict
    message: str = ""
    findings: tuple[str, ...] = ()

    @property
    def is_violation(self) -> bool:
        """Whether it counts as a violation: a shield that failed does too."""
        return self.verdict in ("violation", "failed")


PASS = ShieldResult("pass")
Run = Generator[Question, Call, ShieldResult]
"""A shield at work: it may ask a model; a built-in one yields nothing."""


class Shield(Protocol):
    """A check of texts at some touchpoints."""

    @property
    def name(self) -> str:
        """The name, as steps and the catalogue have it."""

    @property
    def touchpoints(self) -> frozenset[Touchpoint]:
        """When it runs."""

    @property
    def on_violation(self) -> OnViolation:
        """What a violation does."""

    def run(self, text: str, touchpoint: Touchpoint, context: ShieldContext) -> Run:
        """Look at one text; yield questions if a model must be asked."""


def run_shield(shield: Shield, text: str, touchpoint: Touchpoint, context: ShieldContext) -> Run:
    """Run a shield; if it crashes, the result is `failed`, which counts as a violation."""
    if touchpoint not in shield.touchpoints:
        return ShieldResult("not_run", findings=(f"does not run at {touchpoint}",))
    try:
        return (yield from shield.run(text, touchpoint, context))
    except Exception as error:  # noqa: BLE001 - the result says so, and counts as a violation
        # Only the type: the message of any error may quote the text.
        reason = type(error).__name__
        return ShieldResult("failed", f"The shield {shield.name} failed ({reason}).", (reason,))


def ends_turn(shield: Shield, result: ShieldResult) -> bool:
    """Return whether a result ends the turn; a shield that failed always does."""
    if result.verdict == "failed":
        return True
    return result.verdict == "violation" and shield.on_violation == "end_turn"
