"""The replies of `endpoint_replies.yaml`, made into responses, and what becomes of each."""

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from replay_assets.contracts.vocabulary import Vocabulary
from replay_assets.inference.batch.dispatch import OUTCOME_OF_FAILURE
from replay_assets.inference.call.call import Call
from replay_assets.inference.call.failures import CallFailedError, RunRejectedError
from replay_assets.inference.chat.client import ChatClient
from replay_assets.inference.throttling import InProcessLimits
from replay_assets.inference.transport.wire import Reply
from replay_assets.replay.dialogues import ReplayDialogues
from replay_assets.replay.pack_reading import read_pack
from tests.inference.scripted_server import candidate
from tests.replay.packs import answer_text, pack_bytes, request

FILE = Path(__file__).with_suffix(".yaml")
WORDS = {"WHOLE": answer_text(), "CUT": answer_text()[:60]}
BECOMES = {
    "infrastructure_failure": "retry",
    "request_rejected": "request",
    "model_refusal": "model",
}
TYPES = {True: "text/event-stream", False: "application/json"}


@dataclass(frozen=True)
class EndpointReply:
    """One row of the file; `source` is where the form is seen."""

    id: str
    source: str
    status: int
    stream: bool
    body: str
    content_type: str
    shown: str
    becomes: str
    outcome: str | None = None

    @property
    def reply(self) -> Reply:
        """The response as the HTTP client returns it."""
        return Reply(self.status, {"content-type": self.content_type}, self.body.encode(), None)


@dataclass
class OneReply:
    """An endpoint that always gives the same reply."""

    reply: Reply
    asked: int = 0

    async def post(self, _: bytes) -> Reply:
        """Return the reply."""
        self.asked += 1
        return self.reply

    async def aclose(self) -> None:
        """Close nothing."""


@dataclass(frozen=True)
class Ended:
    """How a request ended: its outcome, or `end` with the reason, and how often it was asked."""

    outcome: str
    asked: int
    error: str = field(default="")

    @property
    def becomes(self) -> str:
        """The outcome of the reply, in the words of the file."""
        return "end" if self.outcome == "end" else BECOMES.get(self.outcome, "answer")


def endpoint_replies() -> list[EndpointReply]:
    """Return all rows of the file."""
    return [_row(row) for row in yaml.safe_load(FILE.read_text(encoding="utf-8"))]


def ended(reply: Reply, vocabulary: Vocabulary, **changes: Any) -> Ended:
    """Ask one request at an endpoint that always gives one reply; return how it ended."""
    asked = candidate("http://127.0.0.1:9/v1", **changes)
    endpoint = OneReply(reply)

    async def ask() -> Call:
        client = ChatClient(asked, api_key=None, limits=InProcessLimits())
        client._endpoint = endpoint  # type: ignore[assignment]
        async with client:
            try:
                completion = await client.complete(question.messages, schema=question.schema)
            except CallFailedError as error:
                if isinstance(error, RunRejectedError):
                    raise
                return Call("key", OUTCOME_OF_FAILURE[type(error)], error=str(error))
        return Call("key", "answered", completion)

    lines = read_pack(pack_bytes(request()), candidate_id=asked.id).lines()
    (dialogue,) = ReplayDialogues(asked, vocabulary, lambda value: value).of(lines)
    question = next(dialogue)
    try:
        dialogue.send(asyncio.run(ask()))
    except RunRejectedError as error:
        return Ended("end", endpoint.asked, str(error))
    except StopIteration as end:
        return Ended(end.value.outcome, endpoint.asked, end.value.error or "")
    return Ended("repair", endpoint.asked)


def _row(row: Mapping[str, Any]) -> EndpointReply:
    stream, is_page = bool(row.get("stream")), row.get("text", "").startswith("<")
    body, shown = _body(row)
    return EndpointReply(
        id=row["id"],
        source=row["from"],
        status=row["status"],
        stream=stream,
        body=_filled(body),
        content_type="text/html" if is_page else TYPES[stream and "json" not in row],
        shown=shown,
        becomes=row["becomes"],
        outcome=row.get("outcome"),
    )


def _body(row: Mapping[str, Any]) -> tuple[str, str]:
    """Return the body of a row, and how the documentation shows it."""
    if "text" in row:
        return row["text"], row["text"]
    if "json" in row:
        return _json(row["json"]), _json(row["json"])
    if "completion" in row:
        content, finish_reason = row["completion"]
        choice = {"message": {"content": content}, "finish_reason": finish_reason}
        return _json({"choices": [choice]}), _json(choice)
    events = [_event(event) for event in row["events"]]
    return "".join(f"data: {data}\n\n" for data, _ in events), " ".join(one for _, one in events)


def _event(event: str | Mapping[str, Any]) -> tuple[str, str]:
    if isinstance(event, str):
        return f"[{event}]", f"[{event}]"
    if "json" in event:
        return _json(event["json"]), _json(event["json"])
    choice = {"delta": event} if "content" in event else {"delta": {}, **event}
    return _json({"choices": [{"index": 0, **choice}]}), _json(choice)


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def _filled(body: str) -> str:
    for word, text in WORDS.items():
        body = body.replace(f'"{word}"', json.dumps(text))
    return body
