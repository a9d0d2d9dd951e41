"""The shield against changes without approval: a call that changes something must ask for it."""

from replay_assets.contracts.agent_turn import Touchpoint
from replay_assets.contracts.shields import OnViolation
from replay_assets.replay.agent.shields.shield import PASS, Run, ShieldContext, ShieldResult

WITHOUT_APPROVAL = "change_without_approval"


class PolicyShield:
    """Finds calls that would change a running system and do not ask for a person's approval."""

    name = "policy"
    touchpoints: frozenset[Touchpoint] = frozenset({"tool-input"})

    def __init__(self, on_violation: OnViolation = "flag") -> None:
        self.on_violation = on_violation

    def run(self, text: str, touchpoint: Touchpoint, context: ShieldContext) -> Run:
        """Return a violation if the call is a change without approval."""
        yield from ()
        call = context.call
        if call is None or not call.is_mutating or call.approval_requested:
            return PASS
        message = f"{call.name} would change a running system without a person's approval."
        return ShieldResult("violation", message, (WITHOUT_APPROVAL,))
