"""The one module that talks HTTP to a model, retries, and looks at the bytes before they leave.

Errors fall in four kinds, because four different things happen next: `EndpointRefusedError` ends
the run (no later request can succeed), `RequestRejectedError` is the candidate's answer to this
request, `InfrastructureError` is nobody's answer, `GateRefusedError` was never sent.
"""

import asyncio
import json
import random
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, Self
from urllib.parse import urlsplit

import httpx

from replay_assets.contracts.result import Usage
from replay_assets.errors import ConfigurationError, ReplayAssetsError
from replay_assets.inference.candidate import Candidate
from replay_assets.inference.gate import SendingGate
from replay_assets.inference.limits import estimate_tokens, shared_limit
from replay_assets.inference.stand_in.app import embedded_app

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
READ_CHARACTERS = 20_000
"""What of an error's body is looked at; more than is shown, so that no key is cut in two."""

Message = Mapping[str, Any]


class EndpointRefusedError(ReplayAssetsError):
    """The endpoint refuses the key, the model or the path: no request of this run can succeed."""


class RequestRejectedError(ReplayAssetsError):
    """The endpoint refused this one request with a 4xx."""


class InfrastructureError(ReplayAssetsError):
    """No answer after every try: time-outs, resets, 5xx, 429, or bodies out of protocol."""

    def __init__(self, message: str, *, attempts: int, wait_ms: float) -> None:
        super().__init__(message)
        self.attempts = attempts
        self.wait_ms = wait_ms


class GateRefusedError(ReplayAssetsError):
    """The body would carry a secret or personal data; it was not sent."""


@dataclass(frozen=True)
class Completion:
    """One answer of an endpoint. `latency_ms` is the last call's own time, `wait_ms` the pauses."""

    content: str | None
    refusal: str | None
    finish_reason: str | None
    usage: Usage
    latency_ms: float
    wait_ms: float
    attempts: int


class ChatClient:
    """A candidate's endpoint, for as long as one run lasts.

    Without a gate of the run's own, which knows every key, it guards the one key that it is given.
    """

    def __init__(
        self, candidate: Candidate, *, api_key: str | None, gate: SendingGate | None = None
    ) -> None:
        self._candidate = candidate
        self._api_key = _header_safe(api_key, candidate)
        self._gate = gate or SendingGate(secrets=[self._api_key] if self._api_key else [])
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

    def cleaned(self, value: Any) -> Any:  # noqa: ANN401 - any JSON value
        """Return what came back less keys and strict hits."""
        return self._gate.cleaned(value)

    async def complete(self, messages: Sequence[Message]) -> Completion:
        """Return the model's answer to a conversation.

        Raises:
            GateRefusedError: a strict rule finds something in the body; nothing was sent.
            EndpointRefusedError: 401, 403 or 404.
            RequestRejectedError: another 4xx that retrying can't cure.
            InfrastructureError: every try failed.
        """
        body = chat_body(self._candidate, messages)
        if found := self._gate.refusals(body):
            raise GateRefusedError(f"not sent: rule {', '.join(found)} finds a value in the body")
        waited_s, problem = 0.0, ""
        for attempt in range(1, TRIES + 1):
            asked = time.perf_counter()
            entry = await self._limit.admit(
                estimate_tokens(body.decode(), self._candidate.sampling.max_tokens)
            )
            started = time.perf_counter()
            waited_s += started - asked
            response, problem = await self._send(body)
            latency_ms = (time.perf_counter() - started) * 1000
            if response is not None and (payload := _payload(response)) is not None:
                completion = _completion(payload, latency_ms, waited_s * 1000, attempt, self._gate)
                if completion.usage.total_tokens is not None:
                    self._limit.correct(entry, completion.usage.total_tokens)
                return completion
            if response is not None:
                problem = f"HTTP {response.status_code}: {self._shown(response.text)}"
            if attempt < TRIES:
                pause = self._pause_s(attempt, response)
                if pause > LONGEST_WAIT_S:
                    # Asking earlier than the server allows would only be refused again.
                    raise InfrastructureError(
                        f"asked to wait {pause:.0f} s, more than {LONGEST_WAIT_S:.0f}: {problem}",
                        attempts=attempt,
                        wait_ms=waited_s * 1000,
                    )
                waited_s += pause
                await asyncio.sleep(pause)
        raise InfrastructureError(
            f"no answer after {TRIES} tries: {problem}", attempts=TRIES, wait_ms=waited_s * 1000
        )

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
        """Return the start of a text from the endpoint, on one line, cleaned before it is cut."""
        text = str(self._gate.cleaned(text[:READ_CHARACTERS]))
        return " ".join(text.split())[:SHOWN_CHARACTERS]


def chat_body(candidate: Candidate, messages: Sequence[Message]) -> bytes:
    """Return the bytes that ask a candidate for the next message of a conversation."""
    sampling = candidate.sampling.model_dump(mode="json", exclude_none=True)
    return json.dumps(
        {
            **sampling,
            "model": candidate.model,
            "messages": list(messages),
            "response_format": {"type": "json_object"},
        },
        ensure_ascii=False,
    ).encode()


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


def _whole(text: Any, gate: SendingGate) -> str | None:  # noqa: ANN401 - any JSON value
    """Return a text without keys and strict hits, and without half surrogate pairs.

    JSON can spell half a pair, and no file can hold one.
    """
    if text is None:
        return None
    return str(gate.cleaned(str(text).encode("utf-8", "replace").decode()))


def _completion(
    payload: dict[str, Any],
    latency_ms: float,
    wait_ms: float,
    attempts: int,
    gate: SendingGate,
) -> Completion:
    choice = payload["choices"][0]
    message = choice["message"]
    usage = payload["usage"] if isinstance(payload.get("usage"), dict) else {}
    return Completion(
        content=_whole(message.get("content"), gate),
        refusal=_whole(message.get("refusal"), gate),
        finish_reason=_whole(choice.get("finish_reason"), gate),
        usage=Usage(
            **{name: usage[name] for name in Usage.model_fields if isinstance(usage.get(name), int)}
        ),
        latency_ms=latency_ms,
        wait_ms=wait_ms,
        attempts=attempts,
    )


@dataclass(frozen=True)
class Probe:
    """What an endpoint says when asked for its models: its status and their ids, or why none."""

    status: int | None
    models: tuple[str, ...] = ()
    problem: str = ""


def probe(candidate: Candidate, *, api_key: str | None) -> Probe:
    """Ask a candidate's endpoint once for its models; sends nothing but the key."""
    key = _header_safe(api_key, candidate)
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    try:
        response = httpx.get(
            f"{candidate.base_url}/models", headers=headers, timeout=CONNECT_TIMEOUT_S
        )
        listed = response.json()["data"] if response.is_success else []
        models = tuple(str(one["id"]) for one in listed)
    except httpx.RequestError as error:
        return Probe(None, problem=type(error).__name__)
    except (ValueError, LookupError, TypeError, RecursionError):
        return Probe(response.status_code, problem="its answer is no list of models")
    return Probe(response.status_code, models)
