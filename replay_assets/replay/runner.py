"""The runner: a pack through a candidate into a folder that has its results, or its journal.

First every line is checked, then each question that no kept call answers is asked, then the kept
calls become results, in request order. The last step reads only pack and calls, so the content is
the same however often the run was interrupted.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from replay_assets.candidates.candidate import Candidate
from replay_assets.contracts.arrow import arrow_schema
from replay_assets.contracts.result import RESULT_VERSION, ReplayResult, ResultRow, result_row
from replay_assets.contracts.run_report import RunReport
from replay_assets.contracts.vocabulary import Vocabulary
from replay_assets.errors import ConfigurationError
from replay_assets.inference.call_store import CallStore, Header, LocalCallStores
from replay_assets.inference.chat.client import ChatClient
from replay_assets.inference.chat.gate import SendingGate
from replay_assets.inference.spending.ledger import Ledger
from replay_assets.lake import assets
from replay_assets.lake.digests import vocabulary_digest
from replay_assets.lake.files import publish_parts
from replay_assets.lake.formats import decode_lines, encode_json, record_line, table_in_batches
from replay_assets.lake.store import Publication
from replay_assets.replay.asking import Asking, ask_all
from replay_assets.replay.exchange import Exchanges
from replay_assets.replay.pack_reading import Pack, PackSource, read_pack
from replay_assets.replay.progress import ProgressMeter, Report
from replay_assets.replay.prompts import PROMPT_VERSION
from replay_assets.replay.report import ReportBuilder

CODE_VERSION = "2"
RESULTS_FILE = assets.RESULTS_FILE
REPORT_FILE = assets.RUN_REPORT_FILE
API_KEY_MISSING = "api_key_missing"


@dataclass(frozen=True)
class ReplayRun:
    """A run that is over: its report, and the folder with its results in request order."""

    folder: Path
    report: RunReport

    @property
    def results(self) -> list[ReplayResult]:
        """All results; `read_results` where they may be many."""
        return list(self.read_results())

    def read_results(self) -> Iterator[ReplayResult]:
        """Yield the results one by one."""
        with (self.folder / RESULTS_FILE).open("rb") as stream:
            for record in decode_lines(stream, RESULTS_FILE):
                yield ReplayResult.read(record)

    def publication(self, *, inputs: Mapping[str, str]) -> Publication:
        """Return the run as a partition: its files, and a table of the answers."""
        table = table_in_batches(map(result_row, self.read_results()), arrow_schema(ResultRow))
        return Publication(
            tables={assets.REPLAY_RESULTS.table: table},
            large_files={name: self.folder / name for name in (RESULTS_FILE, REPORT_FILE)},
            inputs={**inputs, "candidate": self.report.candidate_digest},
            facts={
                "requests": self.report.requests,
                "repeats": self.report.repeats,
                "outcomes": self.report.outcomes,
            },
            code_version=CODE_VERSION,
        )

    def remove_files(self) -> None:
        """Remove results and report, once they lie elsewhere; the calls behind them stay."""
        for name in (RESULTS_FILE, REPORT_FILE):
            (self.folder / name).unlink(missing_ok=True)


def run_pack(
    source: PackSource,
    candidate: Candidate,
    *,
    api_key: str | None,
    vocabulary: Vocabulary,
    folder: Path,
    shared: Path | None = None,
    timezone: str = "UTC",
    gate: SendingGate | None = None,
    refresh: bool = False,
    progress: Report | None = None,
) -> ReplayRun:
    """Replay a pack into a folder.

    A pack with findings, or a missing key, gives a report with `valid` false and no results:
    nothing was sent. What an earlier run was answered, in this folder, is not asked again; what
    failed is.

    Args:
        source: the pack's content, or its file.
        candidate: who is asked, and how often.
        api_key: its key, where it needs one.
        vocabulary: what answers are read by.
        folder: on a local disk; holds results and report in the end, the journal until then.
        shared: the folder of what runs share, cache and ledger; the same as `folder` by default.
        timezone: the zone of the days that prices and budgets hold for.
        gate: what may leave; without one, the client guards the one key that it is given.
        refresh: ask everything again.
        progress: is told how far the run has come, as answers become durable.

    Raises:
        ReplayStoppedError: the run ended early; what was answered is kept, the same run goes on.
        JournalError: the journal is damaged, or can't be written.
        LockedError: another process works in this folder.
        ConfigurationError: the pack was built with another vocabulary than the one at hand.
    """
    pack = read_pack(source, candidate_id=candidate.id)
    failures = list(pack.findings)
    if candidate.api_key_env is not None and not (api_key or "").strip():
        failures.append(API_KEY_MISSING)
    if failures:
        return _finished(folder, iter(()), ReportBuilder(candidate, pack), failures)
    _require_vocabulary(pack, vocabulary)
    replay = _Replay(
        pack, candidate, api_key, vocabulary, folder, shared or folder, timezone, gate, progress
    )
    return replay.run(refresh=refresh)


@dataclass(frozen=True)
class _Replay:
    """A replay of a pack that may be sent."""

    pack: Pack
    candidate: Candidate
    api_key: str | None = field(repr=False)
    vocabulary: Vocabulary
    folder: Path
    shared: Path
    timezone: str
    gate: SendingGate | None
    progress: Report | None

    def run(self, *, refresh: bool) -> ReplayRun:
        """Ask what is not answered yet; make all that is kept results."""
        stores = LocalCallStores(self.folder.parent, cache=self.shared / "cache")
        with stores.open(
            self.folder.name,
            self._subject(),
            refresh=refresh,
            cache_version=PROMPT_VERSION if self.candidate.cache else None,
        ) as kept:
            requests = self.pack.requests * self.candidate.repeats
            how = ask_all(partial(self._asking, kept), requests=requests)
            results = (how.result(one, kept.get) for one in how.of(self.pack.lines()))
            run = _finished(self.folder, results, ReportBuilder(self.candidate, self.pack), [])
            kept.finish()
        return run

    def _asking(self, kept: CallStore) -> Asking:
        """Return the asking of this run; called where its event loop runs."""
        client = ChatClient(
            self.candidate,
            api_key=self.api_key,
            ledger=self._ledger(),
            spent_usd=kept.spent_usd,
            timezone=self.timezone,
            gate=self.gate,
        )
        how = Exchanges(self.candidate, self.vocabulary, client.request_key, client.cleaned)
        meter = ProgressMeter(self.pack.requests * self.candidate.repeats, self.progress)
        return Asking(client, how, how.of(self.pack.lines()), kept, meter)

    def _subject(self) -> Header:
        """Return what the calls of a run are about: those of another subject are moved aside."""
        return {
            "pack_digest": self.pack.digest,
            "candidate_digest": self.candidate.digest(),
            "contract_version": RESULT_VERSION,
            "prompt_version": PROMPT_VERSION,
        }

    def _ledger(self) -> Ledger | None:
        budget = self.candidate.budget_usd
        has_days = budget is not None and budget.day is not None
        return Ledger(self.shared / "ledger") if has_days else None


def _finished(
    folder: Path, results: Iterator[ReplayResult], builder: ReportBuilder, failures: list[str]
) -> ReplayRun:
    """Write results, one after the other, and their report."""

    def lines() -> Iterator[bytes]:
        for result in results:
            builder.add(result)
            yield record_line(result)

    publish_parts(folder / RESULTS_FILE, lines())
    report = builder.report(failures)
    publish_parts(folder / REPORT_FILE, [encode_json(report.as_json())])
    return ReplayRun(folder, report)


def _require_vocabulary(pack: Pack, vocabulary: Vocabulary) -> None:
    ours = vocabulary_digest(vocabulary)
    for theirs, number in pack.vocabularies.items():
        if theirs != ours:
            raise ConfigurationError(
                f"line {number}: the pack was built with another vocabulary "
                f"({theirs[:12]}…, ours is {ours[:12]}…). Set REPLAY_VOCABULARY to that file, "
                "or build the pack again."
            )
