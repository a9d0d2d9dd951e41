"""Who is asked: the candidates of the catalogue, with their endpoints, limits and prices.

Configuration only: nothing here sends a request, and an API key appears as the name of the
environment variable that holds it, never as its value. Other folders import the names below.
"""

from replay_assets.candidates.agents import agent_of, with_agents
from replay_assets.candidates.asking import Limits
from replay_assets.candidates.candidate import UNBOUNDED_ANSWER_TOKENS, Candidate
from replay_assets.candidates.catalogue import Catalogue, judged_by_itself
from replay_assets.candidates.controls import asked_incidents
from replay_assets.candidates.money import Prices

__all__ = [
    "UNBOUNDED_ANSWER_TOKENS",
    "Candidate",
    "Catalogue",
    "Limits",
    "Prices",
    "agent_of",
    "asked_incidents",
    "judged_by_itself",
    "with_agents",
]
