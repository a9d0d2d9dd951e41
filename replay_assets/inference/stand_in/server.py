"""The stand-in as a separate server, for load tests and for testing a client against faults."""

import asyncio
from typing import cast

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from replay_assets.inference.stand_in.app import stand_in_app
from replay_assets.inference.stand_in.broken import OPEN
from replay_assets.inference.stand_in.faults import FaultPlan


class FaultyProtocol(H11Protocol):
    """A connection that a fault can look up and break."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Register the connection."""
        super().connection_made(transport)
        self._caller = cast(tuple[str, int], transport.get_extra_info("peername")[:2])
        OPEN[self._caller] = transport

    def connection_lost(self, exc: Exception | None) -> None:
        """Remove the connection."""
        super().connection_lost(exc)
        OPEN.pop(self._caller, None)


def server_config(plan: FaultPlan, *, host: str, port: int) -> uvicorn.Config:
    """Return the configuration with which the stand-in is served."""
    return uvicorn.Config(
        stand_in_app(plan),
        host=host,
        port=port,
        log_level="warning",
        http=FaultyProtocol,
        ws="none",
        lifespan="off",
        # The fault `hang` never ends by itself, so a stop must not wait for it.
        timeout_graceful_shutdown=1,
    )


def serve(plan: FaultPlan, *, host: str, port: int) -> None:
    """Serve until interrupted."""
    uvicorn.Server(server_config(plan, host=host, port=port)).run()
