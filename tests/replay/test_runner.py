"""A complete pack: checked before anything is sent, results in order, and a correct report."""

import json
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from replay_assets.candidates.catalogue import Catalogue
from replay_assets.contracts.result import ReplayResult
from replay_assets.contracts.run_report import RunReport
from replay_assets.contracts.vocabulary import Vocabulary
from replay_assets.errors import BatchStoppedError, ConfigurationError
from replay_assets.inference import BatchProgress, RunStores
from replay_assets.lake.assets import REPLAY_RESULTS
from replay_assets.lake.digests import digest_of
from replay_assets.lake.formats import decode_jsonl
from replay_assets.lake.store import Store
from replay_assets.replay.runner import REPORT_FILE, RESULTS_FILE, run_pack
from replay_assets.request_packs.builder import build_pack
from tests.inference.scripted_server import Script, candidate, completion, payload, status
from tests.lake.written import encode_jsonl
from tests.replay.conftest import Runner
from tests.replay.packs import answer_text, original_request, pack_bytes, request
from tests.request_packs.rows import evidence_row, read_sample_rows

TUNED = "contract_tuned"
KEY = "FAKE-" + "key-of-a-vendor"


def test_all_lines_are_checked_before_anything_is_sent(server: Script, replay: Runner) -> None:
    """One bad line at the end stops all: the report has every finding, and no result."""
    server.answers(answer_text())
    wrong = request(incident_context={"repair_success": 1})
    run = replay(request("a"), request("b", metadata={}), request("c"), wrong)
    assert server.bodies == []
    assert run.results == []
    assert run.report.failures == [
        "request_not_request_only:line_2",
        "request_missing_not_replacement_evidence:line_2",
        "request_self_grading_leak:line_4",
    ]
    assert (run.report.valid, run.report.requests, run.report.results) == (False, 4, 0)
    assert run.report.total_cost_usd is None
    assert run.report.avg_latency_ms is run.report.p95_latency_ms is None


@pytest.mark.parametrize("key", [None, "", "  \n"], ids=["absent", "empty", "blank"])
def test_a_missing_key_is_a_failure_and_nothing_is_sent(
    key: str | None, server: Script, replay: Runner
) -> None:
    """By the original's code."""
    server.answers(answer_text())
    run = replay(request(), api_key=key, api_key_env="MODEL_KEY")
    assert (run.report.valid, run.report.failures) == (False, ["api_key_missing"])
    assert (run.results, server.bodies) == ([], [])


@pytest.mark.parametrize("refused_for", ["a_finding", "a_missing_key"])
def test_a_refused_run_leaves_the_files_of_an_earlier_run_as_they_are(
    refused_for: str, server: Script, replay: Runner, tmp_path: Path
) -> None:
    """It says why; the results that were paid for stay."""
    server.answers(answer_text())
    earlier = replay(request("a"), folder=tmp_path)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    wrong: dict[str, Any] = {"metadata": {}} if refused_for == "a_finding" else {}
    key = {"api_key_env": "MODEL_KEY"} if refused_for == "a_missing_key" else {}
    refused = replay(request("a", **wrong), folder=tmp_path, **key)
    assert refused.was_refused
    assert not refused.report.valid
    assert refused.report.failures
    assert refused.results == []
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before
    assert len(earlier.results) == len(server.bodies) == 1


def test_a_refused_run_in_a_new_folder_writes_only_its_report(
    replay: Runner, tmp_path: Path
) -> None:
    """Whatever reads reports sees why there are no results."""
    run = replay(request("a", metadata={}), folder=tmp_path)
    assert run.was_refused
    assert [path.name for path in tmp_path.iterdir()] == [REPORT_FILE]
    assert RunReport.read(json.loads((tmp_path / REPORT_FILE).read_text())) == run.report


@pytest.mark.parametrize("code", [401, 402, 404])
def test_a_rejected_key_or_model_stops_the_replay(
    code: int, server: Script, replay: Runner
) -> None:
    """Rather than hundreds of failed results; what was not sent is counted."""
    server.answers(answer_text(), status(code, f"no {KEY}"))
    requests = [request(str(number)) for number in range(50)]
    # The first answer counts once it is on the disk, which may be after the rejection.
    with pytest.raises(BatchStoppedError, match=r"(49|50) of 50 requests have no re") as caught:
        replay(*requests, api_key=KEY, api_key_env="MODEL_KEY", limits={"concurrency": 1})
    assert 2 <= len(server.bodies) <= 5  # a few more may have had the slot before the run ended
    assert "MODEL_KEY" in str(caught.value)
    assert KEY not in str(caught.value)


def test_rejected_credentials_under_concurrency_stop_the_replay_too(
    server: Script, replay: Runner
) -> None:
    """Several rejections at the same time are one error, not a group."""
    server.answers(status(401))
    with pytest.raises(BatchStoppedError, match="20 of 20"):
        replay(*(request(str(number)) for number in range(20)), limits={"concurrency": 5})
    assert len(server.bodies) <= 10


def test_results_keep_the_order_of_the_requests(server: Script, replay: Runner) -> None:
    """Also if a later one is answered sooner; the allowed concurrency is never exceeded."""
    delays = [0.12, 0.0, 0.06, 0.0, 0.03, 0.0, 0.0, 0.0]
    server.answers(*(completion(answer_text(), delay_s=delay) for delay in delays))
    ids = [f"inc-{number}" for number in range(8)]
    run = replay(*map(request, ids), limits={"concurrency": 3})
    assert [result.incident_id for result in run.results] == ids
    assert [result.trace_events[0].line_number for result in run.results] == list(range(1, 9))
    assert server.most_at_once == 3


