"""Passwords as common generators make them, and how often a part of one survives sanitizing.

    python -m tests.sanitizing.generated_passwords

prints the share for each generator and each kind of text, of 1,000 passwords each.
"""

import base64
import json
import random
import shlex
import string
import sys
from collections.abc import Callable
from urllib.parse import quote, urlencode

import yaml

from replay_assets.sanitizing import IncidentSanitizer, sanitize_text

LETTERS = string.ascii_letters + string.digits
CORE_CHARACTERS = 6
Make = Callable[[random.Random], str]


def _of(alphabet: str, *lengths: int) -> Make:
    return lambda chance: "".join(chance.choices(alphabet, k=chance.choice(lengths)))


GENERATORS: dict[str, Make] = {
    "terraform": _of(LETTERS + "!@#$%&*()-_=+[]{}<>:?", 16, 20, 32),
    "django": _of("abcdefghijklmnopqrstuvwxyz0123456789!@#$%^&*(-_=+)", 50),
    "aws": _of(LETTERS + string.punctuation, 32),
    "rails": lambda chance: chance.randbytes(64).hex(),
    "kubernetes": lambda chance: chance.choice(
        [
            "".join(chance.choices("bcdfghjklmnpqrstvwxz2456789", k=16)),
            "".join(chance.choices(LETTERS, k=10)),
            base64.b64encode(chance.randbytes(24)).decode(),
        ]
    ),
}
"""random_password, get_random_secret_key, get-random-password, `rails secret`, Helm and kubeadm."""


def _leaf(password: str) -> str:
    return json.dumps(IncidentSanitizer().value({"db": {"password": password, "port": 5432}}))


TEXTS: dict[str, Callable[[str], str]] = {
    "json": lambda it: json.dumps({"user": "app", "password": it, "port": 5432}),
    "json in json": lambda it: json.dumps({"log": json.dumps({"db_password": it, "n": 1})}),
    "form": lambda it: urlencode({"user": "app", "password": it, "scope": "all"}),
    "query": lambda it: f"GET /login?user=app&password={quote(it)}&page=2 HTTP/1.1",
    "yaml": lambda it: yaml.safe_dump({"db": {"password": it, "port": 5432}}),
    "url": lambda it: f"dial postgres://app:{quote(it, safe='')}@db-0:5432/orders failed",
    "raw url": lambda it: f"dial postgres://app:{it}@db-0:5432/orders failed",
    "raw web url": lambda it: f"GET https://app:{it}@es-0:9200/_search failed",
    "shell": lambda it: f"export DB_PASSWORD={shlex.quote(it)} && ./migrate",
    "shell flag": lambda it: f"$ pg_dump --password={shlex.quote(it)} -h db orders",
    "shell beside": lambda it: f"$ vault login --password {shlex.quote(it)} -m x",
    "mysql": lambda it: f"+ mysql -u app -p{shlex.quote(it)} -h db orders",
    "env file": lambda it: f"DB_USER=app\nDB_PASSWORD={it}\nLOG_LEVEL=debug\n",
    "log": lambda it: f"2026-09-21T02:10:00Z WARN login failed user=app password={it} host=db-0",
    "log colon": lambda it: f"2026-09-21 02:10:00 retry with password: {it} and timeout 5s",
    "log repr": lambda it: f"ERROR connect(user='app', password={it!r}, timeout=5)",
}


def survives(password: str, clean: str) -> bool:
    """Return whether six consecutive characters of a password are in a text, plain or decoded."""
    last = max(1, len(password) - CORE_CHARACTERS + 1)
    cores = {password[at : at + CORE_CHARACTERS] for at in range(last)}
    encoded = quote(password, safe="")
    cores |= {encoded[at : at + 12] for at in range(len(encoded) - 11)}
    return any(core in clean for core in cores)


def leaks(generator: str, kind: str, count: int, seed: int = 20260921) -> list[tuple[str, str]]:
    """Return the passwords of which a part survives in one kind of text, each with its output."""
    chance = random.Random(f"{seed} {generator}")  # the same passwords for every kind of text
    made = [GENERATORS[generator](chance) for _ in range(count)]
    if kind == "json leaf":
        found = [(it, _leaf(it)) for it in made]
    else:
        found = [(it, sanitize_text(TEXTS[kind](it))) for it in made]
    return [(it, clean) for it, clean in found if survives(it, clean)]


KINDS = (*TEXTS, "json leaf")


def main() -> None:
    """Print the share of passwords that leave a part, by generator and kind of text."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    print(f"{'share that leaves a part':<26}" + "".join(f"{name:>12}" for name in GENERATORS))
    for kind in KINDS:
        shares = [len(leaks(name, kind, count)) / count for name in GENERATORS]
        print(f"{kind:<26}" + "".join(f"{share:12.2%}" for share in shares))


if __name__ == "__main__":
    main()
