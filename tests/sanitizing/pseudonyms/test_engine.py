"""One incident, one map: equal values get equal placeholders, and no found value is left."""

import json
from pathlib import Path
from typing import Any

import pytest

from replay_assets.sanitizing import IncidentSanitizer, sanitize_text
from replay_assets.sanitizing.gates.strict_gate import mask_strict, strict_findings
from tests.conftest import SAMPLES

PASSWORD = "FAKE-" + "orders-pw-1"
TOKEN = "nvapi-" + "FAKE0123456789"


@pytest.fixture
def sanitizer() -> IncidentSanitizer:
    """Return a sanitizer with a new map."""
    return IncidentSanitizer()


def test_equal_values_get_equal_placeholders_in_an_incident(sanitizer: IncidentSanitizer) -> None:
    """So a model still sees that two lines are about one host."""
    first = sanitizer.text("10.0.0.5 called 10.0.0.6")
    assert first == "<IP_PRIV_1> called <IP_PRIV_2>"
    assert sanitizer.text("10.0.0.6 failed") == "<IP_PRIV_2> failed"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Mei@Example.com", "mei@example.com"),
        ("4111 1111 1111 1111", "4111-1111-1111-1111"),
        ("+886 900 000 123", "0900-000-123"),
    ],
    ids=["email", "card", "phone"],
)
def test_spellings_of_one_value_are_one_value(
    sanitizer: IncidentSanitizer, one: str, other: str
) -> None:
    """Case, blanks and the country's prefix do not make it another person."""
    assert sanitizer.text(one) == sanitizer.text(other)


def test_public_private_and_documentation_addresses_are_distinguished(
    sanitizer: IncidentSanitizer,
) -> None:
    """Whether traffic came from outside is evidence; the address is not."""
    clean = sanitizer.text("10.0.0.5 8.8.8.8 203.0.113.7")
    assert clean == "<IP_PRIV_1> <IP_PUB_1> <IP_PUB_2>"


def test_a_second_incident_starts_its_own_count() -> None:
    """A placeholder must not link two incidents."""
    assert sanitize_text("10.0.0.5") == sanitize_text("10.9.9.9") == "<IP_PRIV_1>"


def test_what_looks_like_a_placeholder_in_raw_text_is_escaped(sanitizer: IncidentSanitizer) -> None:
    """Otherwise a text could pretend to name a value that was masked elsewhere."""
    clean = sanitizer.raw_text("logged <EMAIL_1> and mei@example.com")
    assert clean == "logged ‹EMAIL_1› and <EMAIL_1>"


def test_a_value_found_once_is_swept_from_every_other_text(sanitizer: IncidentSanitizer) -> None:
    """One line marks a password as such; the next contains it without a mark."""
    sanitizer.text(f"password={PASSWORD}")
    later = sanitizer.value({"log": [f"login with {PASSWORD} failed"], PASSWORD: "x"})
    assert sanitizer.sweep(later) == {
        "log": ["login with <CRED_1> failed"],
        "<CRED_1>": "x",
    }


@pytest.mark.parametrize("value", ["shop", "checkout"], ids=["short", "a plain word"])
def test_a_word_is_not_swept(sanitizer: IncidentSanitizer, value: str) -> None:
    """A password that is a word would remove that word from all of the evidence."""
    sanitizer.text(f"password={value}")
    assert sanitizer.sweep(f"the {value} service") == f"the {value} service"


@pytest.mark.parametrize(
    "key",
    ["password", "DB_PASSWORD", "dbPassword", "PGPASSWORD", "api-key", "accessToken", "資料庫密碼"],
)
@pytest.mark.parametrize("leaf", ["x", PASSWORD, 482913], ids=["short", "text", "number"])
def test_a_leaf_under_a_secret_key_is_masked_completely(
    sanitizer: IncidentSanitizer, key: str, leaf: object
) -> None:
    """Whatever it looks like: its key marks it as a secret."""
    assert sanitizer.value({"env": {key: leaf}}) == {"env": {key: "<CRED_1>"}}


@pytest.mark.parametrize(
    ("key", "leaf"),
    [("tokens", "many words"), ("secretary", "Mei"), ("password", None), ("password", True)],
)
def test_a_leaf_under_a_similar_key_stays(
    sanitizer: IncidentSanitizer, key: str, leaf: object
) -> None:
    """Part of a word and a flag are not secrets."""
    assert sanitizer.value({key: leaf}) == {key: leaf}


