"""Canaries: a separate value for each category, field of the evidence and encoding."""

import base64
import hashlib
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from urllib.parse import quote


def scramble(n: int, characters: int, alphabet: str = "") -> str:
    """Characters that look drawn at random and are the same in every run."""
    letters = alphabet or "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
    digest = hashlib.sha512(f"canary {n}".encode()).digest() * 4
    return "".join(letters[byte % len(letters)] for byte in digest[:characters])


def card(n: int) -> str:
    """A number of a test card's form that passes Luhn's check."""
    body = f"4539148{n:08d}"
    digits = [int(one) for one in body]
    doubled = [d * 2 - 9 if d > 4 else d * 2 for d in digits[::-2]]
    return f"{body}{-(sum(doubled) + sum(digits[-2::-2])) % 10}"


def taiwan_id(n: int) -> str:
    """A made-up Taiwan ID that passes its check."""
    digits = [1, 0, 1, *(int(one) for one in f"{n:07d}")]
    weights = [1, 9, 8, 7, 6, 5, 4, 3, 2, 1]
    total = sum(d * w for d, w in zip(digits, weights, strict=True))
    return f"A1{n:07d}{-total % 10}"


def iban(n: int) -> str:
    """A made-up German account number with its check digits."""
    account = f"37040044{n:010d}"
    check = 98 - int(f"{account}131400") % 97
    return f"DE{check:02d}{account}"


UPPER = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
KINDS: dict[str, tuple[Callable[[int], str], str]] = {
    "nvidia": (lambda n: "nvapi-" + scramble(n, 48), "key {}"),
    "github": (lambda n: "gh" + "p_" + scramble(n, 36), "token {}"),
    "aws": (lambda n: "AK" + "IA" + scramble(n, 16, UPPER), "id {}"),
    "slack": (lambda n: "xo" + f"xb-{1000000000 + n}-{2000000000 + n}-{scramble(n, 24)}", "bot {}"),
    "jwt": (
        lambda n: "ey" + f"JhbGciOiJIUzI1NiJ9.eyJ{scramble(n, 30)}.{scramble(n + 1, 43)}",
        "sent {}",
    ),
    "pem": (
        lambda n: "-----BEGIN " + f"PRIVATE KEY-----\n{scramble(n, 60)}\n-----END PRIVATE KEY-----",
        "found\n{}\n",
    ),
    "password": (lambda n: "Pw" + scramble(n, 18), "password={}"),
    "password_zh": (lambda n: "Pz" + scramble(n, 18), "密碼：{}"),
    "bearer": (lambda n: scramble(n, 40), "Authorization: Bearer {}"),
    "url_password": (lambda n: "Pu" + scramble(n, 18), "postgres://app:{}@db.shop.svc:5432/orders"),
    "email": (lambda n: f"mei.lin{n}@corp{n}.example.com", "mail to {} bounced"),
    "ip_private": (lambda n: f"10.{n // 200 + 20}.{n % 200 + 20}.71", "from {} port 22"),
    "ip_public": (lambda n: f"93.{n // 200 + 20}.{n % 200 + 20}.34", "to {} timed out"),
    "ipv6": (lambda n: f"2001:db8:{n + 4096:x}::{n + 8192:x}", "route {} lost"),
    "card": (card, "paid with {} today"),
    "taiwan_id": (taiwan_id, "holder {} asked"),
    "iban": (iban, "account {} charged"),
    "phone": (lambda n: f"0912-{300 + n // 1000:03d}-{n % 1000:03d}", "call {} now"),
}
"""How a value is made, and the words round it."""

ENCODINGS: dict[str, Callable[[str, str], str]] = {
    "plain": lambda text, _: text,
    "json": lambda text, _: json.dumps({"msg": text}, ensure_ascii=False),
    "escaped_json": lambda text, _: json.dumps(json.dumps({"msg": text})),
    "ansi": lambda text, value: text.replace(value, f"\x1b[31m{value}\x1b[0m"),
    "chinese": lambda text, value: text.replace(value, f"{value}，請處理"),
    "base64": lambda text, value: f"{text} seen as {base64.b64encode(value.encode()).decode()}",
    "url": lambda text, value: f"{text} seen as ?q={quote(value, safe='')}",
}
"""What a text with its value becomes; an encoded value is found because it is also there plain."""


@dataclass(frozen=True)
class Planted:
    """One canary: what it is, where and how it is written, and the text that holds it."""

    kind: str
    field: str
    encoding: str
    value: str
    text: str

    @property
    def traces(self) -> set[bytes]:
        """What of it must be found nowhere: the value, bare and encoded, without its separators."""
        cores = {self.value, self.value.split("\n")[1] if "\n" in self.value else self.value}
        if self.kind in ("phone", "card"):
            cores.add(self.value.replace("-", ""))
        forms = {
            form
            for core in cores
            for form in (
                core,
                json.dumps(core)[1:-1],
                quote(core, safe=""),
                base64.b64encode(core.encode()).decode().rstrip("="),
                core.encode().hex(),
            )
        }
        return {form.encode() for form in forms}


def planted(
    fields: tuple[str, ...], *, encodings: tuple[str, ...] = (), start: int = 0
) -> Iterator[Planted]:
    """Yield a separate canary for each kind, field and encoding."""
    n = start
    for kind, (make, words) in KINDS.items():
        for field in fields:
            for encoding in encodings or tuple(ENCODINGS):
                n += 1
                value = make(n)
                text = ENCODINGS[encoding](words.format(value), value)
                yield Planted(kind, field, encoding, value, text)
