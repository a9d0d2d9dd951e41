"""The transport: each fault raises httpx's own exception; every wait and size has a limit."""

import asyncio
import gzip
import socket
import ssl
import threading
import time
import zlib
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import httpx
import pytest

from replay_assets.candidates.candidate import Candidate
from replay_assets.errors import ConfigurationError
from replay_assets.inference.stand_in.faults import Fault, FaultPlan
from replay_assets.inference.transport import wire
from replay_assets.inference.transport.http import AiohttpTransport, Endpoint
from replay_assets.inference.transport.wire import Reply, WireError
from tests.inference.scripted_server import Script, candidate, serving_stand_in, status

pytestmark = pytest.mark.integration

BODY = b'{"model": "rules-baseline", "messages": [{"role": "user", "content": "OOMKilled"}]}'


def send(
    one: Candidate,
    body: bytes = BODY,
    api_key: str | None = None,
    first_byte_s: float | None = None,
) -> Reply:
    """Send one body through an endpoint of a candidate."""

    async def run() -> Reply:
        endpoint = Endpoint(one, api_key=api_key, first_byte_s=first_byte_s)
        try:
            return await endpoint.post(body)
        finally:
            await endpoint.aclose()

    return asyncio.run(run())


def limited(base_url: str, **limits: Any) -> Candidate:
    """Return a candidate with the given time limits."""
    return candidate(base_url, limits={"timeout_s": 5, **limits})


@contextmanager
def raw_server(
    *parts: bytes, hold_s: float = 0.0, reset: bool = False, got: list[bytes] | None = None
) -> Iterator[str]:
    """Serve one connection: read a little, send the parts, then end it."""
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        connection, _ = listener.accept()
        with connection:
            received = connection.recv(65536)
            if got is not None:
                got.append(received)
            for part in parts:
                connection.sendall(part)
            time.sleep(hold_s)
            if reset:
                linger = b"\x01\x00\x00\x00\x00\x00\x00\x00"
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/v1"
    finally:
        thread.join(timeout=5)
        listener.close()


def raised(base_url: str, *, read_s: float = 5.0, connect_s: float = 5.0) -> httpx.TransportError:
    """Return what the transport itself raises, from the request to the last byte."""

    async def run() -> None:
        transport = AiohttpTransport(connections=1, proxy=None, secure=False)
        times = httpx.Timeout(read_s, connect=connect_s).as_dict()
        request = httpx.Request("POST", base_url, content=b"{}", extensions={"timeout": times})
        try:
            response = await transport.handle_async_request(request)
            try:
                await response.aread()
            finally:
                await response.aclose()
        finally:
            await transport.aclose()

    with pytest.raises(httpx.TransportError) as caught:
        asyncio.run(run())
    return caught.value


HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
SHORT = HEAD + b"Content-Length: 1000\r\n\r\n{"


@pytest.mark.parametrize(
    ("parts", "how", "expected"),
    [
        ((), {"reset": True}, httpx.ReadError),
        ((SHORT,), {"reset": True}, httpx.ReadError),
        ((SHORT,), {}, httpx.RemoteProtocolError),
        ((HEAD + b"Transfer-Encoding: chunked\r\n\r\n5\r\nab",), {}, httpx.RemoteProtocolError),
        ((), {}, httpx.ReadError),
        ((b"SMTP 220 hello\r\n\r\n",), {}, httpx.RemoteProtocolError),
        ((HEAD + b"X: " + b"x" * 100_000 + b"\r\n\r\n",), {}, httpx.RemoteProtocolError),
    ],
    ids=["reset", "reset_in_the_body", "short", "chunk_cut", "closed", "not_http", "long_header"],
)
def test_each_fault_raises_httpx_s_own_exception(
    parts: tuple[bytes, ...], how: dict[str, Any], expected: type[Exception]
) -> None:
    """The adapter on the package index reports a reset as a connection timeout."""
    with raw_server(*parts, **how) as base_url:
        assert type(raised(base_url)) is expected


def test_a_silent_endpoint_is_a_read_timeout() -> None:
    """Before the first byte and inside a body."""
    for parts in ((), (SHORT,)):
        with raw_server(*parts, hold_s=0.4) as base_url:
            assert type(raised(base_url, read_s=0.1)) is httpx.ReadTimeout


