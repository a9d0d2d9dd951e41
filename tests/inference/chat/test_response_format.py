"""How an endpoint is asked for JSON, and what the client learns if it rejects a form."""

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest
from starlette.responses import JSONResponse, Response

from replay_assets.inference.call.completion import Completion
from replay_assets.inference.call.failures import RequestRejectedError
from replay_assets.inference.chat.client import ChatClient
from replay_assets.inference.chat.response_format import bounded
from replay_assets.inference.throttling import InProcessLimits
from tests.inference.scripted_server import (
    MESSAGES,
    Body,
    Reply,
    Script,
    candidate,
    completion,
    status,
)

SCHEMA = {"type": "object", "properties": {"a": {"type": "string"}}, "required": ["a"]}

pytestmark = pytest.mark.usefixtures("no_waits")


def rejecting(*kinds: str, code: int = 400, text: Any = "response_format is unknown") -> Reply:
    """Return a reply that rejects some forms and answers all others."""

    async def reply(body: Body) -> Response:
        kind = body.get("response_format", {}).get("type", "none")
        if kind in kinds:
            return JSONResponse({"error": text}, code)
        return await completion(kind)(body)

    return reply


def ask(
    server: Script, schemas: Sequence[Any] = (SCHEMA,), **changes: Any
) -> tuple[list[Completion], Sequence[str]]:
    """Send a request per schema, one after the other; return the answers and rejected forms."""

    async def run() -> tuple[list[Completion], Sequence[str]]:
        one = candidate(server.base_url, **changes)
        async with ChatClient(one, api_key=None, limits=InProcessLimits()) as client:
            answers = [await client.complete(MESSAGES, schema=schema) for schema in schemas]
            return answers, client.rejected_modes

    return asyncio.run(run())


def test_a_schema_is_requested_if_there_is_one(server: Script) -> None:
    """In the form of OpenAI's protocol, with every string and list bounded."""
    server.answers(rejecting())
    answers, rejected = ask(server, [SCHEMA, None])
    assert [answer.content for answer in answers] == ["json_schema", "json_object"]
    assert [answer.response_mode for answer in answers] == ["json_schema", "json_object"]
    assert rejected == ()
    form = server.bodies[0]["response_format"]["json_schema"]
    assert form["schema"]["properties"]["a"]["maxLength"] > 0


@pytest.mark.parametrize(
    ("kinds", "settled"),
    [(("json_schema",), "json_object"), (("json_schema", "json_object"), "none")],
)
def test_a_rejected_form_is_requested_only_once_per_run(
    kinds: tuple[str, ...], settled: str, server: Script
) -> None:
    """The request is still answered, and later ones use the weaker form from the start."""
    server.answers(rejecting(*kinds))
    answers, rejected = ask(server, [SCHEMA] * 3)
    assert [answer.content for answer in answers] == [settled] * 3
    assert rejected == kinds
    assert [len(answer.attempts) for answer in answers] == [1 + len(kinds), 1, 1]
    assert answers[0].attempts[0].outcome == "response_format_refused"


@pytest.mark.parametrize(
    ("code", "text"),
    [
        (400, "This model does not support JSON mode"),
        (400, "guided_json is not supported by this backend"),
        (400, "failed to parse grammar"),
        (400, "Extra inputs are not permitted: responseSchema"),
        (400, "The specified schema produces a constraint that has too many states"),
        (404, "No endpoints found that can handle the requested parameters."),
        (200, {"code": 400, "message": "failed to parse grammar"}),
        (400, "Request contains an invalid argument."),
        (400, "For 'object' type, 'additionalProperties' must be explicitly set to false"),
        (400, "minItems/maxItems is not supported"),
        (400, "The feature JSON_OUTPUT is not enabled for this model"),
        (415, "response-format"),
        (422, '{"loc": ["body", "response_format"]}'),
        (500, "structured outputs are not supported by this model"),
        (501, "response_format is not implemented"),
    ],
)
def test_a_form_may_be_rejected_in_any_words(code: int, text: Any, server: Script) -> None:
    """If a weaker form is answered, the form was at fault."""
    server.answers(rejecting("json_schema", code=code, text=text))
    answers, rejected = ask(server, [SCHEMA, SCHEMA])
    assert [answer.content for answer in answers] == ["json_object"] * 2
    assert rejected == ("json_schema",)
    assert len(server.bodies) == 3


