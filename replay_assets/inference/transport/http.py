"""The only module with an HTTP client: httpx's transport interface, implemented with aiohttp.

httpx's own connection pool scans every connection for every request: at 64 requests in flight it
reached 0.07 to 0.46 of an endpoint's speed, aiohttp's 0.9. httpx's `AsyncClient` on top of this
transport costs another 0.15 ms of CPU per request (measured: 0.38 against 0.23) for cookies,
redirects and authentication that a replay must not have, so the transport is called directly.

Nothing here retries, follows a redirect, stores a cookie or reads a .netrc. Proxies are found as in
the standard library (`HTTP_PROXY`, `HTTPS_PROXY`, `ALL_PROXY`, `NO_PROXY`), certificates as in
httpx (`SSL_CERT_FILE`, `SSL_CERT_DIR`, else certifi's).
"""

import asyncio
import re
import time
from collections.abc import AsyncIterator
from functools import lru_cache
from types import SimpleNamespace
from typing import NoReturn, cast
from urllib.parse import urlsplit

import aiohttp
import httpx
from yarl import URL

from replay_assets.candidates import Candidate
from replay_assets.inference.baselines import embedded_app
from replay_assets.inference.call import AttemptOutcome
from replay_assets.inference.transport.headers import headers_of_requests
from replay_assets.inference.transport.proxies import proxy_for
from replay_assets.inference.transport.wire import (
    Reply,
    WireError,
    as_utf8,
    decompressed,
    within_limit,
)

FIRST_TOKEN = re.compile(rb'"(?:content|text|reasoning(?:_content|_text)?|thinking)"\s*:\s*"[^"]')


class AiohttpTransport(httpx.AsyncBaseTransport):
    """httpx's transport over an aiohttp session; every fault raises httpx's own exceptions.

    If it is `traced`, an event in a request's extension `sent` is set when the headers are sent.
    """

    def __init__(
        self, *, connections: int, proxy: str | None, secure: bool, traced: bool = False
    ) -> None:
        self._connections = connections
        self._proxy = proxy
        self._traces = [_sending_trace()] if traced else None
        self._ssl = httpx.create_ssl_context() if secure else True
        self._session: aiohttp.ClientSession | None = None

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request and return its response; the body is read later, as a stream."""
        limits = request.extensions.get("timeout", {})
        try:
            response = await self._open().request(
                request.method,
                _address(str(request.url)),
                # Per request, not per session: headers of a session also go to a proxy.
                headers=[(name.decode(), value.decode()) for name, value in request.headers.raw],
                data=await request.aread(),
                allow_redirects=False,
                proxy=self._proxy,
                timeout=_timeout(limits.get("connect"), limits.get("read")),
                trace_request_ctx=request.extensions.get("sent"),
            )
        # ValueError: a host name that can't be encoded, such as one with an empty label.
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
        """Return the session, created on first use because it belongs to the running event loop."""
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=self._connections, ssl=self._ssl),
                trace_configs=self._traces,
                cookie_jar=aiohttp.DummyCookieJar(),
                # `wire` decompresses, so that the size limit also holds for the decompressed body.
                auto_decompress=False,
                skip_auto_headers=("Accept", "Accept-Encoding", "Content-Type", "User-Agent"),
            )
        return self._session


def _sending_trace() -> aiohttp.TraceConfig:
    """Return hooks that set the event of a request when its headers are sent."""

    async def on_sent(_session: object, context: SimpleNamespace, _sent: object) -> None:
        context.trace_request_ctx.set()

    hooks = aiohttp.TraceConfig()
    hooks.on_request_headers_sent.append(on_sent)
    return hooks


@lru_cache(maxsize=64)
def _address(url: str) -> URL:
    # httpx has encoded it already; yarl must not change it.
    return URL(url, encoded=True)


@lru_cache(maxsize=64)
def _timeout(connect_s: float | None, read_s: float | None) -> aiohttp.ClientTimeout:
    return aiohttp.ClientTimeout(sock_connect=connect_s, sock_read=read_s)


class _Body(httpx.AsyncByteStream):
    """A response's bytes as received, not decompressed."""

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
        """Release the connection, or close it if the body was not read to its end."""
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
"""The first row that matches is used, because aiohttp's classes inherit from one another."""


def _raise_as_httpx(error: Exception, request: httpx.Request) -> NoReturn:
    kind = next((kind for ours, kind in _AS_HTTPX if isinstance(error, ours)), httpx.ReadError)
    if isinstance(error, aiohttp.ClientPayloadError) and "ConnectionResetError" in str(error):
        kind = httpx.ReadError  # inside a body only the text separates a reset from an early end
    # Not aiohttp's text, which may contain a proxy's password or a header; the system's is safe.
    reason = getattr(error, "strerror", None) or type(error).__name__
    if isinstance(error, aiohttp.ClientConnectorCertificateError):
        reason = "certificate not trusted; name your CA bundle in SSL_CERT_FILE"
    # Without its cause, whose text has it.
    raise kind(reason, request=request) from None


