"""The runner of agents: investigates the incidents of a pack and writes what happened to a folder.

Like a replay: every line is checked first, then the investigations run as dialogues of a batch,
then their records are written in the order of the requests.
"""

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from upath import UPath

from replay_assets.candidates import Candidate, agent_of
from replay_assets.contracts.agent_event import AgentEvent, AgentStepRow
from replay_assets.contracts.arrow import arrow_schema
from replay_assets.contracts.result import (
    AGENT_COUNTS,
    RESULT_VERSION,
    ReplayResult,
    ResultRow,
    result_row,
)
from replay_assets.contracts.run_report import RunReport
from replay_assets.contracts.vocabulary import Vocabulary
from replay_assets.inference import (
    Batch,
    Dialogue,
    RunStores,
    SendingGate,
    run_batch,
)
from replay_assets.lake import Address, Published, Store, TableWriter, assets
from replay_assets.lake.files import publish_parts, staged
from replay_assets.lake.formats import (
    arrow_table,
    arrow_tables,
    decode_lines,
    encode_json,
    record_line,
    tables_of,
)
from replay_assets.replay.agent.dialogues import AgentDialogues, Investigation
from replay_assets.replay.agent.progress import AgentReport, StepMeter
from replay_assets.replay.agent.recordings import Recordings
from replay_assets.replay.agent.rows import step_rows
from replay_assets.replay.agent.shields.guards import Guards, guards_of
from replay_assets.replay.pack_reading import Pack, PackSource, read_pack
from replay_assets.replay.preflight import require_vocabulary, warn_of_refusal
from replay_assets.replay.prompts import PROMPT_VERSION
from replay_assets.replay.report import ReportBuilder
from replay_assets.replay.runner import API_KEY_MISSING

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
class AgentRun:
    """A finished run: its report, and the folder with its files.

    A refused run has sent nothing; the files in its folder are of an earlier run.
    """

    folder: Path
    report: RunReport
    was_refused: bool = False

    def read_results(self) -> Iterator[ReplayResult]:
        """Yield the results one by one."""
        yield from map(ReplayResult.read, self._records(assets.RESULTS_FILE))

    def read_events(self) -> Iterator[AgentEvent]:
        """Yield the events one by one, turn by turn."""
        yield from map(AgentEvent.read, self._records(assets.EVENTS_FILE))

    def publish(self, store: Store, address: Address, *, inputs: Mapping[str, str]) -> Published:
        """Publish the run as a partition: its files, a table of answers and one of steps."""
        answers, steps = arrow_schema(ResultRow), arrow_schema(AgentStepRow)
        with store.writing(address) as partition, ExitStack() as opened:
            lines = {
                name: opened.enter_context((self.folder / name).open("rb"))
                for name in (assets.RESULTS_FILE, assets.EVENTS_FILE)
            }
            results, events = (partition.jsonl(name) for name in lines)
            table = partition.table(assets.AGENT_REPLAY.table, answers)
            records = map(ReplayResult.read, map(results.write_line, lines[assets.RESULTS_FILE]))
            for batch in arrow_tables(map(result_row, records), answers):
                table.write(batch)
            for line in lines[assets.EVENTS_FILE]:
                events.write_line(line)
            table_of_steps = partition.table(assets.AGENT_STEPS, steps)
            for batch in tables_of(self.folder / assets.STEPS_FILE):
                table_of_steps.write(batch)
            report = (self.folder / assets.RUN_REPORT_FILE).read_bytes()
            partition.file(assets.RUN_REPORT_FILE, report)
            return partition.publish(
                inputs={**inputs, "candidate": self.report.candidate_digest},
                facts={
                    "requests": self.report.requests,
                    "repeats": self.report.repeats,
                    "outcomes": self.report.outcomes,
                    **{name: getattr(self.report, name) or 0 for name in AGENT_COUNTS},
                },
                code_version=CODE_VERSION,
            )

    def remove_files(self) -> None:
        """Remove the files after they are published elsewhere; the calls are kept."""
        for name in FILES:
            (self.folder / name).unlink(missing_ok=True)

    def _records(self, name: str) -> Iterator[Mapping[str, object]]:
        if self.was_refused:
            return
        with (self.folder / name).open("rb") as stream:
            yield from decode_lines(stream, name)


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
    inspect = None if warn is None else partial(warn_of_refusal, warn, candidate, vocabulary, gate)
    pack = read_pack(source.requests, candidate_id=candidate.id, inspect=inspect)
    if failures := [*pack.findings, *_missing_key(candidate, api_key)]:
        return _refused(folder, ReportBuilder(agent_of(candidate), pack).report(failures))
    require_vocabulary(pack, vocabulary)
    found = Recordings(source.recordings, assets.TOOL_OUTPUT_FILE)
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


def _missing_key(candidate: Candidate, api_key: str | None) -> list[str]:
    has_key = candidate.api_key_env is None or (api_key or "").strip()
    return [] if has_key else [API_KEY_MISSING]


def _refused(folder: Path, report: RunReport) -> AgentRun:
    """Write the report of a refused run, unless the folder has the results of an earlier one."""
    if not (folder / assets.RESULTS_FILE).exists():
        publish_parts(folder / assets.RUN_REPORT_FILE, [encode_json(report.as_json())])
    return AgentRun(folder, report, was_refused=True)
