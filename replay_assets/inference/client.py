"""The one module that talks HTTP to a model, retries, and looks at the bytes before they leave.

Errors fall in four kinds, because four different things happen next: `EndpointRefusedError` ends
the run (no later request can succeed), `RequestRejectedError` is the candidate's answer to this
request, `InfrastructureError` is nobody's answer, `GateRefusedError` was never sent.
"""

import asyncio
import hashlib
import json
import random
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from email.utils import parsedate_to_datetime
from typing import Any, Self
from urllib.parse import urlsplit

import httpx

from replay_assets.contracts.result import Usage
from replay_assets.errors import ConfigurationError
from replay_assets.inference.candidate import Candidate
from replay_assets.inference.completion import Attempt, Completion, ResponseMode
from replay_assets.inference.failures import (
    EndpointRefusedError,
    GateRefusedError,
    InfrastructureError,
    RequestRejectedError,
)
from replay_assets.inference.limits import estimate_tokens, shared_limit
from replay_assets.inference.stand_in.app import embedded_app
from replay_assets.lake.digests import canonical
from replay_assets.sanitizing.engine import gate_findings

TRIES = 4
FIRST_WAIT_S = 0.5
LONGEST_WAIT_S = 30.0
CONNECT_TIMEOUT_S = 10.0
RETRIED_STATUS = frozenset({408, 429})
ENDS_THE_RUN = {
    401: "the key is missing or not accepted",
    403: "the key may not use this model",
    404: "the endpoint does not know this model or path",
}
SHOWN_CHARACTERS = 200

Message = Mapping[str, Any]


class ChatClient:
    """A candidate's endpoint, for as long as one run lasts."""

    def __init__(self, candidate: Candidate, *, api_key: str | None) -> None:
        self._candidate = candidate
        self._api_key = _header_safe(api_key, candidate)
        self._limit = shared_limit(
            candidate.limit_key, rpm=candidate.limits.rpm, tpm=candidate.limits.tpm
        )
        # Seeded: two runs over the same faults wait alike.
        self._jitter = random.Random(0)  # noqa: S311 - spreads retries, guards nothing
        self._http = _http_client(candidate)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._http.aclose()

    @property
    def workers(self) -> int:
        """How many workers should pull requests: some wait for a retry and hold no slot then."""
        return self._candidate.limits.concurrency

    @property
    def response_mode(self) -> ResponseMode:
        """How this endpoint is asked for JSON: what was wanted, less what it has refused."""
        return "json_object"

    def request_key(
        self,
        messages: Sequence[Message],
        *,
        schema: Mapping[str, Any] | None = None,
        repeat: int = 0,
    ) -> str:
        """Return the SHA-256 of all that shapes an answer; never of the key or of the run."""
        asked = {
            "base_url": self._candidate.base_url,
            "body": self._body(messages).decode(),
            "schema": schema,
            "repeat": repeat,
        }
        return hashlib.sha256(canonical(asked)).hexdigest()

    async def complete(
        self,
        messages: Sequence[Message],
        *,
        schema: Mapping[str, Any] | None = None,
        repeat: int = 0,
    ) -> Completion:
        """Return the model's answer to a conversation, in a JSON schema's form where it can.

        Raises:
            GateRefusedError: a strict rule finds something in the body; nothing was sent.
            EndpointRefusedError: 401, 403 or 404.
            RequestRejectedError: another 4xx that retrying can't cure.
            InfrastructureError: every try failed.
        """
        body = self._body(messages)
        self._refuse_secrets(body)
        attempts: list[Attempt] = []
        problem, pause = "", 0.0
        for attempt in range(1, TRIES + 1):
            asked = time.perf_counter()
            await asyncio.sleep(pause)
            entry = await self._limit.admit(
                estimate_tokens(body.decode(), self._candidate.sampling.max_tokens)
            )
            started = time.perf_counter()
            response, problem = await self._send(body)
            wait_ms = (started - asked) * 1000
            latency_ms = (time.perf_counter() - started) * 1000
            payload = None if response is None else _payload(response)
            usage = Usage() if payload is None else _usage(payload)
            prices = self._candidate.prices_on(date.today())  # noqa: DTZ011 - until it is handed in
            attempts.append(
                Attempt(
                    status=None if response is None else response.status_code,
                    outcome="server_error" if payload is None else "answered",
                    wait_ms=wait_ms,
                    latency_ms=latency_ms,
                    ttft_ms=None,
                    usage=usage,
                    cost_usd=None if prices is None else prices.cost_usd(usage),
                    possibly_paid=False,
                )
            )
            if payload is not None:
                if usage.total_tokens is not None:
                    self._limit.correct(entry, usage.total_tokens)
                return _completion(payload, tuple(attempts))
            if response is not None:
                problem = f"HTTP {response.status_code}: {self._shown(response.text)}"
            pause = self._pause_s(attempt, response)
            if pause > LONGEST_WAIT_S and attempt < TRIES:
                # Asking earlier than the server allows would only be refused again.
                raise InfrastructureError(
                    f"asked to wait {pause:.0f} s, more than {LONGEST_WAIT_S:.0f}: {problem}",
                    attempts=tuple(attempts),
                )
        raise InfrastructureError(
            f"no answer after {TRIES} tries: {problem}", attempts=tuple(attempts)
        )

    def _body(self, messages: Sequence[Message]) -> bytes:
        sampling = self._candidate.sampling.model_dump(mode="json", exclude_none=True)
        return json.dumps(
            {
                **sampling,
                "model": self._candidate.model,
                "messages": list(messages),
                "response_format": {"type": "json_object"},
            },
            ensure_ascii=False,
        ).encode()

    def _refuse_secrets(self, body: bytes) -> None:
        text = body.decode()
        found = gate_findings(text)
        if self._api_key and self._api_key in text:
            found.append("api_key_in_use")
        if found:
            raise GateRefusedError(f"not sent: rule {', '.join(found)} finds a value in the body")

    async def _send(self, body: bytes) -> tuple[httpx.Response | None, str]:
        """Ask once; return the response, or null and what went wrong on the way."""
        headers = {"Content-Type": "application/json"}
        if self._api_key:
            headers["Authorization"] = f"Bearer {self._api_key}"
        try:
            async with asyncio.timeout(self._candidate.limits.timeout_s):
                response = await self._http.post("/chat/completions", content=body, headers=headers)
        except TimeoutError:
            return None, f"no answer within {self._candidate.limits.timeout_s:g} s"
        except httpx.RequestError as error:
            return None, f"{type(error).__name__}: {self._shown(str(error))}"
        if (reason := ENDS_THE_RUN.get(response.status_code)) is not None:
            variable = self._candidate.api_key_env or "api_key_env"
            raise EndpointRefusedError(
                f"{self._candidate.base_url} answered {response.status_code}: {reason}. Check "
                f"{variable}, model {self._candidate.model!r} and base_url of candidate "
                f"{self._candidate.id!r}."
            )
        status = response.status_code
        if response.is_client_error and status not in RETRIED_STATUS:
            raise RequestRejectedError(f"HTTP {status}: {self._shown(response.text)}")
        return response, ""

    def _pause_s(self, attempt: int, response: httpx.Response | None) -> float:
        """Return the pause before the next try: what the server asks for, else full jitter."""
        asked = response.headers.get("Retry-After", "") if response is not None else ""
        if (seconds := _seconds_asked(asked)) is not None:
            return seconds
        return self._jitter.uniform(0, min(FIRST_WAIT_S * 2**attempt, LONGEST_WAIT_S))

    def _shown(self, text: str) -> str:
        """Return the start of a text from the endpoint, on one line, without our key."""
        if self._api_key:
            text = text.replace(self._api_key, "<API_KEY>")
        return " ".join(text.split())[:SHOWN_CHARACTERS]


