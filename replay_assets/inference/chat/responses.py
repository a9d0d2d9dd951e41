"""Reads the outcome of one attempt from a response or from a fault on the wire.

Texts of the endpoint are cleaned here before they are cut: some servers echo a request's headers.
"""

import re
from dataclasses import dataclass, replace

from replay_assets.contracts.result import Usage
from replay_assets.inference.call import (
    AssistantMessage,
    AttemptOutcome,
    CalledTool,
    ResponseMode,
)
from replay_assets.inference.chat.error_text import error_of
from replay_assets.inference.chat.event_stream import is_stream, without_bom
from replay_assets.inference.chat.protocol import read_completion
from replay_assets.inference.chat.rejection_kinds import (
    MOVED,
    OF_ONE_REQUEST,
    RejectionKind,
    lasting_rejection_of,
    rejection_of,
)
from replay_assets.inference.chat.response_format import rejected_format
from replay_assets.inference.chat.sending_gate import SendingGate
from replay_assets.inference.chat.tool_calls import (
    is_about_tools,
    malformed_call_in,
    rejects_tools,
    with_malformed_call,
)
from replay_assets.inference.throttling import pause_asked_s
from replay_assets.inference.transport import Reply, WireError
from replay_assets.parsing.urls import shown_url

TOO_MANY = 429
TRANSIENT = frozenset({408, 409, 424, 425, 498, 499})
"""Statuses of 4xx that are about the moment: timeouts, conflicts, a dependency or capacity that is
missing. Like 5xx, they are tried again."""
LOADING = re.compile(
    r"\bload(?:ing|ed)\b|warm(?:ing)?[ -]?up|cold[ -]?start|estimated_time"
    r"|scal(?:ed|ing)[ -](?:to|from|up)|\bstarting\b|start(?:ed)? up|\bbooting\b"
    r"|initiali[sz]ing|not (?:yet )?(?:ready|started)"
    r"|being (?:deployed|provisioned|downloaded|pulled|created)|spinning up|provisioning",
    re.IGNORECASE,
)
"""Words of servers whose model is not ready yet: llama.cpp, TGI, Hugging Face, Triton, vLLM."""
SHOWN_CHARACTERS = 200
READ_BYTES = 20_000
"""How much of an error's body is read: more than is shown, so that no key is cut in two."""
NO_USAGE = Usage()
_OF_THE_FORM = ("response_format_refused", "response_format_failed")


@dataclass(frozen=True, slots=True)
class ResponseReading:
    """The outcome of an attempt. `message` is None unless it was answered; `problem` is then empty.

    `rejection` says why a retry can't succeed; None if it may. `pause_s` is the pause that the
    endpoint asks for.
    """

    outcome: AttemptOutcome
    status: int | None = None
    message: AssistantMessage | None = None
    problem: str = ""
    pause_s: float | None = None
    ttft_ms: float | None = None
    possibly_paid: bool = False
    rejection: RejectionKind | None = None

    @property
    def is_failure(self) -> bool:
        """Whether the infrastructure failed: not if there is an answer or a rejection."""
        return self.message is None and self.rejection is None and self.outcome not in _OF_THE_FORM

    @property
    def usage(self) -> Usage:
        """The reported tokens, if any."""
        return NO_USAGE if self.message is None else self.message.usage


def read_wire_error(error: WireError) -> ResponseReading:
    """Return the outcome of a fault on the wire."""
    return ResponseReading(error.outcome, problem=str(error), possibly_paid=error.possibly_paid)


