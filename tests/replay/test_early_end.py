"""A replay that ends early: nothing more is sent, and requests in flight may still be answered."""

import os
import re
import signal
import threading
import time
from pathlib import Path

import pytest
from starlette.responses import Response

from replay_assets.contracts.vocabulary import Vocabulary
from replay_assets.errors import BatchStoppedError
from replay_assets.inference.batch import dispatch
from replay_assets.inference.batch.progress import BatchProgress
from replay_assets.replay.runner import run_pack
from tests.inference.scripted_server import Body, Reply, Script, candidate, completion, status
from tests.replay.conftest import Runner
from tests.replay.packs import answer_text, pack_bytes, request

PACK = [request(f"inc-{number:02}") for number in range(40)]
EIGHT = {"limits": {"concurrency": 8, "timeout_s": 60}}
ENDS = {"patience": status(429, Retry_After="900"), "refused": status(401)}
SLOW = completion(answer_text(), delay_s=0.4)


def by_incident(server: Script, usual: Reply, **replies: Reply) -> None:
    """Answer some incidents differently from the rest; an underscore represents the hyphen."""

    async def reply(body: Body) -> Response:
        (number,) = re.findall(r"Evidence of inc-(\d+)", body["messages"][1]["content"])
        return await replies.get(f"inc_{number}", usual)(body)

    server.answers(reply)


@pytest.mark.parametrize("end", ENDS)
def test_what_was_sent_before_the_end_is_kept_and_nothing_is_sent_after(
    end: str, server: Script, replay: Runner, tmp_path: Path
) -> None:
    """Seven answers are on their way when the eighth ends the run; 32 requests wait."""
    by_incident(server, SLOW, inc_03=ENDS[end])
    with pytest.raises(BatchStoppedError, match="33 of 40 requests have no result"):
        replay(*PACK, folder=tmp_path, **EIGHT)
    assert len(server.bodies) == 8
    server.answers(answer_text())
    run = replay(*PACK, folder=tmp_path, **EIGHT)
    assert (run.report.valid, len(server.bodies)) == (True, 8 + 33)


def test_after_the_end_nothing_is_tried_again_or_repaired(
    server: Script, replay: Runner, tmp_path: Path
) -> None:
    """One that fails and one that breaks the contract: both are finished by the next run."""

    async def fail_late(body: Body) -> Response:
        await SLOW(body)
        return await status(500)(body)

    broken = completion("no JSON", delay_s=0.4)
    by_incident(server, SLOW, inc_03=ENDS["patience"], inc_01=fail_late, inc_02=broken)
    tuned = {"prompt_variant": "contract_tuned", **EIGHT}
    with pytest.raises(BatchStoppedError, match="35 of 40 requests have no result"):
        replay(*PACK, folder=tmp_path, **tuned)
    assert len(server.bodies) == 8
    server.answers(answer_text())
    run = replay(*PACK, folder=tmp_path, **tuned)
    assert (run.report.valid, len(server.bodies)) == (True, 8 + 35)


def test_what_waits_to_be_tried_again_is_not_waited_for(
    server: Script, replay: Runner, tmp_path: Path
) -> None:
    """It would be sent after the end, and its pause may be long."""
    late = completion(answer_text(), delay_s=0.2)

    async def end(body: Body) -> Response:
        await late(body)
        return await ENDS["refused"](body)

    by_incident(server, late, inc_00=status(503, Retry_After="5"), inc_01=end)
    started = time.monotonic()
    with pytest.raises(BatchStoppedError, match="3 of 4 requests have no result"):
        replay(*PACK[:3], PACK[1], folder=tmp_path, **EIGHT)
    assert time.monotonic() - started < 2


def test_what_does_not_come_back_is_given_up_after_a_while(
    server: Script, replay: Runner, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The others are kept."""
    monkeypatch.setattr(dispatch, "DRAIN_TIMEOUT_S", 0.8)
    never = completion(answer_text(), delay_s=30)
    by_incident(server, SLOW, inc_03=ENDS["patience"], inc_05=never)
    started = time.monotonic()
    with pytest.raises(BatchStoppedError, match="34 of 40 requests have no result"):
        replay(*PACK, folder=tmp_path, **EIGHT)
    assert 0.8 <= time.monotonic() - started < 3


@pytest.mark.usefixtures("ctrl_c_interrupts")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["ctrl_c", "terminated"])
def test_after_an_interrupt_requests_in_flight_are_not_waited_for(
    number: signal.Signals, server: Script, replay: Runner, tmp_path: Path
) -> None:
    """There are only two seconds."""
    by_incident(server, completion(answer_text(), delay_s=30), inc_03=ENDS["patience"])
    sent_at: list[float] = []

    def end() -> None:
        while len(server.bodies) < 8:
            time.sleep(0.01)
        time.sleep(0.3)
        sent_at.append(time.monotonic())
        os.kill(os.getpid(), number)

    ending = threading.Thread(target=end)
    ending.start()
    with pytest.raises(BatchStoppedError, match=r"was interrupted\. 40 of 40 requests"):
        replay(*PACK, folder=tmp_path, **EIGHT)
    assert time.monotonic() - sent_at[0] < 2
    ending.join()


class ToldToEndError(BaseException):
    """What an orchestrator raises in the place of KeyboardInterrupt."""


def test_an_interrupt_in_the_middle_of_work_ends_the_run_like_any_other(
    server: Script, vocabulary: Vocabulary, tmp_path: Path
) -> None:
    """A handler that raises it does so wherever the loop is: here, in a task that counts."""
    server.answers(answer_text())
    told: list[BatchProgress] = []

    def raise_it(*_: object) -> None:
        raise ToldToEndError

    def tell(progress: BatchProgress) -> None:
        told.append(progress)
        if len(told) == 1:
            signal.raise_signal(signal.SIGTERM)

    before = signal.signal(signal.SIGTERM, raise_it)
    try:
        with pytest.raises(BatchStoppedError, match=r"was interrupted\. .* run the same again"):
            run_pack(
                pack_bytes(*(request(str(number)) for number in range(2000))),
                candidate(server.base_url),
                api_key=None,
                vocabulary=vocabulary,
                folder=tmp_path,
                progress=tell,
            )
    finally:
        signal.signal(signal.SIGTERM, before)
