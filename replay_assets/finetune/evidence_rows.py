"""The rows of what production did: verified answers, sessions with tools, pairs of repairs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from replay_assets.contracts.export_row import TrainingLanguage
from replay_assets.contracts.score import ReplayScore
from replay_assets.finetune.alpaca import WORDINGS, alpaca_row, texts_of
from replay_assets.finetune.example import Example, example_of
from replay_assets.finetune.rows import Message, Row
from replay_assets.finetune.texts import TextRules, utc_text
from replay_assets.finetune.tool_sessions import tools_of
from replay_assets.sanitizing import IncidentSanitizer, RuleSet, redacted_errors

VERIFIED = "success"


class RecordedRow(NamedTuple):
    """A row, and the texts of the recorded answer if the row has them inside a longer one."""

    row: Row
    also: tuple[str, ...] = ()


@dataclass(frozen=True)
class EvidenceRows:
    """Makes the rows of one incident from its evidence.

    Attributes:
        texts: what texts go through.
        rules: the sanitizing rules.
        language: the language of instruction and headings, or how it is chosen.
    """

    texts: TextRules = field(default_factory=TextRules)
    rules: RuleSet | None = None
    language: TrainingLanguage = "follow"

    def rows(
        self,
        row: Mapping[str, Any],
        score: ReplayScore | None,
        repairs: Sequence[Mapping[str, Any]] = (),
        messages: Sequence[Mapping[str, Any]] = (),
    ) -> tuple[list[RecordedRow], str | None]:
        """Return an incident's rows, and why it has none; None if it has one.

        Args:
            row: its row of `incident_evidence`.
            score: the grades of what production did.
            repairs: all its repairs, oldest first.
            messages: its recorded session, in order.
        """
        if (reason := reason_against(row, score)) is not None or score is None:
            return [], reason
        with redacted_errors(row["incident_id"]):
            example = example_of(
                row,
                with_reasoning=not reasoning_is_wrong(score),
                rules=self.rules,
                language=self.language,
                texts=self.texts,
                repairs=repairs,
                # A session whose conclusion is wrong is not learned either.
                messages=() if reasoning_is_wrong(score) else messages,
            )
        if example is None:
            return [], "nothing_recorded_to_learn"
        common = _common(example, row, score)
        said = (example.reasoning,) if example.reasoning else ()
        made = [RecordedRow(self._answer(example, row, common), said)]
        if example.session:
            made.append(RecordedRow(_session(example, row, common)))
        made += map(RecordedRow, _pairs(example, common))
        return made, None

    def looks_like(self, row: Mapping[str, Any], score: ReplayScore) -> Row | str:
        """Return the row that an incident would have, or its evidence if it has no answer.

        It is compared with other rows and never written.
        """
        # An incident without any answer still has evidence.
        with redacted_errors(row["incident_id"]):
            example = example_of(row, with_reasoning=True, rules=self.rules, texts=self.texts)
            if example is None:
                return str(IncidentSanitizer(self.rules).value(row["evidence_summary"]))
        return self._answer(example, row, _common(example, row, score))

    def _answer(self, example: Example, row: Mapping[str, Any], common: dict[str, Any]) -> Row:
        _, output = texts_of(example)
        return Row(
            kind="positive",
            prompt=_prompt(example),
            completion=(Message("assistant", output),),
            session_id=row["coordinator_id"] if example.reasoning else None,
            has_reasoning=example.reasoning is not None,
            metadata=alpaca_row(example).metadata.model_dump(mode="json"),
            **common,
        )


def _common(example: Example, row: Mapping[str, Any], score: ReplayScore) -> dict[str, Any]:
    return {
        "incident_id": example.incident_id,
        "scenario_group": score.scenario_group,
        "execution_id": row["repair_id"],
        "label_source": "verified_execution",
        "at": utc_text(example.collected_at),
    }


def _session(example: Example, row: Mapping[str, Any], common: dict[str, Any]) -> Row:
    *before, last = example.session
    return Row(
        kind="positive",
        prompt=tuple(before),
        completion=(last,),
        tools=tools_of(example.session),
        session_id=row["coordinator_id"],
        has_reasoning=True,
        **common,
    )


def _pairs(example: Example, common: dict[str, Any]) -> list[Row]:
    """Return the repair that worked next to each one that failed, for the same evidence."""
    heading = WORDINGS[example.language].action
    return [
        Row(
            kind="pair",
            prompt=_prompt(example),
            completion=(Message("assistant", f"{heading}\n{example.repair}"),),
            rejected=(Message("assistant", f"{heading}\n{failed}"),),
            **common,
        )
        for failed in dict.fromkeys(example.failed_repairs)
        if example.repair
    ]


def _prompt(example: Example) -> tuple[Message, ...]:
    instruction, _ = texts_of(example)
    return Message("system", instruction), Message("user", example.evidence)


def reason_against(row: Mapping[str, Any], score: ReplayScore | None) -> str | None:
    """Return why what production did can't be used for training; None if it can."""
    if row["verification_result"] != VERIFIED:
        return "not_verified_as_success"
    if row["repair_success"] is False:
        return "newest_repair_failed"
    if row["repair_success"] is None:
        return "no_repair_recorded"
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