def read_response(
    reply: Reply, *, mode: ResponseMode, gate: SendingGate, has_tools: bool = False
) -> ResponseReading:
    """Return the outcome of a complete response."""
    status = reply.status
    # A pause of 0 s, or a date in the past, does not say when to retry: our backoff is used.
    pause_s = pause_asked_s(reply.headers, rate_limited=status == TOO_MANY) or None
    if 200 <= status < 300:
        message = read_completion(reply.body)
        if has_tools and message is not None:
            message = with_malformed_call(message)
        if message is not None and message.is_of_the_model:
            return ResponseReading(
                "answered",
                status,
                _cleaned(message, gate),
                pause_s=pause_s,
                ttft_ms=_ttft_ms(reply),
            )
    if has_tools and (failed := malformed_call_in(status, error_of(reply.body))) is not None:
        return ResponseReading("answered", status, failed)
    text = reply.body[:READ_BYTES].decode("utf-8", "replace")
    outcome, rejection = _outcome(reply, text, mode)
    if status in MOVED and (location := reply.headers.get("location")):
        text = f"to {shown_url(location) if '://' in location else location.partition('?')[0]}"
    if has_tools and status >= 400:
        outcome, rejection = _about_tools(reply, outcome, rejection)
    return ResponseReading(
        outcome,
        status,
        problem=f"HTTP {status}: {_shown(text, gate)}",
        # A rate limit header next to another kind of error does not explain that error.
        pause_s=pause_s if outcome in ("rate_limited", "server_error", "loading") else None,
        # A successful response without a completion took work and may have been billed.
        possibly_paid=200 <= status < 300 and rejection is None,
        rejection=rejection,
    )


def _about_tools(
    reply: Reply, outcome: AttemptOutcome, rejection: RejectionKind | None
) -> tuple[AttemptOutcome, RejectionKind | None]:
    """Return outcome and rejection of a request with tools; a problem with them is its fault."""
    error = error_of(reply.body)
    if rejects_tools(reply.status, error):
        return "tools_refused", "request"
    # Such as a name with a dot, which some endpoints do not take: other cases have other tools.
    if rejection in ("parameter", "unexplained") and is_about_tools(error):
        return "rejected", "request"
    return outcome, rejection


def _ttft_ms(reply: Reply) -> float | None:
    """Return the time to the first token; JSON has none, even if a stream was requested."""
    if reply.ttft_ms is None or not is_stream(without_bom(reply.body)):
        return None
    return reply.ttft_ms


def _outcome(
    reply: Reply, text: str, mode: ResponseMode
) -> tuple[AttemptOutcome, RejectionKind | None]:
    """Return the outcome of a response without an answer, and why it is a rejection, if it is."""
    status, error = reply.status, error_of(reply.body)
    # llama.cpp rejects a request within a stream of status 200.
    answered = (400, error.words) if status < 300 and error.rejects_request else (status, text)
    if mode != "none" and (rejected := rejected_format(*answered)) is not None:
        return rejected, None
    temporary = _temporary(status, text)
    rejection = lasting_rejection_of(status, error) if temporary else rejection_of(status, error)
    if rejection is None:
        return temporary or "server_error", None
    if rejection == "moderated":
        return "moderated", rejection
    return "rejected" if rejection in OF_ONE_REQUEST else "refused", rejection


def _temporary(status: int, text: str) -> AttemptOutcome | None:
    """Return the outcome of a status after which a retry may succeed; None for all others."""
    if status == TOO_MANY and "not ready" not in text:  # Bedrock loads a model under 429
        return "rate_limited"
    if status >= 500 or status in TRANSIENT or status == TOO_MANY:
        return "loading" if LOADING.search(text) else "server_error"
    return "not_protocol" if status < 400 and status not in MOVED else None


def _cleaned(message: AssistantMessage, gate: SendingGate) -> AssistantMessage:
    """Return the message without keys and strict matches."""
    texts = {name: getattr(message, name) for name in ("content", "reasoning", "refusal")}
    cleaned = {name: gate.cleaned(text) for name, text in texts.items() if text}
    unclean = {name: text for name, text in cleaned.items() if text != texts[name]}
    if message.calls:
        calls = (
            CalledTool(
                gate.cleaned(one.name),
                gate.cleaned(one.arguments),
                None if one.id is None else gate.cleaned(one.id),
            )
            for one in message.calls
        )
        message = replace(message, calls=tuple(calls))
    return replace(message, **unclean) if unclean else message


def _shown(text: str, gate: SendingGate) -> str:
    """Return the start of an endpoint's text on one line, cleaned before it is cut."""
    return " ".join(str(gate.cleaned(text)).split())[:SHOWN_CHARACTERS]
