"""The sending gate alone: what it blocks, how it fails, and what it removes from responses."""

import base64
import json
from urllib.parse import quote

import pytest

from replay_assets.inference.chat import sending_gate
from replay_assets.inference.chat.sending_gate import SendingGate

KEY = "FAKE+" + "plain/key-without-a-vendor"
OTHER = "FAKE-" + "another-candidates-key"
CANARY = "canary" + "-7f3a-FAKE"

ENCODINGS = {
    "plain": lambda key: key,
    "url": lambda key: quote(key, safe=""),
    "base64": lambda key: base64.b64encode(key.encode()).decode(),
    "base64_url": lambda key: base64.urlsafe_b64encode(key.encode()).decode(),
    "basic_auth_1": lambda key: base64.b64encode(f"u:{key}".encode()).decode(),
    "basic_auth_2": lambda key: base64.b64encode(f"user:{key}:x".encode()).decode(),
    "basic_auth_3": lambda key: base64.b64encode(f"usr:{key}@".encode()).decode(),
    "hex": lambda key: key.encode().hex(),
}


def body(content: str) -> bytes:
    """Return a request's body with one message."""
    return json.dumps({"messages": [{"role": "user", "content": content}]}).encode()


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize(
    ("value", "rule"),
    [(KEY, "api_key_in_use"), (OTHER, "api_key_in_use"), (CANARY, "canary")],
    ids=["this_candidates_key", "another_candidates_key", "canary"],
)
def test_a_key_or_a_canary_is_blocked_in_any_encoding(encoding: str, value: str, rule: str) -> None:
    """All keys known to the run: evidence may quote the key of another endpoint."""
    gate = SendingGate(secrets=[KEY, OTHER], canaries=[CANARY])
    assert rule in gate.findings(body(f"log: {ENCODINGS[encoding](value)} end"))


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_no_form_of_a_key_stays_in_a_response(encoding: str) -> None:
    """An endpoint may echo its headers, also in base64, in any field of any body."""
    form = ENCODINGS[encoding](KEY)
    cleaned = SendingGate(secrets=[KEY]).cleaned({"error": [f"bad header {form}"], form: 1})
    assert KEY[:20] not in json.dumps(cleaned)
    assert form not in json.dumps(cleaned)
    assert "bad header" in json.dumps(cleaned)


def test_a_strict_match_in_an_answer_is_masked() -> None:
    """A model may invent, or remember, a key that is in use somewhere."""
    found = "nvapi-" + "FAKE0123456789"
    assert found not in str(SendingGate().cleaned({"a": f"use {found} now"}))


def test_clean_text_passes_and_stays_unchanged() -> None:
    """Otherwise nothing would ever be sent."""
    gate = SendingGate(secrets=[KEY], canaries=[CANARY])
    text = "排程失敗 0/3 nodes, password=<CRED_1> from <IP_PRIV_1>"
    assert gate.findings(body(text)) == []
    assert gate.cleaned({"a": [text, 1, None]}) == {"a": [text, 1, None]}


def test_a_body_that_is_too_large_is_blocked_without_a_search(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A body that was not searched is not sent."""
    monkeypatch.setattr(sending_gate, "LARGEST_BODY_BYTES", 100)
    assert SendingGate().findings(body("x" * 100)) == ["gate_oversize"]


def test_a_search_that_takes_too_long_blocks_the_body(monkeypatch: pytest.MonkeyPatch) -> None:
    """The result of a search on an overloaded machine is not safe."""
    monkeypatch.setattr(sending_gate, "LONGEST_LOOK_S", -1.0)
    assert SendingGate().findings(body("x")) == ["gate_timeout"]


@pytest.mark.parametrize("content", [b"\xff\xfe", b"{not json"], ids=["no_utf8", "no_json"])
def test_a_search_that_fails_blocks_the_body(content: bytes) -> None:
    """The type of the error is named; its text, which may quote the body, is not."""
    (found,) = SendingGate().findings(content)
    assert found in ("gate_error:UnicodeDecodeError", "gate_error:JSONDecodeError")


def test_a_gate_does_not_show_its_keys_and_canaries() -> None:
    """It appears in stack traces and debuggers."""
    assert "FAKE" not in repr(SendingGate(secrets=[KEY], canaries=[CANARY]))