@pytest.mark.parametrize(
    ("leaf", "clean"),
    [
        (4111111111111111, "<CARD_1>"),
        (42, 42),
        (0.94, 0.94),
        (True, True),
        (None, None),
        (float("nan"), "nan"),
    ],
    ids=["card", "integer", "float", "boolean", "null", "nan"],
)
def test_numbers_are_leaves_too(sanitizer: IncidentSanitizer, leaf: object, clean: object) -> None:
    """A card number without quotes is a card number; other values keep their type."""
    assert sanitizer.value([leaf]) == [clean]


def test_keys_are_sanitized_as_leaves_are(sanitizer: IncidentSanitizer) -> None:
    """A map from address to count puts the address into the key."""
    assert sanitizer.value({"10.0.0.5": {"mei@example.com": 2}}) == {
        "<IP_PRIV_1>": {"<EMAIL_1>": 2}
    }


def test_punctuation_in_a_quoted_password_does_not_end_it(
    sanitizer: IncidentSanitizer,
) -> None:
    """A value in quotes ends at the quote, not at its first bracket."""
    secret = "FAKE(" + "pw)&1;x"
    assert sanitizer.text(f'"password": "{secret}", "a": 1') == '"password": "<CRED_1>", "a": 1'


def test_text_before_a_masked_value_is_masked_too() -> None:
    """Two secrets in one run of characters: masking the second must not hide the first."""
    clean = sanitize_text("密碼：" + f"FAKE-one,token={PASSWORD}")
    assert "FAKE" not in clean
    assert sanitize_text(clean) == clean


def test_half_a_surrogate_pair_can_be_written(sanitizer: IncidentSanitizer) -> None:
    """JSON can contain what UTF-8 can't: one such escape must not fail the whole day."""
    assert sanitizer.value(json.loads(r'{"a": "cut \ud83d"}')) == {"a": "cut ?"}


def test_only_strict_rules_mask_a_response() -> None:
    """An answer may name a host of the incident; a key or a person in it is masked."""
    answer = {"plan": [f"use {TOKEN} on 10.0.0.5", 3], "ok": True}
    assert mask_strict(answer) == {"plan": ["use <MASKED_0> on 10.0.0.5", 3], "ok": True}
    assert mask_strict("kept <CRED_1>") == "kept <CRED_1>"


def _texts(path: Path) -> list[str]:
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    texts: list[Any] = [value for row in rows for value in row.values() if value is not None]
    return [v if isinstance(v, str) else json.dumps(v, ensure_ascii=False) for v in texts]


@pytest.mark.parametrize("path", sorted(SAMPLES.glob("*.jsonl")), ids=lambda path: path.stem)
def test_sanitized_samples_contain_no_strict_match(path: Path) -> None:
    """Every planted secret is marked FAKE or EXAMPLE: none is left; a second pass is idle."""
    texts = _texts(path)
    assert texts
    for text in texts:
        clean = sanitize_text(text)
        assert strict_findings(clean) == []
        assert "FAKE" not in clean
        assert sanitize_text(clean) == clean


@pytest.mark.parametrize(
    "text",
    [
        '"namespace": "ask-holmes-namespace-45"',
        """kubectl patch service mongodb-geo -n hotel -p '{"spec":{"ports":[{"port":27017}]}}'""",
        r"""kubectl patch service mongodb-geo --type='json' -p='[{\"op\": \"remove\"}]' """,
        "https://img.example/3153333/143552468-ff573f1a-19a6-44ea-9c85-631687d01bf9.png",
        "recommendationservice-6cfdd55578-gfj6q: cpu 48.1->63.2",
        "AUTH0_DOMAIN=dev-r0alk1x87r7luw3z.us.auth0.com",
        "Back-off restarting failed container app in pod task-0a1b2c3d4e5f6a7b",
    ],
)
def test_what_was_once_masked_by_mistake_stays(text: str) -> None:
    """Seen when the masked text of 145 real incidents was read row by row."""
    assert sanitize_text(text) == text


def test_a_data_source_name_keeps_its_host_and_its_user() -> None:
    """In Go's form only the password is masked."""
    text = "DSN=catalogue_user:FAKE-pw1@tcp(catalogue-db:3306)/socksdb"
    assert sanitize_text(text) == text.replace("FAKE-pw1", "<CRED_1>")
