"""The output of sanitizing over a fixed corpus, pinned together with RULES_VERSION.

Packs name the version and the digest of the rules that made them, not their source code. If the
output changed and the version did not, packs of two kinds would be called the same.
"""

import base64
import hashlib
import json
import random
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import pytest

from replay_assets.sanitizing import IncidentSanitizer, RuleSet
from replay_assets.sanitizing.detect import rules as rules_module
from replay_assets.sanitizing.detect.own_rules import SoftCategories
from replay_assets.sanitizing.detect.rules import RULES_VERSION, rules_digest, shipped

GOLDEN = {
    "2": "3efcea0ba84d0412f8fa139b6cb872e036c2d88d7b9015bef17100efdaa369ad",
    "3": "200fa38596bd37bfb1841a605f58e58abe14b84234c6f09a6bc78b936eb87c16",
}
"""Hash of the output by RULES_VERSION, earlier versions included: no two are equal."""

SOFT = RuleSet(
    shipped().tokens,
    soft=SoftCategories(
        host_names=True, mac_addresses=True, user_paths=True, persons=("王小明", "Alice Chen")
    ),
)
NUMBERS = "0123456789"
LETTERS = "abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ"
KEYS = (
    *("password", "DB_PASSWORD", "api-key", "clientSecret", "token_ttl", "secretName", "密碼"),
    *("Authorization", "Set-Cookie", "x-api-key", "private_key", "connection string", "session_id"),
)
SURROUNDINGS = (
    "{}",
    "login failed: {} (try again)",
    "值班人員貼上 {} 之後重試",
    "[31m{}[0m retried",
    "GET /v1/items?key={}&page=2 HTTP/1.1",
    "kind: Secret\nmetadata:\n  name: web\ndata:\n  extra: {}\n",
    "-----BEGIN RSA " + "PRIVATE KEY-----\n{}\n-----END RSA " + "PRIVATE KEY-----",
)


def fake(chance: random.Random, length: int, alphabet: str = LETTERS + NUMBERS) -> str:
    """A made-up value that is marked as one."""
    return "FAKE" + "".join(chance.choices(alphabet, k=length))


def values(chance: random.Random) -> Iterator[str]:
    """Made-up secrets, personal data and what only looks like them, built when the test runs."""
    for rule in shipped().tokens:
        start = chance.choice(rule.starts)
        body = fake(chance, chance.choice([4, 12, 28, 36, 60]))
        yield f"{chance.choice(['', fake(chance, 12)])}{start}{body}"
    for key in KEYS:
        for form in ("{}={}", "{}: {}", '"{}": "{}"', "--{} {}", "{}：{}", "export {}='{}'"):
            yield form.format(key, fake(chance, chance.choice([2, 6, 18])))
    for _ in range(30):
        digits = "".join(chance.choices(NUMBERS, k=16))
        octets = ".".join(str(chance.randrange(256)) for _ in range(4))
        words = f"{chance.choice(LETTERS).upper()}{chance.choice('12')}{digits[:8]}"
        yield from (
            f"{fake(chance, 5)}@example.com",
            octets,
            f"{octets}:5432",
            "10." + octets.partition(".")[2],
            "2001:db8::" + digits[:4],
            f"0900-{digits[:3]}-{digits[3:6]}",
            f"+886 2 2700 {digits[:4]}",
            digits,
            "4111" + digits[:12],
            "4111 1111 1111 1111",
            words,
            f"postgres://app:{fake(chance, 10)}@db.example.internal:5432/orders",
            f"https://hooks.example.com/services/{fake(chance, 24)}?sig={fake(chance, 20)}",
            f"Bearer {fake(chance, 30)}",
            f"v{digits[0]}.{digits[1]}.{digits[2]} build {digits[3:9]}",
            hashlib.sha256(digits.encode()).hexdigest(),
            f"00:1a:2b:3c:4d:{digits[:2]} /home/alice.chen/{digits[:3]} 王小明",
            f"web-{digits[:5]}.prod.corp.example.com took {digits[:3]} ms at 2026-09-21T06:10:00Z",
        )


