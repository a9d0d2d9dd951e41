"""One value, one placeholder: in any spelling and encoding, anywhere in the incident."""

import base64
import json
import re
from urllib.parse import quote

import pytest

from replay_assets.sanitizing import Finding, IncidentSanitizer
from replay_assets.sanitizing.pseudonyms.pseudonym_map import canonical_form, forms, is_swept

SECRET = 'FAKE-pw/1 +"x\\y'
ENCODINGS = {
    "bare": SECRET,
    "json": json.dumps(SECRET)[1:-1],
    "json_twice": json.dumps(json.dumps(SECRET)[1:-1])[1:-1],
    "url": quote(SECRET, safe=""),
    "url_lower": re.sub("%..", lambda code: code.group().lower(), quote(SECRET, safe="")),
    "base64": base64.b64encode(SECRET.encode()).decode(),
    "base64_shifted_1": base64.b64encode(f"a:{SECRET}:b".encode()).decode(),
    "base64_shifted_2": base64.b64encode(f"{SECRET}:b".encode()).decode(),
    "base64_url": base64.urlsafe_b64encode(f"ab:{SECRET}".encode()).decode(),
}


@pytest.fixture
def sanitizer() -> IncidentSanitizer:
    """Return a sanitizer with a new map."""
    return IncidentSanitizer()


@pytest.mark.parametrize("encoded", ENCODINGS.values(), ids=ENCODINGS)
def test_a_value_is_swept_in_any_encoding(sanitizer: IncidentSanitizer, encoded: str) -> None:
    """A password found once under its key is also removed from a stack trace or encoded header."""
    sanitizer.value({"password": SECRET})
    clean = sanitizer.sweep({"log": [f"before {encoded} after", encoded]})
    assert clean == {"log": ["before <CRED_1> after", "<CRED_1>"]}


@pytest.mark.parametrize(
    "text",
    [
        "password=FAKE-hunter-22",
        'password="FAKE-hunter-22"',
        "kind: Secret\ndata:\n  p: " + base64.b64encode(b"FAKE-hunter-22").decode(),
        "postgres://app:FAKE%2Dhunter%2D22@db/x",
        '{"password": "FAKE\\u002dhunter-22"}',
    ],
    ids=["bare", "quoted", "base64", "url", "json"],
)
def test_spellings_of_a_secret_share_a_placeholder(sanitizer: IncidentSanitizer, text: str) -> None:
    """A Secret contains in base64 what the environment contains as plain text."""
    sanitizer.text("DB_PASSWORD=FAKE-hunter-22")
    clean = sanitizer.text(text)
    assert "<CRED_1>" in clean
    assert len(sanitizer.findings()) == 1


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("10.0.3.71", "ip-10-0-3-71.ec2.internal"),
        ("10.0.3.71", "::ffff:10.0.3.71"),
        ("2001:470:0:0:0:0:0:1", "2001:470::1"),
        ("+1 415 555 0132", "(415) 555-0132"),
        ("(02) 2345-6789", "+886 2 2345 6789"),
        ("GB82 WEST 1234 5698 7654 32", "GB82WEST12345698765432"),
    ],
)
def test_spellings_of_an_address_or_a_number_are_one_value(
    sanitizer: IncidentSanitizer, one: str, other: str
) -> None:
    """The map stores canonical values."""
    assert sanitizer.text(one) == sanitizer.text(other)


def test_a_number_is_not_swept_out_of_a_longer_one(sanitizer: IncidentSanitizer) -> None:
    """10.0.3.71 is not a part of 110.0.3.712."""
    sanitizer.text("10.0.3.71")
    assert sanitizer.sweep("v110.0.3.712 and x10.0.3.71x") == "v110.0.3.712 and x<IP_PRIV_1>x"


def test_the_sweep_does_not_change_placeholders(sanitizer: IncidentSanitizer) -> None:
    """A value that looks like the inside of a placeholder must not be replaced in one."""
    sanitizer.value({"password": "CRED_1x", "pwd": "CRED_1234"})
    assert sanitizer.sweep("<CRED_1234> CRED_1234") == "<CRED_1234> <CRED_2>"


def test_ordinals_follow_the_order_of_a_text(sanitizer: IncidentSanitizer) -> None:
    """Numbers do not follow the order of the rules."""
    clean = sanitizer.text("a token=FAKE-1234 b password=FAKE-5678 c token=FAKE-1234")
    assert clean == "a token=<CRED_1> b password=<CRED_2> c token=<CRED_1>"


def test_findings_name_the_rule_that_found_each_value(sanitizer: IncidentSanitizer) -> None:
    """For the audit, which never writes the value itself, and for mapping labels."""
    sanitizer.text("Mei@Example.com from 10.0.3.71")
    sanitizer.text("mei@example.com")
    assert sanitizer.findings() == (
        Finding("EMAIL", "email", "mei@example.com", "<EMAIL_1>"),
        Finding("IP_PRIV", "ipv4", "10.0.3.71", "<IP_PRIV_1>"),
    )


def test_a_label_is_pseudonymized_with_the_map(sanitizer: IncidentSanitizer) -> None:
    """Known values become their placeholders, others stay, and nothing is added to the map."""
    sanitizer.text("10.0.3.71 password=FAKE-hunter-22")
    label = "ip-10-0-3-71 and 10.0.3.72, with FAKE-hunter-22"
    assert sanitizer.pseudonymized(label) == "<IP_PRIV_1> and 10.0.3.72, with <CRED_1>"
    assert len(sanitizer.findings()) == 2


def test_the_shape_around_a_leaf_can_make_it_a_secret(sanitizer: IncidentSanitizer) -> None:
    """A Secret's sections, a name with its value, and keys below a secret's name."""
    clean = sanitizer.value(
        [
            {"kind": "Secret", "data": {"extra": "RkFLRS1l"}, "metadata": {"name": "orders-db"}},
            {"name": "DB_PASSWORD", "value": "FAKE-1"},
            {"name": "REPLICAS", "value": "three"},
            {"passwords": ["FAKE-0123456789abcdef"], "token": "${TOKEN}"},
        ]
    )
    assert clean == [
        {"kind": "Secret", "data": {"extra": "<CRED_1>"}, "metadata": {"name": "orders-db"}},
        {"name": "DB_PASSWORD", "value": "<CRED_2>"},
        {"name": "REPLICAS", "value": "three"},
        {"passwords": ["<CRED_3>"], "token": "${TOKEN}"},
    ]


@pytest.mark.parametrize(
    ("value", "swept"), [("shop", False), ("checkout", False), ("FAKE-123", True)]
)
def test_words_and_short_values_are_not_swept(value: str, swept: bool) -> None:
    """A password that is a word would remove that word from all of the evidence."""
    assert is_swept(value) is swept


def test_forms_are_returned_longest_first_and_once() -> None:
    """The longest form found at a place is the one that is replaced."""
    found = [form for form, _ in forms(SECRET)]
    assert len(found) == len(set(found))
    assert [len(form) for form in found] == sorted(map(len, found), reverse=True)
    assert canonical_form("CRED", base64.b64encode(b"FAKE text").decode()) == "FAKE text"