def test_a_port_without_a_server_is_a_connect_error() -> None:
    """Not a timeout, as the adapter on the package index reports."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        base_url = f"http://127.0.0.1:{free.getsockname()[1]}/v1"
    assert type(raised(base_url)) is httpx.ConnectError


def test_a_connection_that_is_never_accepted_is_a_connect_timeout() -> None:
    """It is not one that was refused, nor a read timeout."""
    with unaccepted() as base_url:
        assert type(raised(base_url, connect_s=0.2, read_s=5)) is httpx.ConnectTimeout


@contextmanager
def unaccepted() -> Iterator[str]:
    """Listen without accepting: a full backlog behaves like a firewall that drops packets."""
    with socket.socket() as full, ExitStack() as waiting:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        for _ in range(8):
            one = waiting.enter_context(socket.socket())
            one.setblocking(False)
            one.connect_ex(full.getsockname())
        yield f"http://127.0.0.1:{full.getsockname()[1]}/v1"


OUTCOMES: dict[Fault, tuple[str, bool]] = {
    "reset": ("connection_lost", True),
    "truncated": ("truncated", True),
    "hang": ("timeout", True),
    "drip": ("timeout", True),
    "gzip_bomb": ("too_large", True),
}


@pytest.mark.parametrize("fault", OUTCOMES)
def test_each_fault_has_an_outcome_and_says_whether_it_may_be_paid(fault: Fault) -> None:
    """A request that reached the endpoint may have been billed."""
    plan = FaultPlan(shares={fault: 1.0})
    with serving_stand_in(plan) as base_url, pytest.raises(WireError) as caught:
        send(limited(base_url, timeout_s=5 if fault == "gzip_bomb" else 0.4))
    assert (caught.value.outcome, caught.value.possibly_paid) == OUTCOMES[fault]


def test_a_request_that_was_never_sent_is_never_paid() -> None:
    """A refused connection costs nothing."""
    with pytest.raises(WireError) as caught:
        send(limited("http://127.0.0.1:1/v1"))
    assert (caught.value.outcome, caught.value.possibly_paid) == ("connect_error", False)


@pytest.mark.parametrize(
    ("parts", "outcome", "paid"), [(None, "connect_error", False), ((), "timeout", True)]
)
def test_a_limit_for_the_first_byte_tells_a_connection_from_an_answer(
    parts: tuple[bytes, ...] | None, outcome: str, paid: bool
) -> None:
    """Only a request that was sent may be paid, also if connecting may take longer than both."""
    listening = unaccepted() if parts is None else raw_server(*parts, hold_s=0.5)
    with listening as base_url, pytest.raises(WireError, match=r"within 0\.2 s") as caught:
        send(limited(base_url), first_byte_s=0.2)
    assert (caught.value.outcome, caught.value.possibly_paid) == (outcome, paid)


def test_a_pause_within_an_answer_has_its_own_limit() -> None:
    """A model may think for a minute; a stream without new data is broken sooner."""
    with raw_server(SHORT, hold_s=0.5) as base_url:
        started = time.perf_counter()
        with pytest.raises(WireError, match="ReadTimeout"):
            send(limited(base_url, read_timeout_s=0.1))
    assert time.perf_counter() - started < 2


def test_a_body_beyond_the_limit_is_rejected(
    server: Script, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Plain or compressed, it is never completely in memory."""
    monkeypatch.setattr(wire, "MAX_BODY_BYTES", 10_000)
    server.answers(status(200, "x" * 20_000))
    with pytest.raises(WireError, match="more than 10,000 bytes"):
        send(limited(server.base_url))


@pytest.mark.parametrize("encoding", ["gzip", "deflate"])
def test_a_compressed_answer_is_read(encoding: str) -> None:
    """Gateways compress if the client accepts it."""
    text = b'{"choices": []}'
    body = gzip.compress(text) if encoding == "gzip" else zlib.compress(text)
    head = HEAD + b"Content-Encoding: %s\r\n" % encoding.encode()
    with raw_server(head + b"Content-Length: %d\r\n\r\n" % len(body) + body) as base_url:
        assert send(limited(base_url)).body == text


@pytest.mark.parametrize(
    ("encoding", "body", "outcome"),
    [
        ("br", b"xx", "not_protocol"),
        ("gzip", b"plain", "not_protocol"),
        ("deflate", b"plain", "not_protocol"),
        ("gzip", gzip.compress(b"x" * 500)[:-6], "truncated"),
    ],
    ids=["not_asked_for", "a_lie", "deflate_lie", "cut"],
)
def test_a_body_that_can_not_be_decompressed_is_an_infrastructure_fault(
    encoding: str, body: bytes, outcome: str
) -> None:
    """It is retried and never graded."""
    head = HEAD + b"Content-Encoding: %s\r\n" % encoding.encode()
    answer = head + b"Content-Length: %d\r\n\r\n" % len(body) + body
    with raw_server(answer) as base_url, pytest.raises(WireError) as caught:
        send(limited(base_url))
    assert caught.value.outcome == outcome


