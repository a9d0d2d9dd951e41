"""Feedback: what an operator's next message says about an answer, and the reward that follows.

A triple is a question, its answer and the operator's next message. `operator_feedback` has the raw
triples of a day; a judge labels them, sanitized, and `feedback_rewards` has one row per triple.
"""

from datetime import datetime
from typing import ClassVar, Literal, get_args

from pydantic import Field

from replay_assets.contracts.arrow import TableRow
from replay_assets.contracts.record import Part

FeedbackOutcome = Literal["judged", "unreadable_answer", "unknown_label", "infrastructure_failure"]
"""Only `judged` has a label. The others are never kept as an answer: a rerun asks them again."""
OUTCOMES: tuple[FeedbackOutcome, ...] = get_args(FeedbackOutcome)
LEAST_CONFIDENCE = 0.6
"""The confidence from which a row has `should_update`; an export may use another threshold."""
RULES_JUDGE = "rules-judge"
"""The id of the judge that is built in."""


class FeedbackTriple(Part):
    """One line of a file of triples, as `replay-assets judge` reads it.

    Attributes:
        id: the id, unique in its file.
        query_t: the operator's question.
        answer_t: the answer.
        query_t1: the operator's next message.
        incident_id: rows of one incident are sanitized with one map; None: the row has its own.
    """

    id: str = Field(min_length=1)
    query_t: str
    answer_t: str
    query_t1: str
    incident_id: str | None = None

    @property
    def texts(self) -> dict[str, str]:
        """The three texts by name: what is sanitized, judged and compared."""
        return {"query_t": self.query_t, "answer_t": self.answer_t, "query_t1": self.query_t1}


class LabelledTriple(FeedbackTriple):
    """A triple that a person labelled: one line of the file that a judge is compared with."""

    label: str


class OperatorFeedback(TableRow):
    """A triple of a recorded session, with raw texts; rows are in the order of conversations.

    `position` is that of the next message in its session, and `answered_by` the model that is
    recorded for the session.
    """

    TABLE_VERSION: ClassVar[str] = "operator_feedback_v1"

    id: str
    incident_id: str
    session_id: str
    position: int
    query_t: str
    answer_t: str
    query_t1: str
    answered_by: str | None
    created_at: datetime | None


class Judgement(Part):
    """What a judge said about one triple: a line of `rewards.jsonl`.

    Attributes:
        id: the id of the triple.
        outcome: whether there is a label, else why there is none.
        label: a label of the label set; None unless judged.
        confidence: from 0 to 1, as the judge states it; None unless judged.
        rationale: the judge's reason in a sentence; unless judged, why there is no label.
        reward: the label's value, whatever the confidence; None if the label has none.
        should_update: whether there is a reward and the confidence is at least 0.6.
    """

    id: str
    outcome: FeedbackOutcome
    label: str | None
    confidence: float | None
    rationale: str | None
    reward: float | None
    should_update: bool


class FeedbackReward(TableRow):
    """A row of `feedback_rewards`: a triple, sanitized, and what a judge said about it.

    The gate is applied by an export, so that another threshold needs no new judging: `reward` is
    the label's value whatever the confidence. `judge_card.json` in the same partition says whether
    these rows may be exported.
    """

    TABLE_VERSION: ClassVar[str] = "feedback_rewards_v1"

    id: str
    incident_id: str
    session_id: str
    query_t: str
    answer_t: str
    query_t1: str
    outcome: FeedbackOutcome
    label: str | None
    confidence: float | None
    rationale: str | None
    reward: float | None
    should_update: bool
    judge_id: str
    judge_model: str
    label_set_version: str
    prompt_version: str


def feedback_id(session_id: str, position: int) -> str:
    """Return the id of the triple whose next message is at a position of a session."""
    return f"{session_id}:{position}"
