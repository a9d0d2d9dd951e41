"""What every judge has, whether it is a model or rules."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from replay_assets.contracts.feedback import FeedbackTriple, Judgement
from replay_assets.contracts.result import Usage
from replay_assets.inference import Report


@dataclass(frozen=True)
class Judged:
    """A judgement, and what it cost; None if that is unknown, or nothing was asked."""

    judgement: Judgement
    usage: Usage | None = None
    cost_usd: float | None = None


class Judge(Protocol):
    """Labels sanitized triples."""

    @property
    def judge_id(self) -> str:
        """The id, as rows name it."""
        ...

    @property
    def model(self) -> str:
        """The model that labels."""
        ...

    @property
    def prompt_version(self) -> str:
        """The version of the prompt or of the rules."""
        ...

    @property
    def about(self) -> str:
        """What it is, in a sentence."""
        ...

    def judge(
        self,
        triples: Sequence[FeedbackTriple],
        *,
        work: str,
        repeats: int = 1,
        refresh: bool = False,
        progress: Report | None = None,
    ) -> list[list[Judged]]:
        """Return one list per repeat: the judgements of all triples, in their order.

        Args:
            triples: sanitized triples.
            work: the name under which answers are kept.
            repeats: how often each triple is judged.
            refresh: ask everything again.
            progress: is called with the state of the run.
        """
        ...
