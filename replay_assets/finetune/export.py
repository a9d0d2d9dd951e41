"""A week's training files: the incidents that qualify, why others do not, and the manifest."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from replay_assets.contracts.arrow import arrow_schema
from replay_assets.contracts.export_row import ORIGINAL_FORMAT, TrainingLanguage, TrainingRow
from replay_assets.contracts.score import ReplayScore
from replay_assets.errors import ResidualSecretError
from replay_assets.finetune.example import Example, example_of
from replay_assets.finetune.flavours import FLAVOURS, LOGGED, training_row
from replay_assets.lake import Address, Published, Store, assets
from replay_assets.lake.formats import arrow_table, encode_json, json_line
from replay_assets.lake.jsonl import encode_line
from replay_assets.sanitizing import OutboundPolicy, redacted_errors
from replay_assets.source import ExportLogEntry

CODE_VERSION = "2"
LOOKBACK_DAYS = 7
VERIFIED = "success"


@dataclass(frozen=True)
class WeekExport:
    """A week's examples, and how many incidents were excluded, by reason."""

    week: str
    examples: list[Example]
    left_out: dict[str, int]
    unusable_days: list[str]
    language: TrainingLanguage = "follow"

    @property
    def without_reasoning(self) -> int:
        """How many examples have no reasoning: none was recorded, or it is known to be wrong."""
        return sum(one.reasoning is None for one in self.examples)

    def publish(self, store: Store, address: Address, *, inputs: Mapping[str, str]) -> Published:
        """Write the export as a partition, with the checksum in its manifest.

        A week without examples has the table only: a JSONL file without a line has no columns, and
        some readers fail on it.
        """
        rows = arrow_table(
            (training_row(one).model_dump() for one in self.examples), arrow_schema(TrainingRow)
        )
        with store.writing(address) as partition:
            partition.table(assets.SFT_EXPORT.table, rows.schema).write(rows)
            written = {}
            for flavour in FLAVOURS if self.examples else ():
                written[flavour] = training = partition.jsonl(flavour.file_name)
                for example in self.examples:
                    training.write(flavour.row_of(example).model_dump(mode="json"))
            checksum = None
            if LOGGED in written:
                checksum, size_bytes = written[LOGGED].sha256(), written[LOGGED].size_bytes
                # A relative path, so that the same export has the same content in any lake.
                entry = self.log_entry(LOGGED.file_name, sha256=checksum, size_bytes=size_bytes)
                partition.file(assets.EXPORT_LOG_FILE, encode_json(asdict(entry)))
            facts = {**self._facts(), "checksum_sha256": checksum}
            return partition.publish(inputs=inputs, facts=facts, code_version=CODE_VERSION)

    def _facts(self) -> dict[str, Any]:
        marks = Counter(mark for one in self.examples for mark in one.broken_marks)
        return {
            "format": ORIGINAL_FORMAT if self.language == "original" else LOGGED.format,
            "language": self.language,
            "incidents": len(self.examples) + sum(self.left_out.values()),
            "rows": len(self.examples),
            "rows_by_language": dict(
                sorted(Counter(one.language for one in self.examples).items())
            ),
            "unusable_days": self.unusable_days,
            "left_out": self.left_out,
            "rows_without_reasoning": self.without_reasoning,
            "broken_marks": dict(sorted(marks.items())),
        }

    def log_entry(self, file_path: str, *, sha256: str, size_bytes: int) -> ExportLogEntry:
        """Return the row that records this export in the source database."""
        return ExportLogEntry(
            week=self.week,
            checksum_sha256=sha256,
            export_type="evidence_snapshot",
            source_table=assets.INCIDENT_EVIDENCE.name,
            source_ids=json_line([one.incident_id for one in self.examples]),
            file_path=file_path,
            record_count=len(self.examples),
            size_bytes=size_bytes,
            metadata=json_line({"lookback_days": LOOKBACK_DAYS, "week": self.week}),
        )


def build_export(
    week: str,
    evidence: Iterable[Mapping[str, Any]],
    incumbent: Sequence[ReplayScore],
    unusable_days: Sequence[str] = (),
    policy: OutboundPolicy | None = None,
    language: TrainingLanguage = "follow",
) -> WeekExport:
    """Return a week's export.

    Rows contain only what production did, never the answer of a candidate or a baseline. Scenario
    groups that are reserved for evaluation are excluded; the report shows their figures separately,
    for a model that was trained on the rest. An incident counts once, with its newest row.

    Raises:
        ResidualSecretError: after sanitizing a row still contains a strict match, a key in use or a
            canary.
    """
    policy = policy or OutboundPolicy()
    scores = {score.incident_id: score for score in incumbent}
    examples: list[Example] = []
    left_out: Counter[str] = Counter()
    for row in {row["incident_id"]: row for row in evidence}.values():
        score = scores.get(row["incident_id"])
        if (reason := reason_against(row, score)) is not None:
            left_out[reason] += 1
            continue
        known_wrong = score is not None and reasoning_is_wrong(score)
        with redacted_errors(row["incident_id"]):
            example = example_of(
                row, with_reasoning=not known_wrong, rules=policy.rules, language=language
            )
        if example is None:
            left_out["nothing_recorded_to_learn"] += 1
            continue
        _refuse_secrets(example, policy)
        examples.append(example)
    return WeekExport(week, examples, dict(sorted(left_out.items())), list(unusable_days), language)


def reason_against(row: Mapping[str, Any], score: ReplayScore | None) -> str | None:
    """Return why an incident can't be used for training; None if it can."""
    if row["verification_result"] != VERIFIED:
        return "not_verified_as_success"
    if row["repair_success"] is False:
        return "newest_repair_failed"
    if score is None:
        return "not_scored"  # it may be reserved for evaluation
    if score.reserved_for_evaluation:
        return "reserved_for_evaluation"
    if score.harm or score.unsafe:
        return "incumbent_unsafe_or_harmful"
    if score.unsafe_reason == "approval_unreadable":
        return "approval_unreadable"
    return None


def reasoning_is_wrong(score: ReplayScore) -> bool:
    """Return whether part of a diagnosis is known to be wrong, by label or recorded verdict."""
    parts = (score.root_cause, score.root_cause_category, score.root_cause_components)
    return False in parts or score.judged_wrong is True


def _refuse_secrets(example: Example, policy: OutboundPolicy) -> None:
    rows = (flavour.row_of(example).model_dump(mode="json") for flavour in FLAVOURS)
    if found := sorted({rule for row in rows for rule in policy.findings(encode_line(row))}):
        raise ResidualSecretError(
            f"incident {example.incident_id}: after sanitizing, rule {', '.join(found)} still "
            "finds a value in the training row. Nothing was written; please report it."
        )
