"""What Dagster costs a day: the walk of four weeks as runs, against the same work without it.

    python tests/benchmarks/walk.py [DIR]

DIR holds JSONL tables (default: the samples). Both ways do the same days for both embedded
candidates in one process, so that their difference is the overhead of runs, steps and checks.
The limit is 1.5 s a day.
"""

import logging
import sys
import tempfile
import time
from pathlib import Path

from replay_assets.candidates.candidate import Candidate
from replay_assets.candidates.catalogue import Catalogue
from replay_assets.contracts.calendar import day_window, days_between
from replay_assets.contracts.vocabulary import load_vocabulary
from replay_assets.evaluation import grading
from replay_assets.evaluation.masked_labels import mask_labels, masked_publication
from replay_assets.evidence.extraction import extract_day
from replay_assets.evidence.labels import extract_labels
from replay_assets.instance_folder import prepare_instance
from replay_assets.lake.addresses import Address
from replay_assets.lake.labels import labels_of
from replay_assets.lake.store import Store
from replay_assets.launching import run_days
from replay_assets.replay.runner import run_pack
from replay_assets.request_packs.builder import build_pack
from replay_assets.sanitizing.detect.rules import shipped
from replay_assets.settings import Settings
from replay_assets.source.connection.database import IncidentDatabase

ROOT = Path(__file__).parents[2]
LIMIT_S = 1.5
FIRST, LAST = "2026-09-21", "2026-10-18"


def main() -> None:
    """Print seconds a day of both ways, their difference and the limit."""
    sys.path.insert(0, str(ROOT))
    from tests.conftest import load_into, settings_in

    logging.disable(logging.CRITICAL)
    tables = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "data" / "samples"
    days = days_between(FIRST, LAST)
    candidates = [one for one in Catalogue.load() if one.baseline]
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{folder}/incidents.sqlite"
        load_into(url, tables)
        bare, runs = Path(folder, "bare"), Path(folder, "runs")
        for home in (bare, runs):
            home.mkdir()
        alone = timed(lambda: walk_bare(settings_in(bare, source_url=url), days, candidates))
        dagster = timed(lambda: walk_runs(settings_in(runs, source_url=url), days, candidates))
    overhead = (dagster - alone) / len(days)
    print(f"{len(days)} days, {len(candidates)} candidates, from {tables}")
    print(f"the work alone        {alone / len(days):6.3f} s a day")
    print(f"as Dagster runs       {dagster / len(days):6.3f} s a day")
    print(
        f"on top of the work    {overhead:6.3f} s a day; limit {LIMIT_S} ({overhead / LIMIT_S:.0%})"
    )


def timed(work: object) -> float:
    """Seconds that a piece of work takes."""
    assert callable(work)
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def walk_runs(settings: Settings, days: list[str], candidates: list[Candidate]) -> None:
    """The walk as the command line does it."""
    prepare_instance(settings)
    assert not any(run.failures for run in run_days(settings, days, candidates, reuse=False))


def walk_bare(settings: Settings, days: list[str], candidates: list[Candidate]) -> None:
    """The same functions on the same stores, called one after another."""
    evidence, labels, lake = (
        Store(url) for url in (settings.evidence, settings.labels, settings.lake)
    )
    vocabulary = load_vocabulary()
    database = IncidentDatabase(settings.source_url)
    for day in days:
        window = day_window(day, settings.timezone)
        raw = extract_day(database, window, evidence)
        labels.publish(Address("incident_labels", day), extract_labels(database, window))
        truth = labels_of(labels.find(Address("incident_labels", day)))
        masked = mask_labels(truth, raw, shipped())
        labels.publish(Address("masked_labels", day), masked_publication(truth, masked, inputs={}))
        rows, repairs = raw.rows("incident_evidence"), raw.rows("recorded_repairs")
        pack = build_pack(rows, raw.rows("recorded_messages"), day=day, vocabulary=vocabulary)
        request_pack = pack.publish(lake, Address("request_pack", day), inputs={})
        for one in candidates:
            run = run_pack(
                request_pack.source_of("request_pack.jsonl"),
                one,
                api_key=None,
                vocabulary=vocabulary,
                folder=settings.state / one.id / day,
            )
            run.publish(lake, Address("replay_results", day, one.id), inputs={})
            scores = grading.score_results(
                run.results, masked, repairs, vocabulary=vocabulary, baseline=True
            )
            address = Address("replay_scores", day, one.id)
            lake.publish(address, grading.scores_publication(scores, address, inputs={}))
        incumbent = grading.score_incumbent(rows, truth, repairs, vocabulary=vocabulary)
        address = Address("incumbent_scores", day)
        lake.publish(address, grading.scores_publication(incumbent, address, inputs={}))
    database.close()


if __name__ == "__main__":
    main()
