"""The rows of answers that operators said something about: rewards above the gate."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from replay_assets.contracts.export_policy import ExportPolicy
from replay_assets.contracts.export_row import AlpacaMetadata, TrainingLanguage
from replay_assets.contracts.judge_report import JudgeCard
from replay_assets.contracts.score import ReplayScore
from replay_assets.finetune.evidence_rows import reasoning_is_wrong
from replay_assets.finetune.language import language_of
from replay_assets.finetune.rows import LabelSource, Message, Row
from replay_assets.finetune.texts import TextRules, utc_text


@dataclass(frozen=True)
class KnownIncident:
    """What is known of the incident that an answer is about.

    Attributes:
        scenario_group: its scenario group.
        reasoning_is_wrong: whether production's diagnosis is known to be wrong.
        at: when its evidence was collected.
        reserved: whether its scenario group is reserved for evaluation.
    """

    scenario_group: str
    reasoning_is_wrong: bool
    at: str
    reserved: bool = False


def known_of(incident: Mapping[str, Any], score: ReplayScore) -> KnownIncident:
    """Return what is known of an incident from its evidence and the grades of production."""
    return KnownIncident(
        score.scenario_group,
        reasoning_is_wrong(score),
        utc_text(incident["collected_at"]),
        reserved=score.reserved_for_evaluation,
    )


@dataclass(frozen=True)
class FeedbackRows:
    """Makes rows from rewards.

    Attributes:
        policy: the gates.
        texts: what texts go through.
        language: the setting for the language of rows, which the metadata name.
    """

    policy: ExportPolicy = field(default_factory=ExportPolicy)
    texts: TextRules = field(default_factory=TextRules)
    language: TrainingLanguage = "follow"

    def row(self, reward: Mapping[str, Any], card: JudgeCard, known: KnownIncident) -> Row | str:
        """Return the row of a reward, or why it makes none.

        Args:
            reward: a row of `feedback_rewards`, whose texts are sanitized.
            card: what is known of its judge.
            known: what is known of its incident.
        """
        if (reason := self.reason_against(reward, card)) is not None:
            return reason
        if known.reserved:
            return "reserved_for_evaluation"
        wanted = reward["reward"] > 0
        if wanted and known.reasoning_is_wrong:
            return "reasoning_known_to_be_wrong"
        question = self.texts.text(reward["query_t"].strip())
        answer = self.texts.answer(reward["answer_t"])
        if not question or not answer:
            return "nothing_recorded_to_learn"
        source: LabelSource = "judge" if card.status == "verified" else "judge_unverified"
        return Row(
            kind="positive" if wanted else "negative",
            prompt=(Message("user", question),),
            completion=(Message("assistant", answer),),
            incident_id=reward["incident_id"],
            scenario_group=known.scenario_group,
            session_id=reward["session_id"],
            label_source=source,
            weight=abs(reward["reward"]),
            has_reasoning=True,
            at=known.at,
            metadata=self._metadata(reward["incident_id"], question, known.at),
        )

    def reason_against(self, reward: Mapping[str, Any], card: JudgeCard) -> str | None:
        """Return why a reward makes no row; None if it does."""
        if not card.may_export:
            return "judge_below_the_bound"
        if reward["outcome"] != "judged" or reward["reward"] is None:
            return "no_reward"
        if reward["confidence"] is None or reward["confidence"] < self.policy.least_confidence:
            return "reward_under_the_gate"
        if abs(reward["reward"]) < self.policy.least_reward:
            return "reward_too_small"
        return None

    def _metadata(self, incident_id: str, question: str, at: str) -> dict[str, str | bool | None]:
        if self.language == "original":
            return {}  # the original system has rows of evidence only
        found = AlpacaMetadata(
            incident_id=incident_id,
            alertname="",
            verification_result="",
            collected_at=at,
            schema_version="",
            matched_playbook_id="",
            language=language_of(question, self.language),
            has_reasoning=True,
        )
        return found.model_dump(mode="json")
