"""A replay over a route whose first member is ill for some seconds, or that is killed meanwhile."""

import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from dataclasses import asdict
from pathlib import Path

import pytest

from replay_assets.inference.call.call import Call
from replay_assets.inference.call_store.journal import checked
from replay_assets.inference.call_store.local import JOURNAL_FILE
from tests.benchmarks.routing.endpoints import ILLNESSES, serving
from tests.benchmarks.routing.outage import Outage, run_outages
from tests.inference.routing.routes import FIRST, SECOND

pytestmark = [pytest.mark.slow, pytest.mark.integration]
ROOT = Path(__file__).parents[2]


def test_an_ill_member_is_replaced_and_asked_again_when_it_is_well(tmp_path: Path) -> None:
    """Down, hanging, slow, throttling, 500: `tests.benchmarks.routing` has a whole minute."""
    planned = [Outage(one, 600, 0.25, 2.0, 2.0, 1.0) for one in ILLNESSES]
    for outage, (seen, run) in zip(planned, run_outages(planned, tmp_path), strict=True):
        results = run.results
        assert len({one.incident_id for one in results}) == len(results) == 600, outage.illness
        assert run.report.outcomes["answered"] == 600, outage.illness
        assert seen.recovered_s < 3.0, (outage.illness, seen)
        assert seen.returned_s < 10.0, (outage.illness, seen)
        assert seen.answered_twice == 0, (outage.illness, seen)
        # They come after a pause of 1 s, then of 2 s: no more fit into the outage.
        assert seen.probes <= 2, (outage.illness, seen)
        chains = Counter(one.candidate_id for one in results[-1].chain or ())
        assert chains[FIRST] == 1
        assert any(one.model == SECOND for one in results), outage.illness
        assert results[-1].model == FIRST, outage.illness


def test_a_run_that_is_killed_during_an_outage_keeps_every_answer(tmp_path: Path) -> None:
    """Of either member: none is paid twice, and its content is that of the journal."""
    outage = Outage("500", 300, 0.25, 1.0, 2.0, 1.0)
    first, second = outage.endpoints()
    with serving([first, second]):
        urls = [first.base_url, second.base_url]
        command = [sys.executable, "-m", "tests.benchmarks.routing.outage"]
        arguments = [json.dumps(asdict(outage)), *urls, str(tmp_path)]
        with subprocess.Popen([*command, *arguments], cwd=ROOT) as process:
            while len(second.answered) < 40:
                assert process.poll() is None
                time.sleep(0.02)
            os.kill(process.pid, signal.SIGKILL)
        kept = answers_in(tmp_path / JOURNAL_FILE)
        run = outage.replay(urls, tmp_path)
    counts = Counter(one for _, one in (*first.answered, *second.answered))
    assert {kept[one] for one in kept} == {FIRST, SECOND}
    assert [counts[one] for one in kept] == [1] * len(kept)
    members = {one.incident_id: one.model for one in run.results}
    assert {one: members[one] for one in kept} == kept
    assert run.report.outcomes["answered"] == 300


def answers_in(journal: Path) -> dict[str, str]:
    """Return the incidents whose answers a journal has, each with the member that answered."""
    found = {}
    for line in journal.read_bytes().splitlines(keepends=True)[1:]:
        if (content := checked(line)) is None:
            continue  # the last one, cut by the kill
        call = Call.decoded(content)
        if call.completion is not None and call.completion.content is not None:
            action = json.loads(call.completion.content)["proposed_action"]
            found[action.removeprefix("Look after ")] = call.chain[-1].candidate_id
    return found