def encoded(chance: random.Random, text: str) -> str:
    """A text in one of the forms in which it may come."""
    form = chance.randrange(6)
    if form == 0:
        return json.dumps({"log": text, "n": 1})
    if form == 1:
        return json.dumps(json.dumps({"内容": text}, ensure_ascii=False))
    if form == 2:
        return quote(text)
    if form == 3:
        return base64.b64encode(text.encode()).decode()
    return text


def corpus() -> list[str]:
    """Some thousand texts, the same on every run and every machine."""
    chance = random.Random(20260921)
    single = list(values(chance))
    texts = [
        encoded(chance, surroundings.format(value))
        for value in single
        for surroundings in chance.sample(SURROUNDINGS, 2)
    ]
    mixed = [" ".join(chance.sample(single, 5)) for _ in range(200)]
    return [*single, *texts, *mixed]


def output_hash(*rule_sets: RuleSet) -> str:
    """The hash of everything that sanitizing makes of the corpus: texts, placeholders, rules."""
    seen = hashlib.sha256()
    texts = corpus()
    for rules in rule_sets:
        for at in range(0, len(texts), 10):
            sanitizer = IncidentSanitizer(rules)
            incident: dict[str, Any] = {"labels": {"text": texts[at]}, "log": texts[at : at + 10]}
            clean = sanitizer.sweep(sanitizer.value(incident))
            found = [(one.placeholder, one.category, one.rule_id) for one in sanitizer.findings()]
            seen.update(json.dumps([clean, found]).encode())
    return seen.hexdigest()


def complaint(found: str) -> str | None:
    """Return what is wrong with the version, the output and the pinned hashes, and the way out."""
    if GOLDEN.get(RULES_VERSION) == found and len(set(GOLDEN.values())) == len(GOLDEN):
        return None
    if RULES_VERSION not in GOLDEN:
        if found in GOLDEN.values():
            return (
                f"RULES_VERSION is {RULES_VERSION}, but the output is that of an earlier version: "
                "set it back, so that packs stay current."
            )
        return f'RULES_VERSION is new: add "{RULES_VERSION}": "{found}" to GOLDEN in this file.'
    return (
        f"The output of sanitizing has changed (its hash is {found}), but RULES_VERSION is still "
        f"{RULES_VERSION}: packs made before would be called current. If the change is meant, "
        "raise RULES_VERSION in replay_assets/sanitizing/detect/rules.py and add version and hash "
        "to GOLDEN in this file; earlier packs then become stale. If not, undo it."
    )


def test_the_output_changes_only_with_the_version() -> None:
    """The same texts and the same version give the same output, to the byte."""
    assert (problem := complaint(output_hash(shipped(), SOFT))) is None, problem


def test_a_change_of_output_is_noticed_and_says_what_to_do() -> None:
    """This shows that the test above can fail: one rule of 230 is gone."""
    fewer = RuleSet(shipped().tokens[1:])
    assert "raise RULES_VERSION" in str(complaint(output_hash(fewer, SOFT)))


def test_the_corpus_holds_each_category_and_each_token_rule() -> None:
    """What the corpus does not hold could change unnoticed."""
    found = [one for text in corpus() for one in (SOFT.spans(text.encode()))]
    assert {one.category for one in found} >= {
        "CRED", "EMAIL", "IP_PRIV", "IP_PUB", "PHONE", "CARD", "NATIONAL_ID", "PERSON", "HOST",
    }  # fmt: skip


def test_the_digest_follows_the_version_and_the_data_but_not_the_examples(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A changed comment or example leaves every past day as it is; a changed rule does not."""
    before = rules_digest()
    first, *others = shipped().tokens

    def digest(**changes: Any) -> str:
        return rules_digest(RuleSet((type(first)(**{**fields_of(first), **changes}), *others)))

    def fields_of(rule: Any) -> dict[str, Any]:
        return {name: getattr(rule, name) for name in type(rule).__dataclass_fields__}

    assert digest(example="FAKE4other", unlike="x") == before
    assert digest(body="[a-z]{99}") != before
    monkeypatch.setattr(rules_module, "RULES_VERSION", "next")
    assert rules_digest() != before
