"""The sending gate: what must not leave in a request's body, and must not stay in a response.

It fails closed: after a match, an exception, a timeout, or with a body that is too large, nothing
is sent. It names rules, never values. The client calls it; the gate sends nothing itself.
"""

import time
from collections.abc import Iterable
from typing import Any

from replay_assets.sanitizing import OutboundPolicy, RuleSet

LARGEST_BODY_BYTES = 2_000_000
"""Four times the text of a 128 k token context; a larger body is blocked without a search."""
LONGEST_LOOK_S = 5.0
"""Rules take linear time, so only an overloaded machine takes this long; its result is unsafe."""
TOO_LARGE, TOO_SLOW, BROKEN = "gate_oversize", "gate_timeout", "gate_error"


class SendingGate:
    """Strict rules, the API keys known to this run, and the canaries of the deployment.

    Args:
        secrets: the keys of all candidates known to this run, not only of the one in use.
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

    def findings(self, body: bytes, *, end: bytes = b"") -> list[str]:
        """Return the ids of what forbids sending a JSON body; empty if it may be sent.

        `end` is the end that all bodies of a run share; it is searched with the first of them.
        """
        if len(body) > LARGEST_BODY_BYTES:
            return [TOO_LARGE]
        started = time.monotonic()
        try:
            found = self._watch.findings(body, end=end)
        except Exception as error:  # noqa: BLE001 - after any error the body counts as unchecked
            return [f"{BROKEN}:{type(error).__name__}"]
        if time.monotonic() - started > LONGEST_LOOK_S:
            found.append(TOO_SLOW)
        return found

    def cleaned(self, value: Any) -> Any:  # noqa: ANN401 - any JSON value
        """Return a response (text or any JSON value) without keys and strict matches."""
        return self._watch.cleaned(value)
