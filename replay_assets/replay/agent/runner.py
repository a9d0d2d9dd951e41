"""The runner of agents: investigates the incidents of a pack and writes what happened to a folder.

Like a replay: every line is checked first, then the investigations run as dialogues of a batch,
then their records are written in the order of the requests.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, ClassVar

from upath import UPath

from replay_assets.candidates import Candidate, agent_of
from replay_assets.contracts.agent_event import AgentEvent, AgentStepRow
from replay_assets.contracts.arrow import arrow_schema
from replay_assets.contracts.result import (
    AGENT_COUNTS,
    RESULT_VERSION,
)
from replay_assets.contracts.vocabulary import Vocabulary
from replay_assets.inference import (
    Batch,
    Dialogue,
    RunStores,
    SendingGate,
    run_batch,
)
from replay_assets.lake import PartitionWriter, TableWriter, assets
from replay_assets.lake.files import publish_parts, staged
from replay_assets.lake.formats import (
    arrow_table,
    encode_json,
    record_line,
    tables_of,
)
from replay_assets.replay.agent.dialogues import AgentDialogues, Investigation
from replay_assets.replay.agent.pack_recordings import PackRecordings
from replay_assets.replay.agent.progress import AgentReport, StepMeter
from replay_assets.replay.agent.rows import step_rows
from replay_assets.replay.agent.shields.guards import Guards, guards_of
from replay_assets.replay.pack_reading import Pack, PackSource, read_pack
from replay_assets.replay.preflight import require_vocabulary, warn_if_blocked
from replay_assets.replay.prompts import PROMPT_VERSION
from replay_assets.replay.report import ReportBuilder
from replay_assets.replay.runner import ReplayRun, missing_key

CODE_VERSION = "1"
FILES = (assets.RESULTS_FILE, assets.EVENTS_FILE, assets.STEPS_FILE, assets.RUN_REPORT_FILE)
AGENT_PROMPT_VERSION = f"agent_1.{PROMPT_VERSION}"
"""Part of the key of a cached answer."""


@dataclass(frozen=True)
class AgentPack:
    """The files of a pack that an agent needs."""

    requests: PackSource
    recordings: PackSource


@dataclass(frozen=True)
class AgentRun(ReplayRun):
    """A finished run of investigations: as of a replay, and events and steps."""

    FILES: ClassVar[tuple[str, ...]] = FILES
    TABLE: ClassVar[str] = assets.AGENT_REPLAY.table
    CODE_VERSION: ClassVar[str] = CODE_VERSION

    def read_events(self) -> Iterator[AgentEvent]:
        """Yield the events one by one, turn by turn."""
        yield from map(AgentEvent.read, self._records(assets.EVENTS_FILE))

    def _write(self, partition: PartitionWriter) -> None:
        super()._write(partition)
        events = partition.jsonl(assets.EVENTS_FILE)
        with (self.folder / assets.EVENTS_FILE).open("rb") as lines:
            for line in lines:
                events.write_line(line)
        table = partition.table(assets.AGENT_STEPS, arrow_schema(AgentStepRow))
        for batch in tables_of(self.folder / assets.STEPS_FILE):
            table.write(batch)

    def _facts(self) -> dict[str, Any]:
        counts = {name: getattr(self.report, name) or 0 for name in AGENT_COUNTS}
        return {**super()._facts(), **counts}


def run_agent(
    source: AgentPack,
    candidate: Candidate,
    *,
    api_key: str | None,
    vocabulary: Vocabulary,
    folder: Path,
    guards: Guards | None = None,
    has_deltas: bool = False,
    stores: RunStores | None = None,
    work: str | None = None,
    timezone: str = "UTC",
    gate: SendingGate | None = None,
    refresh: bool = False,
    progress: AgentReport | None = None,
    warn: Callable[[str], None] | None = None,
) -> AgentRun:
    """Let a candidate investigate the incidents of a pack; no tool is ever executed.

    A run is refused, continues where it stopped, and raises errors as `run_pack` does.

    Args:
        source: the requests and the recorded calls.
        candidate: the candidate, which also sets the number of repeats.
        api_key: its key.
        vocabulary: the valid root cause categories and actions.
        folder: a folder on a local disk, for all files.
        guards: the shields; by default the built-in ones.
        has_deltas: whether the event log has the pieces of answers.
        stores: the stores of calls and spending; in `folder` by default.
        work: the name of this run in `stores`; the folder's by default.
        timezone: the zone of the days of prices and budgets.
        gate: checks what is sent.
        refresh: ask all questions again.
        progress: is called each time calls have become durable.
        warn: is called for each request that the gate blocks.
    """
    gate = gate or SendingGate(secrets=[api_key or ""])
    inspect = None if warn is None else partial(warn_if_blocked, warn, candidate, vocabulary, gate)
    pack = read_pack(source.requests, candidate_id=candidate.id, inspect=inspect)
    if failures := [*pack.findings, *missing_key(candidate, api_key)]:
        return AgentRun.refused(folder, ReportBuilder(agent_of(candidate), pack).report(failures))
    require_vocabulary(pack, vocabulary)
    found = PackRecordings(source.recordings, assets.TOOL_OUTPUT_FILE)
    guards = guards or guards_of(candidate, gate)
    how = AgentDialogues(candidate, vocabulary, gate, found, guards, has_deltas, time.time())
    run = _AgentRun(pack, how, folder, meter := StepMeter(progress))
    return run_batch(
        run.batch(work or folder.name),
        run.publish,
        candidate=candidate,
        api_key=api_key,
        stores=stores or RunStores.local(folder.parent, shared=folder),
        keys=guards.keys,
        others=guards.models,
        gate=gate,
        timezone=timezone,
        refresh=refresh,
        progress=meter.report,
    )


@dataclass
class _AgentRun:
    """A run of a pack that may be sent."""

    pack: Pack
    dialogues: AgentDialogues
    folder: Path
    meter: StepMeter
    _is_asked: bool = False

    def batch(self, work: str) -> Batch[Investigation]:
        """Return the batch of this run."""
        dialogues = self.dialogues
        return Batch(
            work=work,
            subject={
                "pack_digest": self.pack.digest,
                "recordings": dialogues.recordings.sha256,
                "candidate_digest": agent_of(dialogues.candidate).digest(),
                "shields": dialogues.guards.subject,
                "contract_version": RESULT_VERSION,
                "prompt_version": AGENT_PROMPT_VERSION,
            },
            prompt_version=AGENT_PROMPT_VERSION,
            dialogues=self._start,
            size=self.pack.requests * dialogues.candidate.repeats,
        )

    def publish(self, found: Iterator[Investigation]) -> AgentRun:
        """Write results, events and steps of each investigation, then the report."""
        builder = ReportBuilder(agent_of(self.dialogues.candidate), self.pack)
        with ExitStack() as files:
            results, events, steps = (
                files.enter_context(staged(UPath(self.folder / name))) for name in FILES[:3]
            )
            schema = arrow_schema(AgentStepRow)
            table = TableWriter(steps.stream, schema)
            files.callback(table.abandon)
            for one in found:
                builder.add(one.result)
                results.stream.write(record_line(one.result))
                events.stream.writelines(map(record_line, one.events))
                table.write(arrow_table(step_rows(one), schema))
            table.close()
            for file in (events, steps, results):
                file.publish()
        report = builder.report()
        publish_parts(self.folder / assets.RUN_REPORT_FILE, [encode_json(report.as_json())])
        return AgentRun(self.folder, report)

    def _start(self) -> Iterator[Dialogue[Investigation]]:
        """Start all investigations; their steps count for the progress only when they are asked."""
        on_step = None if self._is_asked else self.meter.count
        self._is_asked = True
        return self.dialogues.of(self.pack.lines(), on_step)
