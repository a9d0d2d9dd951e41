"""The one module that holds an HTTP client: httpx's transport interface, carried by aiohttp.

httpx's own connection pool scans every connection for every request: at 64 requests in flight it
reached 0.07 to 0.46 of an endpoint's speed, aiohttp's 0.9. httpx's `AsyncClient` on top of this
transport costs another 0.15 ms of CPU a request (measured: 0.38 against 0.23) for cookies,
redirects and authentication that a replay must not have, so the transport is called directly.

Nothing here retries, follows a redirect, keeps a cookie or reads a .netrc. Proxies are those that
the standard library finds (`HTTP_PROXY`, `HTTPS_PROXY`, `ALL_PROXY`, `NO_PROXY`), certificates
those that httpx finds (`SSL_CERT_FILE`, `SSL_CERT_DIR`, else certifi's).
"""

import asyncio
import re
import time
import zlib
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import NoReturn, cast
from urllib.parse import urlsplit

import aiohttp
import httpx
from yarl import URL

from replay_assets.errors import ConfigurationError
from replay_assets.inference.candidate import Candidate
from replay_assets.inference.completion import AttemptOutcome
from replay_assets.inference.proxies import proxy_for
from replay_assets.inference.stand_in.app import embedded_app

MAX_BODY_BYTES = 8 * 1024 * 1024
"""Counted on the wire and again after decompression."""
USER_AGENT = "replay-assets"
FIRST_TOKEN = re.compile(rb'"(?:reasoning_)?(?:content|reasoning)"\s*:\s*"[^"]')


@dataclass(frozen=True, slots=True)
class Reply:
    """A whole response. Names of headers are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    ttft_ms: float | None


class WireError(Exception):
    """No whole response. `possibly_paid`: the request may have reached the model."""

    def __init__(self, outcome: AttemptOutcome, message: str, *, possibly_paid: bool) -> None:
        super().__init__(message)
        self.outcome = outcome
        self.possibly_paid = possibly_paid


class AiohttpTransport(httpx.AsyncBaseTransport):
    """httpx's transport over an aiohttp session, with httpx's own exceptions for every fault."""

    def __init__(self, *, connections: int, proxy: str | None, secure: bool) -> None:
        self._connections = connections
        self._proxy = proxy
        self._ssl = httpx.create_ssl_context() if secure else True
        self._session: aiohttp.ClientSession | None = None

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request; the body of the response is read as it is asked for."""
        limits = request.extensions.get("timeout", {})
        try:
            response = await self._open().request(
                request.method,
                URL(str(request.url), encoded=True),
                headers=[(name.decode(), value.decode()) for name, value in request.headers.raw],
                data=request.content,
                allow_redirects=False,
                proxy=self._proxy,
                timeout=aiohttp.ClientTimeout(
                    sock_connect=limits.get("connect"), sock_read=limits.get("read")
                ),
            )
        except (aiohttp.ClientError, OSError, ValueError) as error:
            _raise_as_httpx(error, request)
        return httpx.Response(
            response.status, headers=response.raw_headers, stream=_Body(response, request)
        )

    async def aclose(self) -> None:
        """Close every connection."""
        if self._session is not None:
            await self._session.close()

    def _open(self) -> aiohttp.ClientSession:
        """Return the session; it is made in the loop that uses it."""
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=self._connections, ssl=self._ssl),
                cookie_jar=aiohttp.DummyCookieJar(),
                auto_decompress=False,
                skip_auto_headers=("Accept", "Accept-Encoding", "Content-Type", "User-Agent"),
            )
        return self._session


class _Body(httpx.AsyncByteStream):
    """A response's bytes as they came over the wire, not decompressed."""

    def __init__(self, response: aiohttp.ClientResponse, request: httpx.Request) -> None:
        self._response = response
        self._request = request

    async def __aiter__(self) -> AsyncIterator[bytes]:
        try:
            async for chunk in self._response.content.iter_any():
                yield chunk
        except (aiohttp.ClientError, OSError) as error:
            _raise_as_httpx(error, self._request)

    async def aclose(self) -> None:
        """Give the connection back, or close it where the body was not read to its end."""
        if self._response.content.at_eof():
            self._response.release()
        else:
            self._response.close()


_AS_HTTPX: tuple[tuple[type[Exception], type[httpx.TransportError]], ...] = (
    (aiohttp.ConnectionTimeoutError, httpx.ConnectTimeout),
    (aiohttp.ServerTimeoutError, httpx.ReadTimeout),
    (TimeoutError, httpx.ReadTimeout),
    (aiohttp.ClientProxyConnectionError, httpx.ProxyError),
    (aiohttp.ClientHttpProxyError, httpx.ProxyError),
    (aiohttp.ClientConnectorError, httpx.ConnectError),
    (aiohttp.ClientConnectorCertificateError, httpx.ConnectError),
    (aiohttp.ServerDisconnectedError, httpx.ReadError),
    (aiohttp.ClientOSError, httpx.ReadError),
    (aiohttp.ClientPayloadError, httpx.RemoteProtocolError),
    (aiohttp.ClientResponseError, httpx.RemoteProtocolError),
    (OSError, httpx.ReadError),
)
"""The first row that fits holds: aiohttp's classes inherit from one another."""


def _raise_as_httpx(error: Exception, request: httpx.Request) -> NoReturn:
    kind = next((kind for ours, kind in _AS_HTTPX if isinstance(error, ours)), httpx.ReadError)
    if isinstance(error, aiohttp.ClientPayloadError) and "ConnectionResetError" in str(error):
        kind = httpx.ReadError  # in the middle of a body, only the text tells a reset from an end
    # Not the library's text: it may spell a proxy's password or a header. The system's is safe.
    reason = getattr(error, "strerror", None) or type(error).__name__
    if isinstance(error, aiohttp.ClientConnectorCertificateError):
        reason = "certificate not trusted; name your CA bundle in SSL_CERT_FILE"
    raise kind(reason, request=request) from error


