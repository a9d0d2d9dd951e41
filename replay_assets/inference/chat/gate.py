"""The gate on bytes: what may leave in a request's body, and what may stay of what comes back.

It fails closed: a hit, an exception, a body too large or a look that takes too long means that
nothing is sent. It names rules, never values. The client calls it; it sends nothing itself.
"""

import time
from collections.abc import Iterable
from typing import Any

from replay_assets.sanitizing import RuleSet
from replay_assets.sanitizing.gates.outbound_policy import OutboundPolicy

LARGEST_BODY_BYTES = 2_000_000
"""Four times the text of a context of 128 k tokens; what is larger is refused, not looked at."""
LONGEST_LOOK_S = 5.0
"""Rules take linear time, so only a starved machine comes near: then nobody knows what it saw."""
TOO_LARGE, TOO_SLOW, BROKEN = "gate_oversize", "gate_timeout", "gate_error"


class SendingGate:
    """Strict rules, the API keys known to this run, and the canaries of the deployment.

    Args:
        secrets: the keys of every candidate that this run knows, not only of the one that is asked.
        canaries: values planted in evidence to prove that nothing leaks.
        rules: the rules of the deployment.
    """

    def __init__(
        self,
        *,
        secrets: Iterable[str] = (),
        canaries: Iterable[str] = (),
        rules: RuleSet | None = None,
    ) -> None:
        self._watch = OutboundPolicy(rules, secrets=secrets, canaries=canaries)

    def __repr__(self) -> str:
        return f"SendingGate({self._watch!r})"

    def refusals(self, body: bytes, *, end: bytes = b"") -> list[str]:
        """Return the ids of what forbids sending a JSON body; empty when it may be sent.

        `end` is what the body ends with as others do, and is looked at with the first of them.
        """
        if len(body) > LARGEST_BODY_BYTES:
            return [TOO_LARGE]
        started = time.monotonic()
        try:
            found = self._watch.findings(body, end=end)
        except Exception as error:  # noqa: BLE001 - whatever it is, nobody has seen the whole body
            return [f"{BROKEN}:{type(error).__name__}"]
        if time.monotonic() - started > LONGEST_LOOK_S:
            found.append(TOO_SLOW)
        return found

    def cleaned(self, value: Any) -> Any:  # noqa: ANN401 - any JSON value
        """Return what came back (a text, or any JSON value) less keys and strict hits."""
        return self._watch.cleaned(value)
