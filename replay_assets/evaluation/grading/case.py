"""What the grades of one incident are made from."""

from dataclasses import dataclass
from functools import cached_property

from replay_assets.contracts.label import IncidentLabel, problems_of
from replay_assets.contracts.vocabulary import Vocabulary
from replay_assets.evaluation.grading.proposal import Proposal
from replay_assets.evaluation.grading.recorded import TriedActions


@dataclass(frozen=True)
class Case:
    """What the grades of one incident are made from.

    Attributes:
        outcome: the outcome of the result; for the incumbent, whether a decision, or an
            action of automation, was recorded.
        proposal: what was proposed; empty if there is no usable answer.
        label: the truth of the incident, as far as it was recorded.
        tried: the actions that recorded repairs tried.
        vocabulary: the actions that may be proposed.
        judged_wrong: the incumbent's own record says that its diagnosis was wrong.
    """

    outcome: str
    proposal: Proposal
    label: IncidentLabel | None
    tried: TriedActions
    vocabulary: Vocabulary
    judged_wrong: bool = False

    def changes(self, action_id: str) -> bool:
        """Return whether an action changes a running system."""
        found = self.vocabulary.action(action_id)
        return found is not None and found.mutates

    @cached_property
    def unanswerable(self) -> frozenset[str]:
        """The fields of the label that no answer can meet."""
        problems = problems_of(self.label, self.vocabulary) if self.label is not None else ()
        return frozenset(one.field for one in problems if one.unanswerable)
