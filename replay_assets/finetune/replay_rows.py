"""The rows of replay answers: right and wrong in the primary grade, and pairs of both."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from replay_assets.contracts.export_row import AlpacaMetadata, TrainingLanguage
from replay_assets.contracts.question import base_question
from replay_assets.contracts.request import NO_EVIDENCE, ReplayRequest
from replay_assets.contracts.result import ReplayResult
from replay_assets.contracts.score import ReplayScore
from replay_assets.finetune.language import language_of
from replay_assets.finetune.rows import Message, Row
from replay_assets.finetune.texts import TextRules, key_of, utc_text
from replay_assets.lake.formats import json_line


class ScoredAnswer(NamedTuple):
    """An answer of a candidate that is right or wrong, and how good it is."""

    row: Row
    candidate_id: str
    score: float | None


@dataclass(frozen=True)
class ReplayRows:
    """Makes rows from the answers of candidates. A baseline's answer never becomes a row.

    Attributes:
        texts: what texts go through.
        language: the setting for the language of rows, which the metadata name.
    """

    texts: TextRules = field(default_factory=TextRules)
    language: TrainingLanguage = "follow"

    def answers(
        self,
        requests: Mapping[str, ReplayRequest],
        graded: Iterable[tuple[ReplayResult, ReplayScore]],
    ) -> Iterator[ScoredAnswer | str]:
        """Yield the rows of a day's answers, or why an answer makes none.

        Args:
            requests: the requests of the pack that was asked, by incident.
            graded: each result with its score.
        """
        for result, score in graded:
            request = requests.get(result.incident_id)
            if (reason := reason_against(result, score)) is not None or request is None:
                yield reason or "request_is_missing"
            else:
                row = self._row(request, result, score)
                yield ScoredAnswer(row, result.candidate_id, score.self_healing_score)

    def _row(self, request: ReplayRequest, result: ReplayResult, score: ReplayScore) -> Row:
        asked = self.texts.text(request.user_prompt)
        question = base_question(request, asked)
        cause = result.model_output.get("root_cause") or {}
        has_reasoning = bool(cause.get("statement"))
        return Row(
            kind="positive" if score.primary else "negative",
            prompt=(
                Message("system", self.texts.text(request.system_prompt)),
                Message("user", question),
            ),
            constant=question.removeprefix(asked),
            completion=(Message("assistant", self.texts.answer(json_line(result.model_output))),),
            incident_id=result.incident_id,
            scenario_group=score.scenario_group,
            session_id=f"{result.run_id}/{result.candidate_id}/{result.repeat}",
            label_source="replay_grade",
            has_reasoning=has_reasoning,
            at=utc_text(str(request.source_metadata.get("collected_at") or "")),
            metadata=self._metadata(request, has_reasoning=has_reasoning),
        )

    def _metadata(
        self, request: ReplayRequest, *, has_reasoning: bool
    ) -> dict[str, str | bool | None]:
        source: Mapping[str, Any] = request.source_metadata
        if self.language == "original":
            return {}  # the original system has rows of evidence only
        found = AlpacaMetadata(
            incident_id=request.incident_id,
            alertname=request.incident_context.get("alertname") or "",
            # Nothing in the candidate's answer was verified, whatever happened in production.
            verification_result="",
            collected_at=utc_text(str(source.get("collected_at") or "")),
            schema_version=source.get("evidence_schema_version") or "",
            matched_playbook_id="",
            language=language_of(request.user_prompt, self.language),
            has_reasoning=has_reasoning,
        )
        return found.model_dump(mode="json")


def reason_against(result: ReplayResult, score: ReplayScore) -> str | None:
    """Return why an answer is neither one to learn nor one to avoid; None if it is."""
    if score.baseline:
        return "answer_of_a_baseline"
    if score.reserved_for_evaluation:
        return "reserved_for_evaluation"
    if result.candidate_variant_id == NO_EVIDENCE:
        return "asked_without_evidence"
    if result.outcome != "answered":
        return "replay_not_answered"
    if score.primary is None:
        return "replay_not_graded"
    if score.primary and (score.harm or score.unsafe):
        return "answer_unsafe_or_harmful"
    return None


def replay_pairs(answers: Iterable[ScoredAnswer], margin: float) -> Iterator[tuple[Row, float]]:
    """Yield each right answer next to each wrong one to the same prompt, and by how much it wins.

    Args:
        answers: the answers of all candidates.
        margin: by how much the right one must have more of the score; without a score for one of
            both, the primary grade alone decides.
    """
    by_prompt: dict[str, list[ScoredAnswer]] = defaultdict(list)
    for one in answers:
        by_prompt[key_of(one.row.incident_id, *one.row.question)].append(one)
    for same in by_prompt.values():
        for right in (one for one in same if one.row.kind == "positive"):
            for wrong in (one for one in same if one.row.kind == "negative"):
                won = _won_by(right, wrong)
                if won is None or (won > 0 and won >= margin):
                    yield _pair(right.row, wrong.row), won or 0.0


def _won_by(right: ScoredAnswer, wrong: ScoredAnswer) -> float | None:
    if right.score is None or wrong.score is None:
        return None
    return right.score - wrong.score


def _pair(right: Row, wrong: Row) -> Row:
    return Row(
        kind="pair",
        prompt=right.prompt,
        completion=right.completion,
        rejected=wrong.completion,
        constant=right.constant,
        incident_id=right.incident_id,
        scenario_group=right.scenario_group,
        session_id=right.session_id,
        label_source="replay_grade",
        has_reasoning=right.has_reasoning,
        at=right.at,
    )