@pytest.mark.parametrize(
    ("code", "text"),
    [(422, "temperature"), (400, "the context is too long"), (413, "response_format")],
)
def test_nothing_else_changes_the_form(code: int, text: str, server: Script) -> None:
    """Another text or status is about the request."""
    server.answers(status(code, text))
    with pytest.raises(RequestRejectedError):
        ask(server)
    assert len(server.bodies) == 1


def test_a_request_that_is_rejected_in_every_form_changes_nothing(server: Script) -> None:
    """An endpoint that repeats the request in its error names the field without reason."""
    echo = status(400, '{"detail": "too long", "body": {"response_format": {}}}')
    server.answers(echo, echo, echo, "answered")

    async def run() -> None:
        async with ChatClient(candidate(server.base_url), api_key=None) as client:
            with pytest.raises(RequestRejectedError):
                await client.complete(MESSAGES, schema=SCHEMA)
            await client.complete(MESSAGES, schema=SCHEMA)

    asyncio.run(run())
    kinds = [body.get("response_format", {}).get("type") for body in server.bodies]
    assert kinds == ["json_schema", "json_object", None, "json_schema"]


def test_an_answer_that_did_not_keep_its_form_is_asked_with_less_alone(server: Script) -> None:
    """It is a failure of the model with one request; the next one may be answered in the form."""
    failed = status(400, '{"error": {"code": "json_validate_failed", "failed_generation": "{"}}')
    server.answers(failed, "answered")
    (kept, _), rejected = ask(server, [SCHEMA, SCHEMA])
    assert rejected == ()

    async def run() -> None:
        async with ChatClient(candidate(server.base_url), api_key=None) as client:
            client.learn_from(kept, schema=SCHEMA)
            await client.complete(MESSAGES, schema=SCHEMA)

    asyncio.run(run())
    kinds = [body["response_format"]["type"] for body in server.bodies]
    assert kinds == ["json_schema", "json_object", "json_schema", "json_schema"]


def test_a_rerun_knows_the_form_of_the_answers_that_are_kept(server: Script) -> None:
    """It sends no request that it can expect to be rejected."""
    server.answers(rejecting("json_schema"))
    (kept,), _ = ask(server)

    async def run() -> None:
        async with ChatClient(candidate(server.base_url), api_key=None) as client:
            client.learn_from(kept, schema=SCHEMA)
            await client.complete(MESSAGES, schema=SCHEMA)

    asyncio.run(run())
    assert server.bodies[-1]["response_format"]["type"] == "json_object"
    assert len(server.bodies) == 3


@pytest.mark.parametrize("wanted", ["json_schema", "json_object", "none"])
def test_a_candidate_may_set_the_form(wanted: str, server: Script) -> None:
    """For an endpoint that is known to handle one of them badly."""
    server.answers(rejecting())
    (answer,), _ = ask(server, response_format=wanted)
    assert answer.content == answer.response_mode == wanted


def test_every_string_and_list_of_a_schema_has_a_maximum_length() -> None:
    """At any depth; what already has a limit, or is a choice, stays as it is."""
    found = bounded(
        {
            "type": "object",
            "properties": {
                "type": {"type": ["string", "null"]},
                "short": {"type": "string", "maxLength": 3},
                "choice": {"type": "string", "enum": ["x"]},
                "list": {"type": "array", "items": {"anyOf": [{"type": "string"}]}},
            },
        }
    )["properties"]
    assert found["type"]["maxLength"] == found["list"]["items"]["anyOf"][0]["maxLength"] > 3
    assert found["short"] == {"type": "string", "maxLength": 3}
    assert found["choice"] == {"type": "string", "enum": ["x"]}
    assert found["list"]["maxItems"] > 0
