"""Assets of agents: one per candidate with `agent: true`; it investigates the day's incidents."""

from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import Any

import dagster as dg

from replay_assets.candidates import Candidate, agent_of
from replay_assets.contracts.agent_event import AgentEvent
from replay_assets.defs.endpoint_slots import endpoint_slot
from replay_assets.defs.keys import inputs_of, key_of, tags_of
from replay_assets.defs.left_out import is_left_out
from replay_assets.defs.lost_calls import log_lost_calls
from replay_assets.defs.materializing import materialize
from replay_assets.defs.metadata import Metadata, bars, table_preview
from replay_assets.defs.partitions import Partitions
from replay_assets.defs.replay import GROUP, ReplayConfig, RunLog, publish
from replay_assets.defs.resources import AnswerVocabulary, Keys, OutboundSafeguards, Root, State
from replay_assets.evaluation.grading.agents import READS
from replay_assets.lake import Published, assets
from replay_assets.replay.agent import runner
from replay_assets.replay.agent.log import turns_of
from replay_assets.replay.agent.runner import AgentPack, run_agent
from replay_assets.replay.agent.shields.guards import guards_of
from replay_assets.replay.agent.transcript import transcript

SHOWN_LINES = 12
"""Lines of a text in the transcript: the event log stores three to four times its size."""
STEP_COLUMNS = ("incident_id", "number", "step_type", "name", "outcome", "ms")


def build_asset(
    candidate: Candidate,
    partitions: Partitions,
    everyone: AbstractSet[str],
    shields: Sequence[Candidate],
) -> dg.AssetsDefinition:
    """Return the asset in which one candidate investigates incidents.

    Args:
        candidate: the candidate.
        partitions: the days.
        everyone: the ids of all candidates and agents.
        shields: the entries of the catalogue that are shields.
    """
    agent = agent_of(candidate)

    @dg.asset(
        key=key_of(assets.AGENT_REPLAY, candidate.id),
        partitions_def=partitions.daily,
        group_name=GROUP,
        owners=["team:ml"],
        kinds={"jsonl", "parquet"},
        deps=inputs_of(assets.AGENT_REPLAY),
        tags=tags_of(agent),
        metadata={"model": candidate.shown_model},
        code_version=f"{runner.CODE_VERSION}.{agent.digest()[:12]}",
        # A run that leaves the candidate out yields nothing: its scores and checks are skipped.
        output_required=False,
    )
    def agent_replay(
        context: dg.AssetExecutionContext,
        config: ReplayConfig,
        lake: Root,
        vocabulary: AnswerVocabulary,
        api_keys: Keys,
        safeguards: OutboundSafeguards,
        state: State,
    ) -> Iterator[dg.MaterializeResult[None]]:
        """One investigation per incident of the day's pack, with recorded tools.

        Nothing is executed: tools answer what was recorded, and changes are only dry runs. The
        scores are those of `replay_scores/<id>-agent`.
        """
        if is_left_out(context, agent, everyone):
            return
        api_key = api_keys.key_of(candidate, context.log.warning)
        log_lost_calls(context, agent, lake, state)

        def investigate(day: str) -> Published:
            pack, gate = lake.get(assets.REQUEST_PACK.at(day)), safeguards.gate()
            run = run_agent(
                _files_of(pack),
                candidate,
                api_key=api_key,
                vocabulary=vocabulary,
                gate=gate,
                guards=guards_of(candidate, gate, shields, api_keys.of_variable),
                folder=state.folder(agent, day),
                stores=state.stores,
                work=state.work(agent, day),
                timezone=state.timezone,
                refresh=config.refresh,
                progress=RunLog(context.log.info).report,
            )
            return publish(lake, day, run, pack)

        with endpoint_slot(context, candidate):
            yield materialize(context, investigate, _metadata)

    return agent_replay


def _files_of(pack: Published) -> AgentPack:
    return AgentPack(pack.source_of(assets.PACK_FILE), pack.source_of(assets.TOOL_OUTPUT_FILE))


def _metadata(published: Published) -> Metadata:
    """Return what the UI shows: steps, figures that it plots over days, and one transcript."""
    report, steps = published.document(assets.RUN_REPORT_FILE), published.table(assets.AGENT_STEPS)
    rows = steps.select(["step_type", "name", "outcome", "is_miss"]).to_pylist()
    tools = [row for row in rows if row["step_type"] == "tool_execution"]
    shields = [row for row in rows if row["step_type"] == "shield_call"]
    misses = [row["name"] for row in tools if row["is_miss"]]
    found = [row["name"] for row in shields if row["outcome"] == "violation"]
    figures = ("avg_latency_ms", "p95_latency_ms", "total_cost_usd")
    return {
        **{name: report[name] for name in figures if report[name] is not None},
        **({"tool_miss_rate": rate} if (rate := miss_rate(tools)) is not None else {}),
        "steps_preview": table_preview(steps, STEP_COLUMNS),
        "outcomes": bars(report["outcomes"], "incidents by outcome"),
        "misses_by_tool": bars({one: misses.count(one) for one in sorted(set(misses))}, "misses"),
        "findings_by_shield": bars({one: found.count(one) for one in sorted(set(found))}, "found"),
        "transcript": dg.MetadataValue.md(_transcript(published)),
    }


def miss_rate(tools: Sequence[Mapping[str, Any]]) -> float | None:
    """Return the share of reads that were never recorded, as in the report; None without a read."""
    reads = [row for row in tools if row["outcome"] in READS]
    return sum(row["is_miss"] for row in reads) / len(reads) if reads else None


def _transcript(published: Published) -> str:
    """Return the first investigation of the day as Markdown."""
    events: list[AgentEvent] = []
    for record in published.records(assets.EVENTS_FILE):
        if events and record["incident_id"] != events[0].incident_id:
            break
        events.append(AgentEvent.read(record))
    return transcript(turns_of(events), SHOWN_LINES) if events else "no incident"