class Endpoint:
    """One candidate's chat completions, within its deadlines and size limits."""

    def __init__(self, candidate: Candidate, *, api_key: str | None) -> None:
        parts = urlsplit(candidate.base_url)
        base = f"http://{parts.netloc}{parts.path}" if candidate.embedded else candidate.base_url
        self._completions = httpx.URL(f"{base}/chat/completions")
        self._models = httpx.URL(f"{base}/models")
        self._headers = {
            "Accept": "application/json, text/event-stream",
            "Accept-Encoding": "gzip, deflate",
            "Content-Type": "application/json",
            "User-Agent": USER_AGENT,
        }
        if api_key:
            self._headers["Authorization"] = f"Bearer {api_key}"
        self._limits = candidate.limits
        read_s = candidate.limits.read_timeout_s or candidate.limits.timeout_s
        times = httpx.Timeout(read_s, connect=candidate.limits.connect_timeout_s)
        self._extensions = {"timeout": times.as_dict()}
        self._transport: httpx.AsyncBaseTransport
        if candidate.embedded:
            self._transport = httpx.ASGITransport(app=embedded_app())
        else:
            self._transport = AiohttpTransport(
                connections=candidate.limits.concurrency,
                proxy=proxy_for(candidate.base_url),
                secure=parts.scheme == "https",
            )

    async def post(self, body: bytes) -> Reply:
        """Send a body and return the whole response, whatever its status.

        Raises:
            WireError: there is none, or none that fits into time and size.
        """
        return await self._whole("POST", self._completions, body, self._limits.timeout_s)

    async def list_models(self, *, timeout_s: float) -> Reply:
        """Ask which models there are, which costs nothing.

        Raises:
            WireError: as in `post`.
        """
        return await self._whole("GET", self._models, b"", timeout_s)

    async def aclose(self) -> None:
        """Close every connection."""
        await self._transport.aclose()

    async def _whole(self, method: str, url: httpx.URL, body: bytes, timeout_s: float) -> Reply:
        try:
            async with asyncio.timeout(timeout_s):
                return await self._exchange(method, url, body)
        except TimeoutError:
            raise WireError(
                "timeout", f"no answer within {timeout_s:g} s", possibly_paid=True
            ) from None
        except httpx.TransportError as error:
            outcome, possibly_paid = _meaning(error)
            raise WireError(
                outcome, f"{type(error).__name__}: {error}", possibly_paid=possibly_paid
            ) from error

    async def _exchange(self, method: str, url: httpx.URL, body: bytes) -> Reply:
        started = time.perf_counter()
        request = httpx.Request(
            method, url, headers=self._headers, content=body, extensions=self._extensions
        )
        response = await self._transport.handle_async_request(request)
        chunks, size, ttft_ms = [], 0, None
        stream = cast(httpx.AsyncByteStream, response.stream)
        headers = {
            name.decode().lower(): value.decode("latin-1") for name, value in response.headers.raw
        }
        streamed = headers.get("content-type", "").startswith("text/event-stream")
        try:
            async for chunk in stream:
                size += len(chunk)
                if size > MAX_BODY_BYTES:
                    raise _too_large()
                chunks.append(chunk)
                if streamed and ttft_ms is None and FIRST_TOKEN.search(chunk):
                    ttft_ms = (time.perf_counter() - started) * 1000
        finally:
            await stream.aclose()
        encoding = headers.get("content-encoding", "identity").strip().lower()
        whole = _decoded(b"".join(chunks), encoding)
        return Reply(response.status_code, headers, whole, ttft_ms)


def header_safe(api_key: str | None, candidate: Candidate) -> str | None:
    """Return a key without its edges' blanks; null for none.

    Raises:
        ConfigurationError: no header can carry it; the library's error would spell it.
    """
    key = (api_key or "").strip()
    if key and not (key.isascii() and key.isprintable()):
        raise ConfigurationError(
            f"{candidate.api_key_env or 'the key'} of candidate {candidate.id!r} holds characters "
            "that no HTTP header can carry; set it again"
        )
    return key or None


def _meaning(error: httpx.TransportError) -> tuple[AttemptOutcome, bool]:
    """Return what a fault on the wire is called, and whether the request may have been paid."""
    if isinstance(error, httpx.ConnectError | httpx.ConnectTimeout | httpx.ProxyError):
        return "connect_error", False
    if isinstance(error, httpx.TimeoutException):
        return "timeout", True
    if isinstance(error, httpx.RemoteProtocolError):
        return "truncated", True
    return "connection_lost", True


def _decoded(body: bytes, encoding: str) -> bytes:
    """Return a body decompressed, never more than the limit of it."""
    if encoding in ("identity", ""):
        return body
    if encoding not in ("gzip", "x-gzip", "deflate"):
        message = "a content encoding that was not asked for"
        raise WireError("not_protocol", message, possibly_paid=True)
    decoder = zlib.decompressobj(wbits=47)  # 32 + 15: gzip or zlib, told by the header
    try:
        whole = decoder.decompress(body, MAX_BODY_BYTES)
    except zlib.error as error:
        raise WireError(
            "not_protocol", "a body that is not what it says", possibly_paid=True
        ) from error
    if decoder.unconsumed_tail:
        raise _too_large()
    if not decoder.eof:
        raise WireError("truncated", "a compressed body without its end", possibly_paid=True)
    return whole


def _too_large() -> WireError:
    return WireError(
        "too_large", f"a body of more than {MAX_BODY_BYTES:,} bytes", possibly_paid=True
    )
