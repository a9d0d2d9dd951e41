"""Assets of the replay stage: one per candidate in the catalogue."""

import time
from collections.abc import Callable, Iterator
from collections.abc import Set as AbstractSet
from itertools import islice

import dagster as dg
from pydantic import Field

from replay_assets.candidates import Candidate, asked_incidents
from replay_assets.contracts.result import UNGRADED_OUTCOMES
from replay_assets.defs.endpoint_slots import endpoint_slot
from replay_assets.defs.keys import inputs_of, key_of, tags_of
from replay_assets.defs.left_out import is_left_out
from replay_assets.defs.lost_calls import log_lost_calls
from replay_assets.defs.materializing import materialize
from replay_assets.defs.metadata import Metadata, bars, table_preview
from replay_assets.defs.partitions import Partitions
from replay_assets.defs.resources import AnswerVocabulary, Keys, OutboundSafeguards, Root, State
from replay_assets.inference import BatchProgress
from replay_assets.lake import Published, Store, assets
from replay_assets.replay import runner
from replay_assets.replay.agent.progress import AgentProgress
from replay_assets.replay.pack_reading import PackSource, only_incidents
from replay_assets.replay.runner import ReplayRun, run_pack

GROUP = "replay"
LOGGED_S = 10.0
"""Seconds between log entries of progress: each costs some milliseconds and makes logs longer."""
ANSWER_COLUMNS = ("incident_id", "outcome", "action_id", "root_cause_category", "risk_level")


class ReplayConfig(dg.Config):
    """The run configuration of a replay asset."""

    refresh: bool = Field(
        default=False,
        description="Send all requests again. By default, only those without an answer are sent.",
    )


class RunLog:
    """Logs the progress of a run, at most every `LOGGED_S` seconds."""

    def __init__(self, log: Callable[[str], None]) -> None:
        self._log = log
        self._next = time.monotonic() + LOGGED_S

    def report(self, moment: BatchProgress | AgentProgress) -> None:
        """Log the progress if it is time, or if the run is complete."""
        now = time.monotonic()
        batch = moment.batch if isinstance(moment, AgentProgress) else moment
        if now >= self._next or batch.done == batch.total:
            self._next = now + LOGGED_S
            self._log(moment.line())


def build_asset(
    candidate: Candidate, partitions: Partitions, everyone: AbstractSet[str]
) -> dg.AssetsDefinition:
    """Return the asset that replays packs through one candidate.

    Args:
        candidate: the candidate.
        partitions: the days.
        everyone: the ids of all candidates; a run that selects them all names none of them.
    """
    kind = "Baseline, no language model" if candidate.baseline else candidate.shown_model

    @dg.asset(
        key=key_of(assets.REPLAY_RESULTS, candidate.id),
        partitions_def=partitions.daily,
        group_name=GROUP,
        owners=["team:ml"],
        kinds={"jsonl", "parquet"},
        deps=inputs_of(assets.REPLAY_RESULTS, candidate.id),
        tags=tags_of(candidate),
        metadata={
            "model": candidate.shown_model,
            "endpoint": " > ".join(one.base_url for one in candidate.members),
        },
        code_version=f"{runner.CODE_VERSION}.{candidate.digest()[:12]}",
        description=f"{kind}. One result per request in the day's pack: the model's answer, or "
        "the reason there is none. Nothing that an answer proposes is executed.",
        # A run that leaves the candidate out yields nothing: its scores and checks are skipped.
        output_required=False,
    )
    def replay_results(
        context: dg.AssetExecutionContext,
        config: ReplayConfig,
        lake: Root,
        vocabulary: AnswerVocabulary,
        api_keys: Keys,
        safeguards: OutboundSafeguards,
        state: State,
    ) -> Iterator[dg.MaterializeResult[None]]:
        if is_left_out(context, candidate, everyone):
            return
        api_key = api_keys.key_of(candidate, context.log.warning)
        log_lost_calls(context, candidate, lake, state)

        def replay(day: str) -> Published:
            pack = lake.get(assets.REQUEST_PACK.at(day))
            run = run_pack(
                _source(pack, candidate),
                candidate,
                api_key=api_key,
                keys=api_keys.of_variable,
                vocabulary=vocabulary,
                gate=safeguards.gate(),
                folder=state.folder(candidate, day),
                stores=state.stores,
                work=state.work(candidate, day),
                timezone=state.timezone,
                refresh=config.refresh,
                progress=RunLog(context.log.info).report,
            )
            return publish(lake, day, run, pack)

        with endpoint_slot(context, candidate):
            yield materialize(context, replay, _metadata)

    return replay_results


def _metadata(published: Published) -> Metadata:
    report = published.document(assets.RUN_REPORT_FILE)
    figures = ("avg_latency_ms", "p95_latency_ms", "total_cost_usd")
    return {
        **{name: report[name] for name in figures if report[name] is not None},
        "preview": table_preview(published.table(assets.REPLAY_RESULTS.table), ANSWER_COLUMNS),
        "outcomes": bars(report["outcomes"], "requests by outcome"),
    }


def _source(pack: Published, candidate: Candidate) -> PackSource:
    """Return the part of a pack that a candidate is asked: all of it, except for a control."""
    if candidate.incidents_per_week is None:
        return pack.source_of(assets.PACK_FILE)
    ids = [record["incident_id"] for record in pack.records(assets.PACK_FILE)]
    asked = frozenset(asked_incidents(candidate, pack.address.key, ids))
    return only_incidents(pack.source_of(assets.PACK_FILE), asked)


def publish(lake: Store, day: str, run: ReplayRun, pack: Published) -> Published:
    """Publish the results of a day, and remove the files that they were made from.

    Raises:
        dg.Failure: there is nothing to publish.
    """
    _require_answers(run, day)
    address = assets.REPLAY_RESULTS.at(day, run.report.candidate_id)
    published = run.publish(lake, address, inputs={assets.REQUEST_PACK.name: pack.digest})
    run.remove_files()
    return published


def _require_answers(run: ReplayRun, day: str) -> None:
    """Fail if a run has nothing to publish.

    Raises:
        dg.Failure: it was refused, or no request got an answer.
    """
    # A retry would send the same pack, and the gate would block it again.
    if run.was_refused:
        raise dg.Failure(
            f"the pack of {day} was not sent: {', '.join(run.report.failures[:5])}. Nothing was "
            "published; build the pack again.",
            allow_retries=False,
        )
    # An endpoint that is down must not be published as a model's score.
    unanswered = sum(run.report.outcomes[outcome] for outcome in UNGRADED_OUTCOMES)
    if run.report.results and unanswered == run.report.results:
        (first,) = islice(run.read_results(), 1)
        raise dg.Failure(
            f"none of the {unanswered} requests of {day} got an answer; the first: {first.error}. "
            "Nothing was published; rerun the partition.",
            allow_retries=False,
        )