def test_a_redirect_is_returned_and_not_followed(server: Script) -> None:
    """A key must not travel to another host."""
    server.answers(status(307, Location=f"{server.base_url}/elsewhere"))
    assert send(limited(server.base_url)).status == 307
    assert len(server.bodies) == 1


def proxies(monkeypatch: pytest.MonkeyPatch, **variables: str) -> None:
    """Set proxy variables, and no others."""
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)


def test_a_proxy_of_the_environment_is_used(
    server: Script, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As users of httpx expect; a host in NO_PROXY is asked directly."""
    got: list[bytes] = []
    with raw_server(HEAD + b"Content-Length: 0\r\n\r\n", got=got) as proxy:
        proxies(monkeypatch, HTTP_PROXY=proxy.removesuffix("/v1"))
        assert send(candidate("http://models.internal/v1")).status == 200
    assert got[0].startswith(b"POST http://models.internal/v1/chat/completions HTTP/1.1")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    server.answers("asked directly")
    assert send(candidate(server.base_url)).status == 200


def test_a_proxy_before_a_secure_endpoint_never_sees_the_key(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The proxy only opens a tunnel and can't read what is sent through it."""
    got: list[bytes] = []
    with raw_server(b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n", got=got) as proxy:
        proxies(monkeypatch, HTTPS_PROXY=proxy.removesuffix("/v1"))
        with pytest.raises(WireError, match="ProxyError"):
            send(candidate("https://models.internal/v1"), api_key="FAKE-key-0123")
    assert got[0].startswith(b"CONNECT models.internal:443 HTTP/1.1")
    assert b"FAKE" not in got[0]
    assert b"OOMKilled" not in got[0]


def test_a_proxys_password_is_in_no_error(monkeypatch: pytest.MonkeyPatch) -> None:
    """A proxy that is down is reported without the user and password in its address."""
    proxies(monkeypatch, HTTP_PROXY="http://me:" + "FAKE-pw@127.0.0.1:1")
    with pytest.raises(WireError, match="ProxyError") as caught:
        send(candidate("http://models.internal/v1"))
    assert "FAKE" not in f"{caught.value!r} {caught.value.__cause__!r}"
    proxies(monkeypatch, ALL_PROXY="socks5://me:" + "FAKE-pw@127.0.0.1:1")
    with pytest.raises(ConfigurationError, match="neither http nor https") as refused:
        send(candidate("http://models.internal/v1"))
    assert "FAKE" not in str(refused.value)


def test_certificates_are_checked(monkeypatch: pytest.MonkeyPatch) -> None:
    """With an own CA bundle from SSL_CERT_FILE, as in httpx."""
    transport = AiohttpTransport(connections=1, proxy=None, secure=True)
    context = transport._ssl
    assert isinstance(context, ssl.SSLContext)
    assert context.verify_mode is ssl.CERT_REQUIRED
    assert context.check_hostname
    monkeypatch.setenv("SSL_CERT_FILE", "/nonexistent/bundle.pem")
    with pytest.raises(FileNotFoundError):
        AiohttpTransport(connections=1, proxy=None, secure=True)


@pytest.mark.parametrize("between", [*"@/?#[]%: ", "@/", "é"])
@pytest.mark.parametrize("scheme", ["http://", "https://", "socks5://", ""])
def test_no_spelling_of_a_proxys_password_is_shown(
    scheme: str, between: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A URL that can't be read is refused with the way to write it."""
    head, tail = "Kq7w" + "Head", "Zt4m" + "Tail"
    proxies(monkeypatch, ALL_PROXY=f"{scheme}me:{head}{between}{tail}@127.0.0.1:1")
    with pytest.raises((WireError, ConfigurationError)) as caught:
        send(candidate("http://models.internal/v1"))
    error: BaseException | None = caught.value
    while error is not None:
        said = str(error).lower()
        parts = [word[at : at + 4] for word in (head, tail) for at in range(len(word) - 3)]
        assert [part for part in parts if part.lower() in said] == []
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    if between in ("@", "/", "?", "#") and scheme != "socks5://":
        assert "@ as %40" in str(caught.value)
        assert "me:***@127.0.0.1:1" in str(caught.value)
