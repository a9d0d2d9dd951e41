"""A server that implements the OpenAI protocol and injects faults, for load tests and trials.

Imported only by the command that serves it. `serve` is not exported here: its module `server`
imports uvicorn, which the help of that command must not wait for.
"""

from replay_assets.inference.stand_in.faults import FAULTS, FaultPlan, parse_share

__all__ = ["FAULTS", "FaultPlan", "parse_share"]
