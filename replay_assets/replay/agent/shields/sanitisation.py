"""The shield against secrets and personal data in what the model wrote."""

from replay_assets.contracts.agent_turn import Touchpoint
from replay_assets.contracts.shields import OnViolation
from replay_assets.inference import SendingGate
from replay_assets.lake.jsonl import encode_line
from replay_assets.replay.agent.shields.shield import PASS, Run, ShieldContext, ShieldResult
from replay_assets.sanitizing import MASK

MASKED = "masked"


class SanitisationShield:
    """Finds keys, canaries and matches of strict rules in arguments of calls and in answers.

    A text may already be masked, because nothing is stored otherwise; then the mask is found.
    """

    name = "sanitisation"
    touchpoints: frozenset[Touchpoint] = frozenset({"tool-input", "assistant-output"})

    def __init__(
        self, on_violation: OnViolation = "end_turn", gate: SendingGate | None = None
    ) -> None:
        self.on_violation = on_violation
        self._gate = gate or SendingGate()

    def run(self, text: str, touchpoint: Touchpoint, context: ShieldContext) -> Run:
        """Return a violation if the text contains what must not leave the deployment."""
        yield from ()
        # Half a surrogate pair can't be written as UTF-8.
        written = encode_line(text.encode("utf-8", "replace").decode())
        found = dict.fromkeys(self._gate.findings(written))
        if MASK in text:
            found[MASKED] = None
        if not found:
            return PASS
        message = "The model wrote what may be a secret or personal data; it is not shown."
        return ShieldResult("violation", message, tuple(found))
