"""Assets of the replay stage: one a candidate, made from the catalogue."""

import json

import dagster as dg

from replay_assets.defs.metadata import Metadata, bars, data_version, partition_metadata, preview
from replay_assets.defs.partitions import Partitions
from replay_assets.defs.resources import AnswerVocabulary, Guards, Keys, Root
from replay_assets.inference.candidate import Candidate
from replay_assets.lake.addresses import Address
from replay_assets.lake.store import Published, Store
from replay_assets.replay import runner
from replay_assets.replay.runner import ReplayRun, run_pack

GROUP = "replay"
ANSWER_COLUMNS = ("incident_id", "outcome", "action_id", "root_cause_category", "risk_level")


def build_asset(candidate: Candidate, partitions: Partitions) -> dg.AssetsDefinition:
    """Return the asset that replays packs through one candidate."""
    kind = "Baseline, no language model" if candidate.baseline else candidate.model

    @dg.asset(
        key=dg.AssetKey(["replay_results", candidate.id]),
        partitions_def=partitions.daily,
        group_name=GROUP,
        owners=["team:ml"],
        kinds={"jsonl", "parquet"},
        deps=["request_pack"],
        tags={"candidate": candidate.id, "baseline": str(candidate.baseline).lower()},
        metadata={"model": candidate.model, "endpoint": candidate.base_url},
        # Runs that share an endpoint's limits take turns.
        pool=None if candidate.embedded else f"endpoint_{candidate.limit_key}",
        code_version=f"{runner.CODE_VERSION}.{candidate.digest()[:12]}",
        description=f"{kind}. One result a request of the day's pack, whatever became of it: the "
        "answer, or why there is none. Nothing that an answer proposes is executed.",
    )
    def replay_results(
        context: dg.AssetExecutionContext,
        lake: Root,
        vocabulary: AnswerVocabulary,
        api_keys: Keys,
        safeguards: Guards,
    ) -> dg.MaterializeResult[None]:
        api_key = api_keys.key_of(candidate)
        published = []
        for day in context.partition_keys:
            pack = lake.get(Address("request_pack", day))
            run = run_pack(
                pack.file("request_pack.jsonl"),
                candidate,
                api_key=api_key,
                vocabulary=vocabulary,
                gate=safeguards.gate(),
                progress=lambda done, of: context.log.debug("%d of %d answered", done, of),
            )
            published.append(_publish(lake, day, run, pack))
        return dg.MaterializeResult(
            metadata=_metadata(published), data_version=data_version(published)
        )

    return replay_results


def _metadata(published: list[Published]) -> Metadata:
    report = json.loads(published[-1].file("run_report.json"))
    figures = ("avg_latency_ms", "p95_latency_ms", "total_cost_usd")
    return {
        **partition_metadata(published),
        **{name: report[name] for name in figures if report[name] is not None},
        "preview": preview(published[-1].rows("replay_results"), ANSWER_COLUMNS),
        "outcomes": bars(report["outcomes"], "what became of the requests"),
    }


def _publish(lake: Store, day: str, run: ReplayRun, pack: Published) -> Published:
    if run.report.results != run.report.requests:
        raise dg.Failure(
            f"the pack of {day} was not sent: {', '.join(run.report.failures[:5])}. Build the pack "
            "again; nothing was published.",
            allow_retries=False,
        )
    if run.results and run.report.outcomes["infrastructure_failure"] == len(run.results):
        raise dg.Failure(
            f"none of the {len(run.results)} requests of {day} got an answer; the first: "
            f"{run.results[0].error}. Nothing was published; rerun the partition.",
            allow_retries=False,
        )
    address = Address("replay_results", day, run.report.candidate_id)
    return lake.publish(address, run.publication(inputs={"request_pack": pack.digest}))
