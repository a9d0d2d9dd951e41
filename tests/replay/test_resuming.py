"""A replay that continues, is repeated, refreshed, changed, cancelled or can't store answers."""

import errno
import json
import os
import signal
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from replay_assets.contracts.timing import without_timing
from replay_assets.contracts.vocabulary import Vocabulary
from replay_assets.errors import BatchStoppedError, JournalError, LockedError
from replay_assets.inference import RunStores
from replay_assets.inference.call_store.local import CALLS_FILE, JOURNAL_FILE, LOCK_FILE
from replay_assets.lake.locks import LocalLocks
from replay_assets.replay.runner import REPORT_FILE, RESULTS_FILE, ReplayRun, run_pack
from tests.inference.scripted_server import Script, candidate, completion, payload, status
from tests.replay.conftest import Runner
from tests.replay.packs import answer_text, pack_bytes, request

TUNED = {"prompt_variant": "contract_tuned"}
PRICES = {"prices_usd_per_million": {"input": 1.0, "output": 10.0}}
ONE = {"limits": {"concurrency": 1, "timeout_s": 5}}


def content(run: ReplayRun) -> tuple[list[Any], Any]:
    """Results and report of a run, without run-dependent fields."""
    results = [without_timing(result.as_json()) for result in run.results]
    return results, without_timing(run.report.as_json())


def asked(server: Script) -> list[str]:
    """The incidents that the endpoint was asked about."""
    return [body["messages"][1]["content"].split()[2] for body in server.bodies]


def names(folder: Path) -> set[str]:
    """The files of a folder that are not hidden."""
    return {path.name for path in folder.iterdir() if not path.name.startswith(".")}


def test_a_run_leaves_results_report_and_calls(
    server: Script, replay: Runner, tmp_path: Path
) -> None:
    """The journal is removed after the results are complete."""
    server.answers(answer_text())
    replay(request(), folder=tmp_path)
    assert names(tmp_path) == {RESULTS_FILE, REPORT_FILE, CALLS_FILE}


def test_a_rerun_asks_only_what_failed(server: Script, replay: Runner, tmp_path: Path) -> None:
    """A rejected request counts against the candidate; its deployment may answer it later."""
    pack = [request(one) for one in "abc"]
    server.answers(answer_text(), status(422), *[status(500)] * 4)
    first = replay(*pack, folder=tmp_path, **ONE)
    assert [one.outcome for one in first.results] == [
        "answered", "request_rejected", "infrastructure_failure",
    ]  # fmt: skip
    server.bodies.clear()
    server.answers(answer_text())
    second = replay(*pack, folder=tmp_path, **ONE)
    assert asked(server) == ["b", "c"]
    assert [one.outcome for one in second.results] == ["answered"] * 3
    assert [one.cached for one in second.results] == [True, False, False]
    assert content(second)[0][:1] == content(first)[0][:1]
    third = replay(*pack, folder=tmp_path, **ONE)
    assert asked(server) == ["b", "c"]
    assert content(third) == content(second)


def test_a_refresh_asks_everything_again(server: Script, replay: Runner, tmp_path: Path) -> None:
    """On demand only."""
    server.answers(answer_text())
    replay(request("a"), request("b"), folder=tmp_path)
    server.answers(answer_text(risk_level="high"))
    kept = replay(request("a"), request("b"), folder=tmp_path)
    assert {one.model_output["risk_level"] for one in kept.results} == {"low"}
    fresh = replay(request("a"), request("b"), folder=tmp_path, refresh=True)
    assert {one.model_output["risk_level"] for one in fresh.results} == {"high"}
    assert len(server.bodies) == 4