def _seconds_asked(retry_after: str) -> float | None:
    """Return the seconds that a Retry-After header asks for: a number, or an HTTP date."""
    if retry_after.isascii() and retry_after.isdigit():
        return float(retry_after)
    try:
        moment = parsedate_to_datetime(retry_after)
    except ValueError:
        return None
    return max((moment - datetime.now(UTC)).total_seconds(), 0.0) if moment.tzinfo else None


def _http_client(candidate: Candidate) -> httpx.AsyncClient:
    limits = httpx.Limits(max_connections=candidate.limits.concurrency)
    timeout = httpx.Timeout(candidate.limits.timeout_s, connect=CONNECT_TIMEOUT_S)
    parts = urlsplit(candidate.base_url)
    if candidate.embedded:
        return httpx.AsyncClient(
            transport=httpx.ASGITransport(app=embedded_app()),
            base_url=f"http://{parts.netloc}{parts.path}",
            timeout=timeout,
        )
    return httpx.AsyncClient(
        base_url=candidate.base_url, timeout=timeout, limits=limits, follow_redirects=False
    )


def _payload(response: httpx.Response) -> dict[str, Any] | None:
    """Return the body of a completion; null where this is none and another try may help."""
    if not response.is_success:
        return None
    try:
        payload = response.json()
        message = payload["choices"][0]["message"]
    except (ValueError, LookupError, TypeError, RecursionError):
        return None
    if not isinstance(message, dict) or not isinstance(message.get("content"), str | None):
        return None
    return payload if isinstance(payload, dict) else None


def _header_safe(api_key: str | None, candidate: Candidate) -> str | None:
    """Return a key without its edges' blanks; the library's own error would spell a wrong one."""
    key = (api_key or "").strip()
    if key and not (key.isascii() and key.isprintable()):
        raise ConfigurationError(
            f"{candidate.api_key_env or 'the key'} of candidate {candidate.id!r} holds characters "
            "that no HTTP header can carry; set it again"
        )
    return key or None


def _whole(text: Any) -> str | None:  # noqa: ANN401 - any JSON value
    """Return a text without half surrogate pairs, which JSON can spell and no file can hold."""
    return None if text is None else str(text).encode("utf-8", "replace").decode()


def _usage(payload: dict[str, Any]) -> Usage:
    usage = payload["usage"] if isinstance(payload.get("usage"), dict) else {}
    return Usage(
        **{name: usage[name] for name in Usage.model_fields if isinstance(usage.get(name), int)}
    )


def _completion(payload: dict[str, Any], attempts: tuple[Attempt, ...]) -> Completion:
    choice = payload["choices"][0]
    message = choice["message"]
    return Completion(
        content=_whole(message.get("content")),
        reasoning=None,
        refusal=_whole(message.get("refusal")),
        finish_reason=choice.get("finish_reason"),
        usage=attempts[-1].usage,
        attempts=attempts,
        response_mode="json_object",
    )
