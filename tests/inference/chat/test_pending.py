"""Requests that an endpoint accepts with a 202: the result is waited for, nothing is sent twice."""

import pytest

from replay_assets.inference.call.failures import InfrastructureError, RequestRejectedError
from replay_assets.inference.chat import pending
from tests.inference.scripted_server import Script, ask, completion, status

KEY = "nvapi-" + "FAKE0123456789"
ACCEPTED = status(202, "", NVCF_REQID="abc", NVCF_STATUS="pending-evaluation")


@pytest.fixture(autouse=True)
def _without_pauses(no_waits: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pending, "FIRST_POLL_S", 0.0)


def test_the_result_of_an_accepted_request_is_waited_for(server: Script) -> None:
    """With the key, at the address of its id, as one attempt."""
    server.answers(ACCEPTED)
    server.results = [ACCEPTED, status(200, "", NVCF_STATUS="in-progress"), completion("late")]
    answer = ask(server, api_key=KEY, prices_usd_per_million={"input": 1, "output": 10})
    assert (answer.content, len(answer.attempts), len(server.bodies)) == ("late", 1, 1)
    assert server.polled == ["/v1/status/abc"] * 3
    assert {headers["authorization"] for headers in server.headers} == {f"Bearer {KEY}"}
    assert answer.cost_usd == pytest.approx(0.0003)


def test_an_address_of_the_same_host_is_used(server: Script) -> None:
    """It may change while the request runs, also by a redirect."""
    server.answers(status(202, "", Location="/v1/jobs/1"))
    server.results = [
        status(202, "", Location="/v1/jobs/2"),
        status(303, "", Location="/v1/results/2"),
        completion("late"),
    ]
    assert ask(server).content == "late"
    assert server.polled == ["/v1/jobs/1", "/v1/jobs/2", "/v1/results/2"]


def test_an_answer_under_202_is_an_answer(server: Script) -> None:
    """Some gateways return it so."""

    async def accepted(body: dict[str, object]) -> object:
        reply = await completion("now")(body)
        reply.status_code = 202
        return reply

    server.answers(accepted)  # type: ignore[arg-type]
    assert ask(server).content == "now"
    assert server.polled == []


@pytest.mark.parametrize(
    ("first", "results", "says"),
    [
        (status(202, ""), [], "without an address"),
        (status(202, "", Location="http://127.0.0.1:1/7"), [], "without an address"),
        (ACCEPTED, [status(404)], "HTTP 404 for the result"),
        (ACCEPTED, [status(401)], "HTTP 401 for the result"),
        (ACCEPTED, [status(500)], "HTTP 500 for the result"),
        (status(202, "", NVCF_REQID="a", Retry_After="900"), [], "no result within 300 s"),
    ],
    ids=["no_address", "other_host", "gone", "no_access", "broken", "too_late"],
)
def test_a_request_without_a_result_is_not_sent_again(
    server: Script, first: object, results: list[object], says: str
) -> None:
    """It may still run, and is billed: the next run asks it again."""
    server.answers(first)  # type: ignore[arg-type]
    server.results = results  # type: ignore[assignment]
    with pytest.raises(InfrastructureError, match=f"no answer after 1 tries: .*{says}") as caught:
        ask(server, prices_usd_per_million={"input": 1, "output": 10})
    (attempt,) = caught.value.attempts
    assert (attempt.outcome, attempt.possibly_paid) == ("unfinished", True)
    assert len(server.bodies) == 1


def test_a_poll_that_fails_is_repeated(server: Script) -> None:
    """A gateway may be restarted meanwhile."""
    server.answers(ACCEPTED)
    server.results = [*[status(503)] * (pending.FAILED_POLLS - 1), ACCEPTED, completion("late")]
    assert ask(server).content == "late"


def test_a_result_may_be_a_rejection(server: Script) -> None:
    """It is that of the request, not of the poll."""
    server.answers(ACCEPTED)
    server.results = [status(422, "the prompt is too long")]
    with pytest.raises(RequestRejectedError, match="too long"):
        ask(server)
