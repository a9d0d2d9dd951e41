"""A server that implements the OpenAI protocol and injects faults, for load tests and trials.

Imported only by the command that serves it.
"""

from replay_assets.inference.stand_in.faults import FAULTS, FaultPlan, parse_share
from replay_assets.inference.stand_in.server import serve

__all__ = [
    "FAULTS",
    "FaultPlan",
    "parse_share",
    "serve",
]
