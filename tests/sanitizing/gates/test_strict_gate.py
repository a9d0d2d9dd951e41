"""The gate on bytes and the cleaning of answers: keys and canaries in any encoding."""

import base64
import json
from urllib.parse import quote

import pytest

from replay_assets.sanitizing.detect.own_rules import OwnRule
from replay_assets.sanitizing.detect.rules import RuleSet, shipped
from replay_assets.sanitizing.gates.strict_gate import (
    LONGEST_REACH,
    LONGEST_REMEMBERED,
    MOST_REMEMBERED,
    Known,
    clean_answer,
    gate_findings,
    mask_strict,
)

KEY = "FAKE/key+0123=4567 x"
CANARY = "CANARY-1f0a2b3c"
ENCODINGS = {
    "bare": lambda value: value,
    "json": lambda value: json.dumps(value)[1:-1],
    "json_twice": lambda value: json.dumps(json.dumps(value))[3:-3],
    "url": lambda value: quote(value, safe=""),
    "base64": lambda value: base64.b64encode(value.encode()).decode(),
    "base64_inside": lambda value: base64.b64encode(f"user:{value}@".encode()).decode(),
    "base64_shifted": lambda value: base64.b64encode(f"ab:{value}".encode()).decode(),
    "base64_url": lambda value: base64.urlsafe_b64encode(value.encode()).decode().rstrip("="),
}


BEFORE_URL = ["curl -u 'bob:'", "postgresql://u:" + "hunter22x@h/db can't"]


def test_an_end_is_searched_until_a_body_with_it_was_clean() -> None:
    """Only the end that was passed, of a complete body, is remembered as clean."""
    end = b',"more":"%b","note":"mei\\u0040example.com"}' % (b"x " * LONGEST_REACH)
    other = end.replace(b"example.com", b"example.org")
    known = Known()
    for _ in range(2):
        assert gate_findings(b'{"a":1' + end, known=known, end=end) == ["email"]
    known.add_end(end)
    assert gate_findings(b'{"a":1' + end, known=known, end=end) == []
    for unlike in (b"", end, other):
        assert gate_findings(b'{"a":1' + other, known=known, end=unlike) == ["email"]
    with pytest.raises(ValueError, match="char"):
        gate_findings(b'{"a":"1' + end, known=known, end=end)


def test_an_end_that_the_body_lacks_is_not_learned() -> None:
    """Only text that was searched is remembered."""
    end, known = b',"note":"%bmei\\u0040example.com"}' % (b"x " * LONGEST_REACH), Known()
    assert gate_findings(b'{"a":1}', known=known, end=end) == []
    assert gate_findings(b'{"a":1' + end, known=known, end=end) == ["email"]


@pytest.mark.parametrize("texts", [BEFORE_URL, BEFORE_URL[::-1]], ids=["before", "behind"])
def test_a_match_that_only_redacts_hides_nothing_after_it(texts: list[str]) -> None:
    """The value of `curl -u` ends at its quote, wherever that is; the URL after it is found."""
    body = json.dumps({"messages": [{"content": text} for text in texts]})
    known = Known()
    for _ in range(2):
        assert gate_findings(body, known=known) == ["url_password"]
    together = " ".join(texts)
    assert "hunter22x" not in clean_answer(together)


def test_with_an_own_pattern_every_end_is_searched() -> None:
    """A match of a deployment's own pattern may reach any distance."""
    far = OwnRule.model_validate(
        {
            "id": "far",
            "category": "FAR",
            "pattern": "(?P<value>begin.{300,400}end)",
            "example": "begin" + "x" * 300 + "end",
            "unlike": "begin",
            "strict": True,
        }
    )
    rules, known = RuleSet(shipped().tokens, (far,)), Known()
    end = b',"note":"%bend"}' % (b"x" * 300)
    for text, found in ((b"fine", []), (b"begin", ["far"])):
        body = b'{"a":"%b"' % text + end
        assert gate_findings(body, rules=rules, known=known, end=end) == found


@pytest.mark.parametrize("encode", ENCODINGS.values(), ids=ENCODINGS)
def test_a_key_or_a_canary_is_found_in_any_encoding(encode: object) -> None:
    """In a text, in a key, and in raw bytes."""
    for value, found in ((KEY, "api_key_in_use"), (CANARY, "canary")):
        encoded = encode(value)  # type: ignore[operator]
        for body in ({"a": [f"see {encoded} there"]}, {f"k{encoded}": 1}):
            sent = json.dumps(body)
            for form in (sent, sent.encode()):
                assert gate_findings(form, secrets=[KEY], canaries=[CANARY]) == [found]
            assert gate_findings(sent) == []


def test_a_body_that_is_not_json_raises() -> None:
    """The caller must not send it."""
    with pytest.raises(ValueError, match="Expecting"):
        gate_findings(b"{")


def test_a_key_that_is_too_short_is_not_searched_for() -> None:
    """Five characters occur in any text."""
    assert gate_findings('{"a": "abcde"}', secrets=["abcde"], canaries=[""]) == []


def test_numbers_and_escapes_hide_nothing() -> None:
    """A card may be sent as a number, a mail address with an escaped sign."""
    assert gate_findings('{"a": 4111111111111111}') == ["card"]
    assert gate_findings('{"a": "mei\\u0040example.com"}') == ["email"]


@pytest.mark.parametrize("before", ["", r"a \" and \\", r"\\\" \\"])
def test_a_key_named_twice_hides_nothing(before: str) -> None:
    """A reader keeps the last value, but the first is sent too, and its bytes are escaped."""
    body = '{"a": "' + before + r' mei\u0040example.com", "a": "fine"}'
    assert gate_findings(body) == ["email"]


def test_only_clean_text_is_remembered() -> None:
    """A text with a finding is found again; the number and length of kept texts is limited."""
    known = Known()
    for _ in range(2):
        assert gate_findings('{"a": "mei\\u0040example.com"}', known=known) == ["email"]
        assert gate_findings('{"b": "see below"}', known=known) == []
    assert known.unknown([b"b", b"see below", b"a"]) == [b"a"]
    known.add([b"x" * (LONGEST_REMEMBERED + 1)])
    assert known.unknown([b"x" * (LONGEST_REMEMBERED + 1)]) != []
    known.add([b"%d" % number for number in range(MOST_REMEMBERED)])
    assert known.unknown([b"see below"]) == [b"see below"]


@pytest.mark.parametrize("encode", ENCODINGS.values(), ids=ENCODINGS)
def test_a_key_is_removed_from_an_answer_in_any_encoding(encode: object) -> None:
    """An endpoint may echo its own Authorization header."""
    encoded = encode(KEY)  # type: ignore[operator]
    cleaned = clean_answer(f"bad key {encoded}, host 10.0.0.5", secrets=[KEY])
    assert gate_findings(json.dumps([cleaned]), secrets=[KEY]) == []
    assert "<MASKED_0>" in cleaned
    assert "10.0.0.5" in cleaned


def test_strict_matches_are_removed_from_an_answer_and_the_rest_stays() -> None:
    """An answer may name a host of the incident."""
    answer = {"plan": ["mail mei@example.com at 10.0.0.5", 3], "ok": None}
    assert mask_strict(answer) == {"plan": ["mail <MASKED_0> at 10.0.0.5", 3], "ok": None}