def test_after_a_change_only_what_differs_is_asked(
    server: Script, replay: Runner, tmp_path: Path
) -> None:
    """A pack of which one request changed; then the sampling, which changes every question."""
    server.answers(answer_text())
    replay(request("a"), request("b"), folder=tmp_path)
    server.bodies.clear()
    changed = replay(request("a"), request("b", user_prompt="Evidence of new"), folder=tmp_path)
    assert asked(server) == ["new"]
    assert [one.cached for one in changed.results] == [True, False]
    replay(request("a"), folder=tmp_path, sampling={"temperature": 0.5})
    assert asked(server) == ["new", "a"]


def test_an_answer_is_reused_whatever_asked_for_it(
    server: Script, replay: Runner, tmp_path: Path
) -> None:
    """The same run, killed between the first call and its repair, pays for neither twice."""
    server.answers("no JSON", status(401))
    with pytest.raises(BatchStoppedError, match="run the same again, and it continues"):
        replay(request("a"), folder=tmp_path, **TUNED, **ONE)
    server.answers(*[answer_text()] * 9)
    server.bodies.clear()
    run = replay(request("a"), folder=tmp_path, **TUNED, **ONE)
    (body,) = server.bodies
    assert "broke the response contract" in body["messages"][3]["content"]
    assert (run.results[0].outcome, run.results[0].retry_used) == ("answered", True)
    assert len(run.results[0].trace_events) == 2


def test_equal_requests_get_separate_answers(server: Script, replay: Runner) -> None:
    """Equal requests are separate calls, and so are repeats: nothing is counted twice."""
    server.answers(*(answer_text(proposed_action=f"answer {number}") for number in range(9)))
    run = replay(request("a"), request("b"), request("a"), repeats=3, **ONE)
    assert len(server.bodies) == 9
    assert [one.incident_id for one in run.results] == list("aaabbbaaa")
    assert [one.repeat for one in run.results] == [0, 1, 2] * 3
    assert len({one.model_output["proposed_action"] for one in run.results}) == 9
    assert (run.report.requests, run.report.repeats, run.report.valid) == (9, 3, True)


def test_more_repeats_ask_only_those_that_are_new(
    server: Script, replay: Runner, tmp_path: Path
) -> None:
    """A repeat is a separate question."""
    server.answers(answer_text())
    replay(request("a"), folder=tmp_path)
    run = replay(request("a"), folder=tmp_path, repeats=3)
    assert len(server.bodies) == 3
    assert run.report.results == 3


def test_fewer_repeats_in_between_cost_nothing(
    server: Script, replay: Runner, tmp_path: Path
) -> None:
    """What the fuller run was answered is still there."""
    server.answers(answer_text())
    for repeats in (3, 1, 3, 2, 3):
        run = replay(request("a"), folder=tmp_path, repeats=repeats)
        assert (run.report.valid, run.report.results) == (True, repeats)
    assert len(server.bodies) == 3


def test_the_variant_without_evidence_leaves_it_out(server: Script, replay: Runner) -> None:
    """It contains only the incident's alert, which a detector of leaks needs."""
    server.answers(answer_text())
    one = request("a", incident_context={"alertname": "DiskFull", "severity": "high"})
    run = replay(one, prompt_variant="no_evidence")
    prompt = server.bodies[0]["messages"][1]["content"]
    assert "Evidence of a" not in prompt
    assert prompt.startswith("Alert: DiskFull\nSeverity: high\n\nEvidence: left out on purpose.\n")
    assert "- action_id" in prompt
    assert run.report.candidate_variant_id == "no_evidence"


@pytest.fixture
def cached(server: Script, vocabulary: Vocabulary, tmp_path: Path) -> Any:
    """Replay into a folder, with a cache that all folders of a test share."""

    def run(name: str, *, refresh: bool = False, cache: bool = True) -> ReplayRun:
        return run_pack(
            pack_bytes(request("a")),
            candidate(server.base_url, cache=cache, **PRICES),
            api_key=None,
            vocabulary=vocabulary,
            folder=tmp_path / name,
            stores=RunStores.local(tmp_path, shared=tmp_path / "shared"),
            refresh=refresh,
        )

    return run


