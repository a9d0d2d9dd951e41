"""Fill the tokens of the scenario texts, always the same way for the same incident.

Tokens (every value depends only on the incident's key and on the token itself):

``{n1:10-20}``      a whole number, ``{f1:3-6}`` one with a decimal; the digit separates several
``{pod:cart-api:2}``  a pod name; ``{node:1}`` a worker node
``{L-5}`` ``{T-5}`` ``{H-5}``  five minutes before collection: Taipei HH:MM, UTC date and
                    minute, UTC HH:MM:SS; ``{D}`` ``{D-1}`` the Taipei day
``{s:jwt}``         a planted secret or personal datum, see ``SECRETS``
``{host}``          a value of the case's own ``vars``
"""

from __future__ import annotations

import random
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

SEED = "shop-samples-1"
TAIPEI_OFFSET = timedelta(hours=8)
_TOKEN = re.compile(r"(?<!%)\{([A-Za-z_]+\d*(?:[:+-][A-Za-z0-9_:.-]+)?)\}")
_ALPHABET = "bcdfghjklmnpqrstvwxz2456789"

# Everything below is invented. The parts are joined here so that a scanner which reads
# this source sees no token; in the JSONL files they are complete, each marked as a fake.
SECRETS: dict[str, str] = {
    "pg_report": "postgres" + "://report_ro:" + "FAKE-r3port-pw" + "@10.40.7.21:5432/orders",
    "pg_uri": "postgresql" + "://report_ro:" + "FAKE-n1ghtly-pw" + "@orders-db.data.svc/orders",
    "redis": "redis" + "://:" + "FAKE-s3ssion-pw" + "@10.40.9.12:6379/0",
    "pw": "pass" + "word=" + "FAKE-catalog-7781",
    "smtp": "SMTP_PASS" + "WORD=" + "FAKE-smtp-relay-55",
    "jaas": "pass" + 'word="' + 'FAKE-kafka-promo"',
    "docker": '"pass' + 'word":"' + 'FAKE-ci-push-2026"',
    "regpw": "--pass" + "word " + "FAKE-report-pull",
    "regpw2": "REGISTRY_PASS" + "WORD=" + "FAKE-proxy-pull",
    "zhpw": "FAKE-" + "elastic-0921",
    "zhpw2": "FAKE-" + "payapp-rotated-1",
    "zhkey": "FAKE-" + "KEY-payapp-88c1",
    "bearer": "Authorization: " + "Bearer " + "FAKEacq0000tokenEXAMPLE1234567890",
    "apikey": "X-Api-" + "Key: " + "FAKE-acq-9f00aa11bb22",
    "nvapi": "nv" + "api-" + "FAKE0000EXAMPLE0000notAKey0000000000",
    "awskey": "AWS_ACCESS_KEY_ID=" + "AKIA" + "IOSFODNN7" + "EXAMPLE",
    "jwt": ".".join(("eyJhbGciOiJIUzI1NiJ9", "eyJzdWIiOiJGQUtFIn0", "FAKEsignatureFAKEsignature")),
    "satoken": ".".join(("eyJhbGciOiJSUzI1NiJ9", "eyJpc3MiOiJGQUtFIn0", "FAKEserviceaccountFAKE")),
    "pem": "-----BEGIN RSA " + "PRIVATE KEY-----\n  FAKEFAKEFAKEFAKEbm90LWEta2V5RkFLRQ==",
    "card": "4111 1111 " + "1111 1111",
    "twid": "A1234" + "56789",
    "phone": "0900-000-" + "123",
    "phone_oncall": "0900-000-" + "456",
    "mail_customer": "buyer01" + "@" + "example.com",
    "mail_partner": "it-desk" + "@" + "example.org",
    "mail_owner": "beta-owners" + "@" + "example.com",
    "mail_tw": "service" + "@" + "example.com.tw",
}


@dataclass(frozen=True)
class Filler:
    """Replaces the tokens of one incident's texts."""

    key: str
    collected: datetime
    values: Mapping[str, str] = field(default_factory=dict)

    def __call__(self, text: str) -> str:
        """Return ``text`` with every token replaced; an unknown token is an error."""
        return _TOKEN.sub(lambda match: self._token(match.group(1)), text)

    def _token(self, token: str) -> str:
        if token in self.values:
            return self(self.values[token])
        if token[0] in "LTHD" and (len(token) == 1 or token[1] in "+-"):
            return self._time(token[0], int(token[1:] or "0"))
        name, _, rest = token.partition(":")
        kind = name.rstrip("0123456789")
        if kind in ("n", "f") and rest:
            return self._number(kind, token, rest)
        if kind == "pod":
            return self._pod(rest)
        if kind == "node":
            return f"tpe1-worker-{self.whole(f'node{rest}', 10, 89)}"
        if kind == "s":
            return SECRETS[rest]
        raise KeyError(f"{self.key}: unknown token {{{token}}}")

    def whole(self, what: str, low: int, high: int) -> int:
        """Return a number in low..high that depends on the incident and on ``what`` only."""
        share = random.Random(f"{SEED}/{self.key}/{what}").random()
        return low + int(share * (high - low + 1))

    def _number(self, kind: str, token: str, span: str) -> str:
        low, high = (int(part) for part in span.split("-"))
        if kind == "f":
            return f"{self.whole(token, low * 10, high * 10) / 10:.1f}"
        return str(self.whole(token, low, high))

    def _time(self, kind: str, minutes: int) -> str:
        if kind == "D":
            return f"{self.collected + TAIPEI_OFFSET + timedelta(days=minutes):%Y-%m-%d}"
        moment = self.collected + timedelta(minutes=minutes)
        if kind == "L":
            return f"{moment + TAIPEI_OFFSET:%H:%M}"
        if kind == "T":
            return f"{moment:%Y-%m-%dT%H:%M}"
        return f"{moment:%H:%M:%S}"

    def _letters(self, what: str, count: int) -> str:
        rng = random.Random(f"{SEED}/{self.key}/{what}")
        return "".join(_ALPHABET[int(rng.random() * len(_ALPHABET))] for _ in range(count))

    def _pod(self, rest: str) -> str:
        name, _, number = rest.partition(":")
        suffix = self._letters(f"pod/{name}/{number or '1'}", 5)
        return f"{name.removesuffix('-old')}-{self._letters(f'rs/{name}', 9)}-{suffix}"
