"""The runner: replays a pack through a candidate and writes the results into a folder.

First every line is checked, then the requests are asked as a batch of dialogues, then the results
are written in the order of the requests.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, ClassVar, Self

from replay_assets.candidates import Candidate
from replay_assets.contracts.arrow import arrow_schema
from replay_assets.contracts.result import RESULT_VERSION, ReplayResult, ResultRow, result_row
from replay_assets.contracts.run_report import RunReport
from replay_assets.contracts.vocabulary import Vocabulary
from replay_assets.inference import Batch, Report, RunStores, SendingGate, run_batch
from replay_assets.lake import Address, PartitionWriter, Published, Store, assets
from replay_assets.lake.files import publish_parts
from replay_assets.lake.formats import arrow_tables, decode_lines, encode_json, record_line
from replay_assets.replay.dialogues import ReplayDialogues
from replay_assets.replay.pack_reading import Pack, PackSource, read_pack
from replay_assets.replay.preflight import require_vocabulary, warn_if_blocked
from replay_assets.replay.prompts import PROMPT_VERSION
from replay_assets.replay.report import ReportBuilder

CODE_VERSION = "2"
RESULTS_FILE = assets.RESULTS_FILE
REPORT_FILE = assets.RUN_REPORT_FILE
API_KEY_MISSING = "api_key_missing"
ReadKey = Callable[[str], str | None]


@dataclass(frozen=True)
class ReplayRun:
    """A finished run: its report, and the folder with its results in the order of the requests.

    A refused run has sent nothing and has no results; results in its folder are of an earlier run.
    """

    FILES: ClassVar[tuple[str, ...]] = (RESULTS_FILE, REPORT_FILE)
    TABLE: ClassVar[str] = assets.REPLAY_RESULTS.table
    CODE_VERSION: ClassVar[str] = CODE_VERSION

    folder: Path
    report: RunReport
    was_refused: bool = False

    @classmethod
    def refused(cls, folder: Path, report: RunReport) -> Self:
        """Write the report, unless the folder has results of an earlier run; return the run."""
        if not (folder / RESULTS_FILE).exists():
            publish_parts(folder / REPORT_FILE, [encode_json(report.as_json())])
        return cls(folder, report, was_refused=True)

    @property
    def results(self) -> list[ReplayResult]:
        """All results; use `read_results` if there may be many."""
        return list(self.read_results())

    def read_results(self) -> Iterator[ReplayResult]:
        """Yield the results one by one; a run that was refused has none."""
        yield from map(ReplayResult.read, self._records(RESULTS_FILE))

    def publish(self, store: Store, address: Address, *, inputs: Mapping[str, str]) -> Published:
        """Publish the run as a partition: its files, and a table of the answers."""
        with store.writing(address) as partition:
            self._write(partition)
            return partition.publish(
                inputs={**inputs, "candidate": self.report.candidate_digest},
                facts=self._facts(),
                code_version=self.CODE_VERSION,
            )

    def remove_files(self) -> None:
        """Remove the files after they are published elsewhere; the calls are kept."""
        for name in self.FILES:
            (self.folder / name).unlink(missing_ok=True)

    def _write(self, partition: PartitionWriter) -> None:
        schema = arrow_schema(ResultRow)
        results = partition.jsonl(RESULTS_FILE)
        table = partition.table(self.TABLE, schema)
        with (self.folder / RESULTS_FILE).open("rb") as lines:
            records = map(ReplayResult.read, map(results.write_line, lines))
            for batch in arrow_tables(map(result_row, records), schema):
                table.write(batch)
        partition.file(REPORT_FILE, (self.folder / REPORT_FILE).read_bytes())

    def _facts(self) -> dict[str, Any]:
        report = self.report
        return {
            "requests": report.requests,
            "repeats": report.repeats,
            "outcomes": report.outcomes,
        }

    def _records(self, name: str) -> Iterator[Mapping[str, Any]]:
        if self.was_refused:
            return
        with (self.folder / name).open("rb") as stream:
            yield from decode_lines(stream, name)


def run_pack(
    source: PackSource,
    candidate: Candidate,
    *,
    api_key: str | None,
    vocabulary: Vocabulary,
    folder: Path,
    keys: ReadKey = lambda _: None,
    stores: RunStores | None = None,
    work: str | None = None,
    timezone: str = "UTC",
    gate: SendingGate | None = None,
    refresh: bool = False,
    progress: Report | None = None,
    warn: Callable[[str], None] | None = None,
) -> ReplayRun:
    """Replay a pack into a folder.

    It is refused before anything is sent, with a report, if the pack has findings or no key is set.

    Args:
        source: the pack's content, or its file.
        candidate: the candidate, which also sets the number of repeats.
        api_key: its key, if it needs one.
        keys: reads the key in a variable, for the members of a route; a member without is skipped.
        vocabulary: the valid root cause categories and actions.
        folder: a folder on a local disk, for results and report.
        stores: the stores of calls and spending; in `folder` by default.
        work: the name of this replay in `stores`; the folder's by default.
        timezone: the time zone of the days that prices and budgets refer to.
        gate: checks what is sent; by default, it blocks `api_key` and what the strict rules find.
        refresh: send all requests again.
        progress: is called with the state of the run each time calls have become durable.
        warn: is called before anything is sent, with one line per request that the gate blocks.

    Raises:
        BatchStoppedError: the run ended early; answers are kept, and the same run continues.
        JournalError: the journal is damaged, or can't be written.
        LockedError: another process works on the same replay.
        ConfigurationError: the pack was built with a different vocabulary.
    """
    gate = gate or SendingGate(secrets=_known_keys(candidate, api_key, keys))
    inspect = None if warn is None else partial(warn_if_blocked, warn, candidate, vocabulary, gate)
    pack = read_pack(source, candidate_id=candidate.id, inspect=inspect)
    if failures := [*pack.findings, *missing_key(candidate, api_key, keys)]:
        return ReplayRun.refused(folder, ReportBuilder(candidate, pack).report(failures))
    require_vocabulary(pack, vocabulary)
    replay = _Replay(pack, ReplayDialogues(candidate, vocabulary, gate.cleaned), folder)
    return run_batch(
        replay.batch(work or folder.name),
        replay.publish,
        candidate=candidate,
        api_key=api_key,
        keys=keys,
        stores=stores or RunStores.local(folder.parent, shared=folder),
        gate=gate,
        timezone=timezone,
        refresh=refresh,
        progress=progress,
    )


@dataclass(frozen=True)
class _Replay:
    """A replay of a pack that may be sent."""

    pack: Pack
    dialogues: ReplayDialogues
    folder: Path

    def batch(self, work: str) -> Batch[ReplayResult]:
        """Return the batch of this replay."""
        candidate = self.dialogues.candidate
        return Batch(
            work=work,
            subject={
                "pack_digest": self.pack.digest,
                "candidate_digest": candidate.digest(),
                "contract_version": RESULT_VERSION,
                "prompt_version": PROMPT_VERSION,
            },
            prompt_version=PROMPT_VERSION,
            dialogues=lambda: self.dialogues.of(self.pack.lines()),
            size=self.pack.requests * candidate.repeats,
        )

    def publish(self, results: Iterator[ReplayResult]) -> ReplayRun:
        """Write the results one by one, then the report."""
        builder = ReportBuilder(self.dialogues.candidate, self.pack)

        def lines() -> Iterator[bytes]:
            for result in results:
                builder.add(result)
                yield record_line(result)

        publish_parts(self.folder / RESULTS_FILE, lines())
        report = builder.report()
        publish_parts(self.folder / REPORT_FILE, [encode_json(report.as_json())])
        return ReplayRun(self.folder, report)


def missing_key(
    candidate: Candidate, api_key: str | None, keys: ReadKey = lambda _: None
) -> list[str]:
    """Return the failure of a candidate without its key; of a route, if no member has one."""
    if candidate.route is not None:
        has_key = any(one.has_key(keys) for one in candidate.members)
    else:
        has_key = candidate.api_key_env is None or bool((api_key or "").strip())
    return [] if has_key else [API_KEY_MISSING]


def _known_keys(candidate: Candidate, api_key: str | None, keys: ReadKey) -> list[str]:
    found = (keys(one.api_key_env) for one in candidate.members if one.api_key_env is not None)
    # Read from a file, a key ends with a line feed.
    return [key for one in (api_key, *found) if (key := (one or "").strip())]
