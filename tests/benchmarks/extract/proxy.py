"""A relay in front of a PostgreSQL server that adds network delay and counts round trips."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

import sqlalchemy as sa


@dataclass
class Relay:
    """Where the relay listens, and how often a client waited for an answer."""

    port: int = 0
    round_trips: int = 0


@contextmanager
def relayed(url: str, *, round_trip_s: float) -> Iterator[tuple[str, Relay]]:
    """Yield a URL that leads to the same server with a delay of this length per round trip."""
    target = sa.make_url(url)
    relay = Relay()
    loop = asyncio.new_event_loop()
    started = threading.Event()

    async def serve() -> None:
        async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            server_reader, server_writer = await _connect(target)
            answered = [True]
            with suppress(asyncio.CancelledError):  # the benchmark is over
                await asyncio.gather(
                    _pump(reader, server_writer, round_trip_s / 2, relay, answered, asks=True),
                    _pump(server_reader, writer, round_trip_s / 2, relay, answered, asks=False),
                )

        server = await asyncio.start_server(accept, "127.0.0.1", 0)
        relay.port = server.sockets[0].getsockname()[1]
        started.set()
        async with server:
            await server.serve_forever()

    def run() -> None:
        asyncio.set_event_loop(loop)
        task = loop.create_task(serve())
        loop.run_forever()
        task.cancel()
        pending = asyncio.all_tasks(loop)
        for one in pending:
            one.cancel()
        loop.run_until_complete(asyncio.gather(*pending, return_exceptions=True))
        loop.close()

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    started.wait()
    through = target.set(host="127.0.0.1", port=relay.port, query={})
    try:
        yield through.render_as_string(hide_password=False), relay
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()


async def _connect(target: sa.URL) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    folder = target.query.get("host")
    if isinstance(folder, str):
        return await asyncio.open_unix_connection(f"{folder}/.s.PGSQL.{target.port or 5432}")
    return await asyncio.open_connection(target.host, target.port or 5432)


async def _pump(
    reader: asyncio.StreamReader,
    writer: asyncio.StreamWriter,
    delay_s: float,
    relay: Relay,
    answered: list[bool],
    *,
    asks: bool,
) -> None:
    """Pass bytes on, each after the delay; bytes under way do not wait for one another."""
    loop = asyncio.get_running_loop()
    while data := await reader.read(2**18):
        if asks and answered[0]:
            relay.round_trips += 1
        answered[0] = not asks
        if delay_s:
            loop.call_later(delay_s, writer.write, data)
        else:
            writer.write(data)
            await writer.drain()
    loop.call_later(delay_s, writer.close)
