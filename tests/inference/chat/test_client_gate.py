"""The gate on bytes: a body with a secret is blocked, and the server receives nothing."""

import asyncio
import json
from typing import Any

import pytest

from replay_assets.errors import ConfigurationError
from replay_assets.inference.call.failures import GateBlockedError
from replay_assets.inference.chat.client import ChatClient
from replay_assets.inference.chat.sending_gate import SendingGate
from tests.inference.scripted_server import Script, candidate, status

PLAIN_KEY = "FAKE-" + "plain-key-without-a-vendor"


def send(server: Script, content: str, *, api_key: str | None = None) -> None:
    """Send one message."""

    async def run() -> None:
        async with ChatClient(candidate(server.base_url), api_key=api_key) as client:
            await client.complete([{"role": "user", "content": content}])

    asyncio.run(run())


@pytest.mark.parametrize(
    ("rule", "content"),
    [
        ("token.nvidia", "key nvapi-" + "FAKE0123456789"),
        ("email", "ask mei@example.com"),
        ("card", "paid with\n4111 1111 1111 1111"),
        ("taiwan_id", "of\tA123456789"),
        ("taiwan_phone", "call\n0900-000-123"),
        ("url_password", "postgres://app:" + "FAKE-pw@db/x"),
        ("pem", "-----BEGIN " + "PRIVATE KEY-----\nFAKE\n<EMAIL_1>"),
        ("authorization", '{"Authorization": "Basic ' + 'RkFLRQ=="}'),
    ],
)
def test_a_body_with_a_secret_is_not_sent(server: Script, rule: str, content: str) -> None:
    """The error names the rule but not the value, and nothing has left the machine."""
    server.answers("never")
    with pytest.raises(GateBlockedError, match=rule) as caught:
        send(server, content)
    assert "FAKE" not in str(caught.value)
    assert "4111" not in str(caught.value)
    assert server.bodies == []


def test_the_key_in_use_is_never_part_of_a_body(server: Script) -> None:
    """A key that no vendor's rule matches, quoted in the evidence."""
    server.answers("never")
    with pytest.raises(GateBlockedError, match="api_key_in_use") as caught:
        send(server, f"log: {PLAIN_KEY}", api_key=PLAIN_KEY)
    assert PLAIN_KEY not in str(caught.value)
    assert server.bodies == []


@pytest.mark.parametrize(
    "content",
    ["password=<CRED_1> from <IP_PRIV_1> by <EMAIL_2>", "host 10.0.0.5", "排程失敗 0/3 nodes"],
    ids=["placeholders", "address", "chinese"],
)
def test_sanitized_text_passes(server: Script, content: str) -> None:
    """A match that only redacts, such as an address, does not stop a request."""
    server.answers("x")
    send(server, content)
    assert server.bodies[0]["messages"][0]["content"] == content


@pytest.mark.parametrize("key", ["FAKE\nkey", "FAKE鑰"], ids=["line_feed", "chinese"])
def test_a_key_not_allowed_in_a_header_is_rejected_and_not_shown(server: Script, key: str) -> None:
    """The library's own error would print the header with the key."""
    server.answers("never")
    with pytest.raises(ConfigurationError, match="not allowed in an HTTP header") as caught:
        send(server, "x", api_key=key)
    assert "FAKE" not in str(caught.value)
    assert server.bodies == []


class Watched(SendingGate):
    """A gate that remembers each body it is given."""

    def __init__(self) -> None:
        super().__init__()
        self.shown: list[Any] = []

    def findings(self, body: bytes, *, end: bytes = b"") -> list[str]:
        self.shown.append(json.loads(body))
        return super().findings(body, end=end)


@pytest.mark.usefixtures("no_waits")
def test_each_body_that_is_sent_was_checked_by_the_gate(server: Script) -> None:
    """A body in another form is checked too; a retry of the same bytes is checked only once."""
    gate = Watched()

    async def run() -> None:
        one = candidate(server.base_url)
        async with ChatClient(one, api_key=None, gate=gate) as client:
            await client.complete([{"role": "user", "content": "?"}], schema={"type": "object"})

    refused = status(400, "response_format json_schema is not supported")
    server.answers(refused, status(500, "busy"), "an answer")
    asyncio.run(run())
    forms = [body["response_format"]["type"] for body in server.bodies]
    assert forms == ["json_schema", "json_object", "json_object"]
    assert gate.shown == server.bodies[:2]
