"""One value, one placeholder: in any spelling, in any clothes, anywhere in the incident."""

import base64
import json
import re
from urllib.parse import quote

import pytest

from replay_assets.sanitizing import Finding, IncidentSanitizer
from replay_assets.sanitizing.pseudonyms.pseudonym_map import canonical_form, forms, is_swept

SECRET = 'FAKE-pw/1 +"x\\y'
CLOTHES = {
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
    """A map of its own for each test."""
    return IncidentSanitizer()


@pytest.mark.parametrize("worn", CLOTHES.values(), ids=CLOTHES)
def test_a_value_is_swept_in_any_clothes(sanitizer: IncidentSanitizer, worn: str) -> None:
    """A password seen once under its key is gone from the stack trace and the encoded header."""
    sanitizer.value({"password": SECRET})
    clean = sanitizer.sweep({"log": [f"before {worn} after", worn]})
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
    """What a Secret holds in base64 is what the environment holds in the clear."""
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
    """The map holds canonical values."""
    assert sanitizer.text(one) == sanitizer.text(other)


def test_a_number_is_not_swept_out_of_a_longer_one(sanitizer: IncidentSanitizer) -> None:
    """10.0.3.71 is no part of 110.0.3.712."""
    sanitizer.text("10.0.3.71")
    assert sanitizer.sweep("v110.0.3.712 and x10.0.3.71x") == "v110.0.3.712 and x<IP_PRIV_1>x"


def test_the_sweep_leaves_placeholders_whole(sanitizer: IncidentSanitizer) -> None:
    """A value that reads like the inside of a placeholder must not nest in one."""
    sanitizer.value({"password": "CRED_1x", "pwd": "CRED_1234"})
    assert sanitizer.sweep("<CRED_1234> CRED_1234") == "<CRED_1234> <CRED_2>"


def test_ordinals_follow_the_order_of_a_text(sanitizer: IncidentSanitizer) -> None:
    """Not the order of the rules."""
    clean = sanitizer.text("a token=FAKE-1234 b password=FAKE-5678 c token=FAKE-1234")
    assert clean == "a token=<CRED_1> b password=<CRED_2> c token=<CRED_1>"


def test_findings_name_what_found_each_value(sanitizer: IncidentSanitizer) -> None:
    """For the audit, which never writes the value itself, and for mapping labels."""
    sanitizer.text("Mei@Example.com from 10.0.3.71")
    sanitizer.text("mei@example.com")
    assert sanitizer.findings() == (
        Finding("EMAIL", "email", "mei@example.com", "<EMAIL_1>"),
        Finding("IP_PRIV", "ipv4", "10.0.3.71", "<IP_PRIV_1>"),
    )


def test_a_label_is_read_through_the_map(sanitizer: IncidentSanitizer) -> None:
    """Known values become their placeholders, others stay, and nothing new enters the map."""
    sanitizer.text("10.0.3.71 password=FAKE-hunter-22")
    label = "ip-10-0-3-71 and 10.0.3.72, with FAKE-hunter-22"
    assert sanitizer.pseudonymized(label) == "<IP_PRIV_1> and 10.0.3.72, with <CRED_1>"
    assert len(sanitizer.findings()) == 2


def test_what_a_shape_says_of_a_leaf_counts(sanitizer: IncidentSanitizer) -> None:
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
    """A password that is a word would take that word out of the whole evidence."""
    assert is_swept(value) is swept


def test_forms_come_longest_first_and_once() -> None:
    """The longest form that stands somewhere is the one that goes."""
    found = [form for form, _ in forms(SECRET)]
    assert len(found) == len(set(found))
    assert [len(form) for form in found] == sorted(map(len, found), reverse=True)
    assert canonical_form("CRED", base64.b64encode(b"FAKE text").decode()) == "FAKE text"