def test_one_incident_on_two_lines_has_two_results(server: Script, replay: Runner) -> None:
    """A line is a request; the incident's id is not a key here."""
    server.answers(answer_text())
    assert replay(request("a"), request("a")).report.results == 2


@pytest.mark.parametrize(
    ("variants", "common"),
    [([None, None], None), ([TUNED, TUNED], TUNED), ([None, TUNED], "mixed")],
    ids=["base", "tuned", "mixed"],
)
def test_a_pack_of_the_original_form_is_replayed(
    variants: list[str | None], common: str | None, server: Script, replay: Runner
) -> None:
    """It names its candidate, and maybe a variant in each request."""
    server.answers(answer_text())
    pack = [original_request(str(n), variant=variant) for n, variant in enumerate(variants)]
    run = replay(*pack)
    assert run.report.valid
    assert run.report.candidate_variant_id == common
    assert [result.candidate_variant_id for result in run.results] == variants
    assert all(result.candidate_id == "model-under-test" for result in run.results)


def test_the_files_can_be_read_back_as_the_contracts(
    server: Script, replay: Runner, tmp_path: Path
) -> None:
    """Also with an answer that UTF-8 can't encode unchanged."""
    odd = answer_text().replace("Watch", r"Watch \ud83d \u2028 觀察")
    server.answers(odd, payload({"choices": [{"message": None}]}))
    run = replay(request("a"), request("b"), limits={"concurrency": 1})
    content = (run.folder / RESULTS_FILE).read_bytes()
    results = [ReplayResult.read(one) for one in decode_jsonl(content, RESULTS_FILE)]
    assert results == run.results
    assert results[0].model_output["action_plan"] == ["Restart", "Watch ? \u2028 觀察"]
    assert RunReport.read(json.loads((run.folder / REPORT_FILE).read_text())) == run.report
    address = REPLAY_RESULTS.at("2026-09-21", run.report.candidate_id)
    made = run.publish(Store(str(tmp_path / "lake")), address, inputs={})
    assert made.records(RESULTS_FILE) == [one.as_json() for one in results]
    assert made.file(RESULTS_FILE) == content
    outcomes = made.table("replay_results").column("outcome").to_pylist()
    assert outcomes == ["answered", "infrastructure_failure"]


def test_a_replay_does_not_depend_on_where_its_calls_are_kept(
    server: Script, vocabulary: Vocabulary, tmp_path: Path
) -> None:
    """In memory, it has the same results, continues as well, and leaves no file but them."""
    server.answers(answer_text(), status(401))
    stores = RunStores.in_memory()
    run = partial(
        run_pack,
        pack_bytes(request("a"), request("b")),
        candidate(server.base_url, limits={"concurrency": 1}),
        api_key=None,
        vocabulary=vocabulary,
        folder=tmp_path,
        stores=stores,
    )
    with pytest.raises(BatchStoppedError):
        run()
    assert list(tmp_path.iterdir()) == []
    server.answers(answer_text())
    assert run().report.valid
    assert len(server.bodies) == 3
    assert {path.name for path in tmp_path.iterdir()} == {RESULTS_FILE, REPORT_FILE}


@pytest.mark.parametrize("baseline", ["rules-baseline", "constant-baseline"])
def test_a_baseline_answers_every_sample_in_process(
    baseline: str, vocabulary: Vocabulary, tmp_path: Path
) -> None:
    """No key, no server, no network; the second run is equal except for its timing."""
    pack = build_pack(read_sample_rows(), [], day="2026-09-21", vocabulary=vocabulary)
    content = encode_jsonl(one.as_json() for one in pack.requests)
    embedded = Catalogue.load().get(baseline)
    seen: list[BatchProgress] = []
    first, second = (
        run_pack(
            content,
            embedded,
            api_key=None,
            vocabulary=vocabulary,
            folder=tmp_path / name,
            progress=seen.append,
        )
        for name in "ab"
    )
    assert first.report.valid
    assert first.report.baseline
    assert first.report.outcomes["answered"] == first.report.requests == 72
    assert (seen[-1].done, seen[-1].total, seen[-1].failed) == (72, 72, 0)
    same = [digest_of([one.as_json() for one in run.results]) for run in (first, second)]
    assert same[0] == same[1]


def test_a_pack_built_with_another_vocabulary_is_refused(
    vocabulary: Vocabulary, tmp_path: Path
) -> None:
    """Its ids would all be unknown here, and every answer wrong."""
    other = vocabulary.model_copy(update={"actions": vocabulary.actions[1:]})
    pack = build_pack([evidence_row()], [], day="2026-09-21", vocabulary=other)
    content = encode_jsonl(one.as_json() for one in pack.requests)
    baseline = Catalogue.load().get("constant-baseline")
    with pytest.raises(ConfigurationError, match=r"line 1: .*another vocabulary.*REPLAY_VOCAB"):
        run_pack(content, baseline, api_key=None, vocabulary=vocabulary, folder=tmp_path)
    run = run_pack(content, baseline, api_key=None, vocabulary=other, folder=tmp_path)
    assert run.report.requests == 1


def test_an_empty_day_is_a_valid_run_of_nothing(replay: Runner, server: Script) -> None:
    """Zero requests, zero results, and unknown figures are None, not 0."""
    run = replay()
    assert (run.report.valid, run.report.requests, server.bodies) == (True, 0, [])
    assert run.report.p95_latency_ms is None
    assert (run.folder / RESULTS_FILE).read_bytes() == b""
