"""The paths in `paths.yaml`, and an endpoint that plays all of them at the same time."""

import asyncio
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse

from tests.replay.packs import answer_text

ANSWER = answer_text(proposed_action="Restart 磁碟 😀")
WORDS = {"ANSWER": ANSWER, "REST": ANSWER.removeprefix('{"proposed_action"')}
USAGE = {"prompt_tokens": 100, "completion_tokens": 20, "total_tokens": 120}
Spec = dict[str, Any]
PATHS: list[Spec] = yaml.safe_load((Path(__file__).parent / "paths.yaml").read_text("utf-8"))
BY_ID = {path["id"]: path for path in PATHS}


def steps_of(path: Spec) -> list[str]:
    """The expected steps, flat."""
    return [one for part in path["steps"] for one in (part if isinstance(part, list) else [part])]


def reply_to(body: Mapping[str, Any], path: Spec) -> Spec:
    """The reply to an inference: as many replies were given as the assistant has messages."""
    given = sum(one["role"] == "assistant" for one in body["messages"])
    replies: list[Spec] = path["replies"]
    if given >= len(replies):
        assert replies[-1].get("repeat"), f"{path['id']}: inference {given + 1} was not expected"
    return dict(replies[min(given, len(replies) - 1)])


def message_of(spec: Spec, number: int) -> Spec:
    """The message of a reply."""
    text = spec.get("text")
    message: Spec = {"role": "assistant", "content": WORDS.get(text or "", text)}
    if "refusal" in spec:
        message["refusal"] = spec["refusal"]
    if "calls" in spec:
        message["tool_calls"] = [
            {
                "id": "same" if spec.get("same_ids") else f"call_{number}_{index}",
                "type": "function",
                "function": {"name": name, "arguments": arguments},
            }
            for index, (name, arguments) in enumerate(spec["calls"])
        ]
        if spec.get("no_ids"):
            for call in message["tool_calls"]:
                del call["id"]
    return message


def finish_of(spec: Spec) -> str:
    """The finish reason of a reply."""
    return str(spec.get("finish", "tool_calls" if "calls" in spec else "stop"))


def chunks_of(message: Spec, finish: str, cut: int) -> Iterator[Spec]:
    """The chunks of a stream: texts and arguments in pieces, the calls by turns."""
    # In UTF-16 units, so that both halves of an emoji come in different chunks.
    units = (message["content"] or "").encode("utf-16-le")
    for start in range(0, len(units), 2 * cut):
        piece = units[start : start + 2 * cut].decode("utf-16-le", "surrogatepass")
        yield {"delta": {"content": piece}}
    calls = message.get("tool_calls", [])
    for index, call in enumerate(calls):
        function = {"name": call["function"]["name"], "arguments": ""}
        yield {"delta": {"tool_calls": [{"index": index, "id": call["id"], "function": function}]}}
    pieces = [list(_cut(call["function"]["arguments"], cut)) for call in calls]
    for turn in range(max(map(len, pieces), default=0)):
        for index, parts in enumerate(pieces):
            if turn < len(parts):
                function = {"arguments": parts[turn]}
                yield {"delta": {"tool_calls": [{"index": index, "function": function}]}}
    yield {"delta": {}, "finish_reason": finish}


def _json(value: Spec) -> str:
    text = json.dumps(value, ensure_ascii=False)
    # Half of a character can be written only as an escape.
    return json.dumps(value) if any("\ud800" <= one <= "\udfff" for one in text) else text


def _cut(text: str, size: int) -> Iterator[str]:
    return (text[start : start + size] for start in range(0, len(text), size))


class PathEndpoint:
    """Answers each incident by the path whose id its evidence names."""

    def __init__(self) -> None:
        self.bodies: dict[str, list[Spec]] = {}

    async def handle(self, request: Request) -> Response:
        """Answer one request."""
        body = json.loads(await request.body())
        asked = next(one["content"] for one in body["messages"] if one["role"] == "user")
        incident_id = asked.split("Evidence of ")[1].split()[0]
        self.bodies.setdefault(incident_id, []).append(body)
        spec = reply_to(body, BY_ID[incident_id.partition(".")[0]])
        return await response(spec, number=len(self.bodies[incident_id]))


async def response(spec: Spec, *, number: int) -> Response:
    """The HTTP response of a reply."""
    if "status" in spec:
        return Response("on purpose", spec["status"])
    message, finish = message_of(spec, number), finish_of(spec)
    if "stream" not in spec:
        choice = {"index": 0, "message": message, "finish_reason": finish}
        return JSONResponse({"choices": [choice], "usage": USAGE})
    chunks = list(chunks_of(message, finish, spec["stream"]))
    events: list[Spec] = [{"choices": [{"index": 0, **one}]} for one in chunks]
    events.append({"choices": [], "usage": USAGE})
    lines = [f"data: {_json(one)}\n\n" for one in events]
    raw = "".join([*lines, "data: [DONE]\n\n"]).encode()

    async def pieces() -> Any:
        size = spec["stream"]
        for start in range(0, len(raw), 97 * size):  # a prime: also within a character
            yield raw[start : start + 97 * size]
            await asyncio.sleep(0)

    return StreamingResponse(pieces(), media_type="text/event-stream")
