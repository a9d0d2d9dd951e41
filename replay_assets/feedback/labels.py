"""The labels of feedback and their rewards: data with a version, `labels.yaml`."""

from functools import cache
from importlib.resources import files
from typing import Annotated

from pydantic import Field

from replay_assets.contracts.feedback import LEAST_CONFIDENCE, FeedbackOutcome, Judgement
from replay_assets.contracts.record import Part
from replay_assets.parsing.yaml_files import load_yaml


class Label(Part):
    """One label: its reward (None if it says nothing about the answer), and what it means."""

    reward: Annotated[float, Field(ge=-1, le=1)] | None
    meaning: str


class LabelSet(Part):
    """All labels of a version."""

    version: str
    labels: dict[str, Label]

    def judgement(
        self,
        triple_id: str,
        outcome: FeedbackOutcome,
        label: str | None,
        confidence: float | None,
        rationale: str,
    ) -> Judgement:
        """Return a judgement with the reward of its label; one without a label has no reward."""
        reward = None if label is None else self.labels[label].reward
        return Judgement(
            id=triple_id,
            outcome=outcome,
            label=label,
            confidence=confidence,
            rationale=rationale,
            reward=reward,
            should_update=(
                reward is not None and confidence is not None and confidence >= LEAST_CONFIDENCE
            ),
        )


@cache
def shipped_labels() -> LabelSet:
    """Return the labels that come with this package."""
    path = files("replay_assets.feedback") / "labels.yaml"
    return load_yaml(path, LabelSet, what="labels of feedback")