def test_the_cache_answers_across_runs_and_costs_nothing(server: Script, cached: Any) -> None:
    """A hit is marked, keeps the original's latency and cost, and the run spends nothing on it."""
    server.answers(completion(answer_text(), usage=(100, 20), delay_s=0.05))
    first, second = cached("one"), cached("two")
    assert len(server.bodies) == 1
    (paid,), (hit,) = first.results, second.results
    assert (paid.cached, hit.cached) == (False, True)
    assert (hit.latency_ms, hit.cost_usd) == (paid.latency_ms, paid.cost_usd)
    assert paid.cost_usd == pytest.approx(0.0003)
    assert (first.report.spent_usd, second.report.spent_usd) == (0.0003, 0.0)
    assert second.report.total_cost_usd == 0.0003
    assert (first.report.cached_records, second.report.cached_records) == (0, 1)
    assert content(first) == content(second)


def test_the_cache_is_off_unless_a_candidate_wants_it(server: Script, cached: Any) -> None:
    """And a refresh does not read it."""
    server.answers(answer_text())
    cached("one")
    cached("two", cache=False)
    cached("three", refresh=True)
    assert len(server.bodies) == 3


def test_a_failed_sync_stops_the_sending(
    server: Script, replay: Runner, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is not kept would be paid for twice; a handful is under way by then, not the rest."""
    server.answers(completion(answer_text(), delay_s=0.02))
    real, calls = os.fsync, [0]

    def full(file: int) -> None:
        calls[0] += 1
        if calls[0] > 4:
            raise OSError(errno.ENOSPC, "No space left on device")
        real(file)

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(JournalError, match="No space left on device"):
        replay(*(request(str(number)) for number in range(200)), folder=tmp_path)
    assert len(server.bodies) < 100
    assert JOURNAL_FILE in names(tmp_path)
    assert RESULTS_FILE not in names(tmp_path)


def test_a_sync_that_fails_as_the_last_answer_comes_makes_no_valid_run(
    server: Script, replay: Runner, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The system reports it once, in a thread that is abandoned at that time."""
    server.answers(completion(answer_text(), delay_s=0.15))
    real, failed = os.fsync, [False]

    def fail_once(file: int) -> None:
        if not failed[0] and threading.current_thread() is not threading.main_thread():
            failed[0] = True
            time.sleep(0.5)
            raise OSError(errno.EIO, "Input/output error")
        real(file)

    monkeypatch.setattr(os, "fsync", fail_once)
    with pytest.raises(JournalError, match="Input/output error"):
        replay(*(request(str(number)) for number in range(6)), folder=tmp_path)
    assert failed == [True]
    assert RESULTS_FILE not in names(tmp_path)


def test_a_damaged_journal_is_named_with_its_line(
    server: Script, replay: Runner, tmp_path: Path
) -> None:
    """It is not changed, so that it can be repaired from a copy."""
    server.answers(answer_text(), answer_text(), status(401))
    pack = [request(one) for one in "abc"]
    with pytest.raises(BatchStoppedError):
        replay(*pack, folder=tmp_path, **ONE)
    journal = tmp_path / JOURNAL_FILE
    damaged = journal.read_bytes().replace(b"Restart", b"Restarf", 1)
    journal.write_bytes(damaged)
    with pytest.raises(JournalError, match=rf"{JOURNAL_FILE}, line 2: damaged"):
        replay(*pack, folder=tmp_path, **ONE)
    assert journal.read_bytes() == damaged


def test_a_folder_is_worked_on_by_one_process(
    server: Script, replay: Runner, tmp_path: Path
) -> None:
    """The file of the lock is never replaced, so there is no gap between two holders."""
    server.answers(answer_text())
    replay(request(), folder=tmp_path)
    inode = (tmp_path / LOCK_FILE).stat().st_ino
    with (
        LocalLocks(tmp_path.parent, LOCK_FILE).hold(tmp_path.name),
        pytest.raises(LockedError, match=rf"process {os.getpid()} on .* has worked on it since 2"),
    ):
        replay(request(), folder=tmp_path)
    replay(request(), folder=tmp_path)
    assert (tmp_path / LOCK_FILE).stat().st_ino == inode


@pytest.mark.usefixtures("ctrl_c_interrupts")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["ctrl_c", "terminated"])
def test_a_cancelled_run_stops_within_two_seconds_with_its_journal_sound(
    number: signal.Signals, server: Script, replay: Runner, tmp_path: Path
) -> None:
    """While every slot waits for a slow endpoint."""
    server.answers(answer_text(), answer_text(), completion(answer_text(), delay_s=30))
    pack = [request(str(one)) for one in range(50)]
    sent_at: list[float] = []

    def end() -> None:
        while len(server.bodies) < 6:
            time.sleep(0.01)
        sent_at.append(time.monotonic())
        os.kill(os.getpid(), number)

    ending = threading.Thread(target=end)
    ending.start()
    with pytest.raises(BatchStoppedError, match="48 of 50 requests have no result"):
        replay(*pack, folder=tmp_path, limits={"concurrency": 4, "timeout_s": 60})
    assert time.monotonic() - sent_at[0] < 2
    ending.join()
    server.bodies.clear()
    server.answers(answer_text())
    run = replay(*pack, folder=tmp_path)
    assert (run.report.valid, len(server.bodies)) == (True, 48)


