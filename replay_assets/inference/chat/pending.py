"""Waits for the result of a request that an endpoint has accepted with a 202.

The request is running and will be billed, so it is never sent again while this run lasts: only its
result is requested, until it is there or the time is over. The address is not kept: after the end
of the process, the next run asks the question again.
"""

import asyncio
import time

from replay_assets.candidates import Candidate
from replay_assets.inference.chat.protocol import read_completion
from replay_assets.inference.throttling import pause_asked_s
from replay_assets.inference.transport import Endpoint, Reply, WireError, result_address

ACCEPTED = 202
FIRST_POLL_S, POLL_GROWTH, LONGEST_POLL_S = 0.5, 1.5, 5.0
"""Pauses between polls if the endpoint asks for none."""
FAILED_POLLS = 10
"""Polls in a row that may fail: a minute, in which a gateway is restarted."""
RUNNING = frozenset({"pending-evaluation", "in-progress"})
"""What NVIDIA reports of a request that is not finished, under any status."""
NO_RESULT = frozenset({401, 403, 404, 405, 410})
"""Statuses of a poll which are about its address, not about the request."""


async def result_of(reply: Reply, endpoint: Endpoint, candidate: Candidate) -> Reply:
    """Return the response to a request that was accepted, when it is there.

    Raises:
        WireError: there is none within `retry_budget_s`, or no address to request it from.
    """
    if read_completion(reply.body) is not None:
        return reply  # an answer under an unusual status
    deadline = time.perf_counter() + candidate.limits.retry_budget_s
    address, pause_s, failed = None, FIRST_POLL_S, 0
    while True:
        address = result_address(candidate.base_url, reply.headers) or address
        if address is None:
            raise _unfinished("accepted without an address of the result at the same host")
        asked_s = pause_asked_s(reply.headers) or pause_s
        if time.perf_counter() + asked_s > deadline:
            raise _unfinished(f"no result within {candidate.limits.retry_budget_s:g} s")
        await asyncio.sleep(asked_s)
        pause_s = min(pause_s * POLL_GROWTH, LONGEST_POLL_S)
        try:
            polled = await endpoint.get(address)
        except WireError as error:
            failed, problem = failed + 1, str(error)
        else:
            if polled.status in NO_RESULT:
                raise _unfinished(f"HTTP {polled.status} for the result")
            if not _is_pending(polled) and not _may_pass(polled.status):
                return polled
            reply, problem = polled, f"HTTP {polled.status} for the result"
            failed = 0 if _is_pending(polled) else failed + 1
        if failed >= FAILED_POLLS:
            raise _unfinished(problem)


def _is_pending(reply: Reply) -> bool:
    return reply.status == ACCEPTED or reply.headers.get("nvcf-status") in RUNNING


def _may_pass(status: int) -> bool:
    # A redirect gives another address of the result.
    return status in (408, 425, 429) or status >= 500 or 300 <= status < 400


def _unfinished(problem: str) -> WireError:
    return WireError("unfinished", f"HTTP {ACCEPTED}: {problem}", possibly_paid=True)
