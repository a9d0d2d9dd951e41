"""Grading: compare one proposal with the label, by the same rules for candidates and the incumbent.

`case.py` is what the grades of an incident are made from, `proposal.py` reads what was proposed,
`recorded.py` what production decided and tried, `graders.py` is the table of grades, `scoring.py`
makes the rows of a day. Rates and intervals are in `statistics/`, verdicts in `report/`.
"""

from replay_assets.evaluation.grading.agents import agent_scores, with_agent_scores
from replay_assets.evaluation.grading.case import Case
from replay_assets.evaluation.grading.grader import Grader
from replay_assets.evaluation.grading.graders import GRADERS, grades_of
from replay_assets.evaluation.grading.proposal import Proposal, read_proposal
from replay_assets.evaluation.grading.recorded import TriedActions
from replay_assets.evaluation.grading.scoring import (
    CODE_VERSION,
    score_incumbent,
    score_results,
    scores_publication,
)
from replay_assets.evaluation.grading.unmet_labels import unmet_labels

__all__ = [
    "CODE_VERSION",
    "GRADERS",
    "Case",
    "Grader",
    "Proposal",
    "TriedActions",
    "agent_scores",
    "grades_of",
    "read_proposal",
    "score_incumbent",
    "score_results",
    "scores_publication",
    "unmet_labels",
    "with_agent_scores",
]