class Endpoint:
    """A candidate's chat completions endpoint, with its timeouts and size limits."""

    def __init__(
        self, candidate: Candidate, *, api_key: str | None, first_byte_s: float | None = None
    ) -> None:
        parts = urlsplit(candidate.base_url)
        self._completions = _url_of(candidate, "/chat/completions")
        self._models = _url_of(candidate, "/models")
        self._headers = httpx.Headers(headers_of_requests(api_key))
        self._limits = candidate.limits
        self._first_byte_s = first_byte_s  # to the head of a response, connecting included
        # Not by the content type: gateways send streams under others.
        self._streams = candidate.stream
        # `timeout_s` limits the complete request; each read has a timer only if one is configured.
        times = {"connect": self._limits.connect_timeout_s, "read": self._limits.read_timeout_s}
        self._extensions = {"timeout": times}
        self._transport: httpx.AsyncBaseTransport
        if candidate.embedded:
            self._transport = httpx.ASGITransport(app=embedded_app())
        else:
            self._transport = AiohttpTransport(
                connections=candidate.limits.concurrency,
                proxy=proxy_for(candidate.base_url),
                secure=parts.scheme == "https",
                traced=first_byte_s is not None,
            )

    async def post(self, body: bytes) -> Reply:
        """Send a body and return the complete response, whatever its status.

        Raises:
            WireError: there is no response, or none within the time and size limits.
        """
        return await self._send("POST", self._completions, body, self._limits.timeout_s)

    async def get(self, address: str) -> Reply:
        """Request an address of the endpoint's own host, to which the key may go.

        Raises:
            WireError: as in `post`.
        """
        return await self._send("GET", httpx.URL(address), b"", self._limits.timeout_s)

    async def list_models(self, *, timeout_s: float) -> Reply:
        """Request the list of models, which costs nothing.

        Raises:
            WireError: as in `post`.
        """
        return await self._send("GET", self._models, b"", timeout_s)

    async def aclose(self) -> None:
        """Close every connection."""
        await self._transport.aclose()

    async def _send(self, method: str, url: httpx.URL, body: bytes, timeout_s: float) -> Reply:
        try:
            # A timer for each read would start again with every byte of an endpoint that drips.
            async with asyncio.timeout(timeout_s):
                return await self._exchange(method, url, body)
        except TimeoutError:
            raise WireError(
                "timeout", f"no answer within {timeout_s:g} s", possibly_paid=True
            ) from None
        except httpx.TransportError as error:
            outcome, possibly_paid = _outcome_of(error)
            raise WireError(
                outcome, f"{type(error).__name__}: {error}", possibly_paid=possibly_paid
            ) from error

    async def _exchange(self, method: str, url: httpx.URL, body: bytes) -> Reply:
        started = time.perf_counter()
        # As a stream: otherwise httpx computes headers for each body that aiohttp sets itself.
        stream = httpx.ByteStream(body)
        request = httpx.Request(
            method, url, headers=self._headers, stream=stream, extensions=self._extensions
        )
        response = await self._head(request)
        chunks, size, ttft_ms = [], 0, None
        received = cast(httpx.AsyncByteStream, response.stream)
        headers = {
            name.decode().lower(): value.decode("latin-1") for name, value in response.headers.raw
        }
        try:
            async for chunk in received:
                size += len(chunk)
                within_limit(size)
                chunks.append(chunk)
                if self._streams and ttft_ms is None and FIRST_TOKEN.search(chunk):
                    ttft_ms = (time.perf_counter() - started) * 1000
        finally:
            await received.aclose()
        encoding = headers.get("content-encoding", "identity").strip().lower()
        content = decompressed(b"".join(chunks), encoding)
        content = as_utf8(content, headers.get("content-type", ""))
        return Reply(response.status_code, headers, content, ttft_ms)

    async def _head(self, request: httpx.Request) -> httpx.Response:
        if self._first_byte_s is None:
            return await self._transport.handle_async_request(request)
        request.extensions["sent"] = sent = asyncio.Event()
        if isinstance(self._transport, httpx.ASGITransport):  # it has no connection to wait for
            sent.set()
        try:
            async with asyncio.timeout(self._first_byte_s):
                return await self._transport.handle_async_request(request)
        except TimeoutError:
            if not sent.is_set():  # a shorter limit than that for connecting: nothing can be paid
                text = f"no connection within {self._first_byte_s:g} s"
                raise WireError("connect_error", text, possibly_paid=False) from None
            text = f"no first byte within {self._first_byte_s:g} s"
            raise WireError("timeout", text, possibly_paid=True) from None


def _url_of(candidate: Candidate, path: str) -> httpx.URL:
    url = candidate.url_of(path)
    # The application in this process is asked by HTTP's rules too.
    return httpx.URL(f"http://{url.partition('://')[2]}" if candidate.embedded else url)


def _outcome_of(error: httpx.TransportError) -> tuple[AttemptOutcome, bool]:
    """Return the outcome for a fault on the wire, and whether the request may have been paid."""
    if isinstance(error, httpx.ConnectError | httpx.ConnectTimeout | httpx.ProxyError):
        return "connect_error", False
    if isinstance(error, httpx.TimeoutException):
        return "timeout", True
    if isinstance(error, httpx.RemoteProtocolError):
        return "truncated", True
    return "connection_lost", True