def test_after_the_budget_is_used_up_the_rest_is_not_sent(
    server: Script, replay: Runner, tmp_path: Path
) -> None:
    """`not_sent` is not an answer; with more money, the next run sends the request."""
    server.answers(completion(answer_text(), usage=(1000, 100)))
    pack = [request(one) for one in "abcdef"]
    priced = {**ONE, **PRICES, "sampling": {"max_tokens": 100}}
    run = replay(*pack, folder=tmp_path, budget_usd={"run": 0.007}, **priced)
    outcomes = [one.outcome for one in run.results]
    sent = outcomes.count("answered")
    assert 1 <= sent < 6
    assert outcomes.count("not_sent") == 6 - sent == 6 - len(server.bodies)
    assert run.report.spent_usd == pytest.approx(sent * 0.002)
    assert not run.report.valid
    more = replay(*pack, folder=tmp_path, **priced)
    assert more.report.valid
    assert len(server.bodies) == 6


def test_a_pause_beyond_patience_ends_the_run_to_be_resumed(
    server: Script, replay: Runner, tmp_path: Path
) -> None:
    """Cleanly: what was answered is kept."""
    server.answers(answer_text(), status(429, Retry_After="900"))
    pack = [request(one) for one in "abc"]
    with pytest.raises(BatchStoppedError, match="2 of 3 requests have no result"):
        replay(*pack, folder=tmp_path, **ONE)
    server.answers(answer_text())
    server.bodies.clear()
    assert replay(*pack, folder=tmp_path, **ONE).report.valid
    assert asked(server) == ["b", "c"]


def test_reasoning_is_never_read_as_the_answer(server: Script, replay: Runner) -> None:
    """A draft in the reasoning is not an answer, in either of the two places."""
    draft = answer_text(risk_level="critical")
    message = {"role": "assistant", "content": answer_text(), "reasoning_content": draft}
    thought = {"role": "assistant", "content": f"<think>{draft}</think>{answer_text()}"}
    replies = [
        {"choices": [{"message": one, "finish_reason": "stop"}]} for one in (message, thought)
    ]
    server.answers(*map(payload, replies))
    run = replay(request("a"), request("b"), **ONE)
    assert [one.model_output["risk_level"] for one in run.results] == ["low", "low"]
    assert "critical" not in json.dumps([one.as_json() for one in run.results])
