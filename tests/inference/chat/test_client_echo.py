"""What an endpoint sends back: keys are removed from bodies and errors before they are stored."""

import asyncio
import base64
import json
import urllib.parse
from pathlib import Path

import pytest

from replay_assets.errors import ReplayAssetsError
from replay_assets.inference.call.completion import Completion
from replay_assets.inference.chat.client import ChatClient
from replay_assets.inference.chat.sending_gate import SendingGate
from tests.inference.scripted_server import MESSAGES, Script, candidate, completion, status

KEY = "FAKE+" + "key/of-this-candidate"
OTHER = "FAKE-" + "key-of-another-candidate"
FORMS = {
    "plain": KEY,
    "header": f"Authorization: Bearer {KEY}",
    "base64": base64.b64encode(f"user:{KEY}".encode()).decode(),
    "url": urllib.parse.quote(KEY, safe=""),
    "hex": KEY.encode().hex(),
    "json": json.dumps({"headers": {"authorization": f"Bearer {KEY}"}}),
    "another_candidates": OTHER,
}

pytestmark = pytest.mark.usefixtures("no_waits")


def ask(server: Script) -> Completion:
    """Send one conversation with a key, through a gate that has another key too."""

    async def run() -> Completion:
        gate = SendingGate(secrets=[KEY, OTHER])
        one = candidate(server.base_url)
        async with ChatClient(one, api_key=KEY, gate=gate) as client:
            return await client.complete(MESSAGES)

    return asyncio.run(run())


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("code", [400, 401, 422, 429, 500])
@pytest.mark.parametrize("padding", [0, 185], ids=["at_the_start", "where_the_text_is_cut"])
def test_no_error_repeats_a_key(server: Script, form: str, code: int, padding: int) -> None:
    """Not even if cutting the shown text would split a key, so that no rule matches the rest."""
    server.answers(status(code, "x" * padding + " " + FORMS[form], X_Echo="FAKE"))
    with pytest.raises(ReplayAssetsError) as caught:
        ask(server)
    shown = f"{caught.value!r} {caught.value.__cause__!r}"
    for part in (KEY, KEY[5:], OTHER, FORMS["base64"][8:28], FORMS["hex"][:20], FORMS["url"][:14]):
        assert part[:12] not in shown


@pytest.mark.parametrize("form", FORMS)
def test_no_answer_repeats_a_key(server: Script, form: str) -> None:
    """A model, or a proxy in front of it, may put what it received into its answer."""
    server.answers(completion(f"said {FORMS[form]} end", refusal=FORMS[form]))
    answer = ask(server)
    for text in (answer.content or "", answer.refusal or ""):
        assert FORMS[form][-16:] not in text
    assert (answer.content or "").endswith(" end")


def test_no_netrc_file_gives_a_password_to_an_endpoint(
    server: Script, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A library that reads it would send a person's password to any host that it names."""
    file = tmp_path / "netrc"
    file.write_text("machine 127.0.0.1 login me password " + "FAKE-netrc-password\n")
    file.chmod(0o600)
    monkeypatch.setenv("NETRC", str(file))
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / ".netrc").write_text(file.read_text())
    (tmp_path / ".netrc").chmod(0o600)
    server.answers("x")

    async def run() -> None:
        async with ChatClient(candidate(server.base_url), api_key=None) as client:
            await client.complete(MESSAGES)

    asyncio.run(run())
    assert "authorization" not in server.headers[0]


def test_the_key_of_another_candidate_is_not_sent(server: Script) -> None:
    """Evidence may quote any of them; the gate of the run has all keys."""
    server.answers("never")

    async def run() -> None:
        gate = SendingGate(secrets=[KEY, OTHER])
        async with ChatClient(candidate(server.base_url), api_key=KEY, gate=gate) as client:
            await client.complete([{"role": "user", "content": f"log: {OTHER}"}])

    with pytest.raises(ReplayAssetsError, match="api_key_in_use"):
        asyncio.run(run())
    assert server.bodies == []
