"""The gate by itself: what it refuses, how it fails, and what it takes out of what comes back."""

import base64
import json
from urllib.parse import quote

import pytest

from replay_assets.inference.chat import gate as gate_module
from replay_assets.inference.chat.gate import SendingGate

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
    """A request's body with one message."""
    return json.dumps({"messages": [{"role": "user", "content": content}]}).encode()


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize(
    ("value", "rule"),
    [(KEY, "api_key_in_use"), (OTHER, "api_key_in_use"), (CANARY, "canary")],
    ids=["this_candidates_key", "another_candidates_key", "canary"],
)
def test_a_key_or_a_canary_is_refused_in_any_encoding(encoding: str, value: str, rule: str) -> None:
    """All keys that the run knows: evidence may quote that of another endpoint."""
    gate = SendingGate(secrets=[KEY, OTHER], canaries=[CANARY])
    assert rule in gate.refusals(body(f"log: {ENCODINGS[encoding](value)} end"))


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_no_form_of_a_key_stays_in_what_comes_back(encoding: str) -> None:
    """An endpoint may echo its headers, also in base64, in any field of any body."""
    form = ENCODINGS[encoding](KEY)
    cleaned = SendingGate(secrets=[KEY]).cleaned({"error": [f"bad header {form}"], form: 1})
    assert KEY[:20] not in json.dumps(cleaned)
    assert form not in json.dumps(cleaned)
    assert "bad header" in json.dumps(cleaned)


def test_what_a_strict_rule_finds_in_an_answer_is_masked() -> None:
    """A model may make up, or remember, a key that is somebody's."""
    found = "nvapi-" + "FAKE0123456789"
    assert found not in str(SendingGate().cleaned({"a": f"use {found} now"}))


def test_clean_text_passes_and_comes_back_unchanged() -> None:
    """Else nothing would ever be sent."""
    gate = SendingGate(secrets=[KEY], canaries=[CANARY])
    text = "排程失敗 0/3 nodes, password=<CRED_1> from <IP_PRIV_1>"
    assert gate.refusals(body(text)) == []
    assert gate.cleaned({"a": [text, 1, None]}) == {"a": [text, 1, None]}


def test_a_body_that_is_too_large_is_refused_unseen(monkeypatch: pytest.MonkeyPatch) -> None:
    """What nobody looked at is not sent."""
    monkeypatch.setattr(gate_module, "LARGEST_BODY_BYTES", 100)
    assert SendingGate().refusals(body("x" * 100)) == ["gate_oversize"]


def test_a_look_that_takes_too_long_is_a_refusal(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody knows what a machine that is starved would have seen."""
    monkeypatch.setattr(gate_module, "LONGEST_LOOK_S", -1.0)
    assert SendingGate().refusals(body("x")) == ["gate_timeout"]


@pytest.mark.parametrize("content", [b"\xff\xfe", b"{not json"], ids=["no_utf8", "no_json"])
def test_a_look_that_fails_is_a_refusal(content: bytes) -> None:
    """The kind of error is named; its text, which may quote the body, is not."""
    (found,) = SendingGate().refusals(content)
    assert found in ("gate_error:UnicodeDecodeError", "gate_error:JSONDecodeError")


def test_a_gate_does_not_show_what_it_guards() -> None:
    """It stands in stack traces and debuggers."""
    assert "FAKE" not in repr(SendingGate(secrets=[KEY], canaries=[CANARY]))
