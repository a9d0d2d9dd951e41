"""The stand-in as a server of its own, for load tests and for trying a client against faults."""

import uvicorn

from replay_assets.inference.stand_in.app import stand_in_app
from replay_assets.inference.stand_in.faults import FaultPlan


def serve(plan: FaultPlan, *, host: str, port: int) -> None:
    """Serve until interrupted."""
    uvicorn.run(stand_in_app(plan), host=host, port=port, log_level="warning")
