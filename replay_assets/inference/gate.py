"""The gate on bytes: what may leave in a request's body, and what may stay of what comes back.

It fails closed: a hit, an exception, a body too large or a look that takes too long means that
nothing is sent. It names rules, never values. The client calls it; it sends nothing itself.
"""

import base64
import time
from collections.abc import Iterable, Iterator, Mapping
from typing import Any
from urllib.parse import quote

from replay_assets.sanitizing.engine import gate_findings, mask_strict

LARGEST_BODY_BYTES = 2_000_000
"""Four times the text of a context of 128 k tokens; what is larger is refused, not looked at."""
LONGEST_LOOK_S = 5.0
"""Rules take linear time, so only a starved machine comes near: then nobody knows what it saw."""
SHORTEST_SECRET = 8
"""Keys and canaries below this many characters would be found in ordinary words."""
KEY_IN_USE, CANARY = "api_key_in_use", "canary"
TOO_LARGE, TOO_SLOW, BROKEN = "gate_oversize", "gate_timeout", "gate_error"
REMOVED_KEY = "<API_KEY>"


class SendingGate:
    """Strict rules, the API keys known to this run, and the canaries of the deployment.

    Args:
        secrets: the keys of every candidate that this run knows, not only of the one that is asked.
        canaries: values planted in evidence to prove that nothing leaks.
    """

    def __init__(self, *, secrets: Iterable[str] = (), canaries: Iterable[str] = ()) -> None:
        self._keys = _forms(secrets)
        self._canaries = _forms(canaries)

    def __repr__(self) -> str:
        return f"SendingGate({len(self._keys)} forms of keys, {len(self._canaries)} of canaries)"

    def refusals(self, body: bytes) -> list[str]:
        """Return the ids of what forbids sending a JSON body; empty when it may be sent."""
        if len(body) > LARGEST_BODY_BYTES:
            return [TOO_LARGE]
        started = time.monotonic()
        try:
            text = body.decode()
            found = gate_findings(text)
            found += [KEY_IN_USE] if any(form in text for form in self._keys) else []
            found += [CANARY] if any(form in text for form in self._canaries) else []
        except Exception as error:  # noqa: BLE001 - whatever it is, nobody has seen the whole body
            return [f"{BROKEN}:{type(error).__name__}"]
        if time.monotonic() - started > LONGEST_LOOK_S:
            found.append(TOO_SLOW)
        return found

    def cleaned(self, value: Any) -> Any:  # noqa: ANN401 - any JSON value
        """Return what came back (a text, or any JSON value) less keys and strict hits."""
        if isinstance(value, Mapping):
            return {self.cleaned(name): self.cleaned(item) for name, item in value.items()}
        if isinstance(value, list):
            return [self.cleaned(item) for item in value]
        if isinstance(value, str):
            for form in (*self._keys, *self._canaries):
                value = value.replace(form, REMOVED_KEY)
            return mask_strict(value)
        return value


def _forms(secrets: Iterable[str]) -> tuple[str, ...]:
    """Return each secret as it is and as it is commonly encoded, longest first."""
    found = {
        form
        for secret in secrets
        if len(secret.strip()) >= SHORTEST_SECRET
        for form in _encoded(secret.strip())
    }
    return tuple(sorted(found, key=lambda form: (-len(form), form)))


def _encoded(secret: str) -> Iterator[str]:
    raw = secret.encode()
    yield secret
    yield from {
        quote(secret, safe=""),
        quote(secret, safe="").lower(),
        raw.hex(),
        raw.hex().upper(),
    }
    for before in range(3):
        # Base64 of a longer text, such as `user:key`, holds the key at one of three alignments;
        # characters at its edges also depend on the neighbours and are cut off.
        for encode in (base64.b64encode, base64.urlsafe_b64encode):
            coded = encode(b"\0" * before + raw).decode().rstrip("=")
            end = len(coded) if (before + len(raw)) % 3 == 0 else len(coded) - 1
            yield coded[(0, 2, 3)[before] : end]
