"""A gate between one process and PostgreSQL: a TCP proxy that can cut, refuse, delay, and go silent."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress

Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]
CHUNK = 65_536


class Gate:
    """Listens on a port of 127.0.0.1 and passes everything on to the database, as long as it is let."""

    def __init__(self, connect: Callable[[], Awaitable[Streams]]) -> None:
        """`connect` opens a connection to the database itself."""
        self._connect = connect
        self._server: asyncio.Server | None = None
        self._links: set[asyncio.Task[None]] = set()
        self._flows = asyncio.Event()
        self._flows.set()
        self._refuses = False
        self._delay = 0.0
        self.port = 0

    async def open(self) -> None:
        """Listen."""
        self._server = await asyncio.start_server(self._link, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]

    async def close(self) -> None:
        """Stop listening and break what is left."""
        if self._server is not None:
            self._server.close()
        await self.cut()

    async def cut(self) -> None:
        """Break every connection, as a restarted network device does."""
        links = list(self._links)
        for link in links:
            link.cancel()
        await asyncio.gather(*links, return_exceptions=True)

    async def refuse(self, seconds: float) -> None:
        """Break every connection and let no new one through for a while."""
        self._refuses = True
        try:
            await self.cut()
            await asyncio.sleep(seconds)
        finally:
            self._refuses = False

    async def slow(self, seconds: float, delay: float) -> None:
        """For a while everything comes `delay` seconds late, in both directions."""
        self._delay = delay
        try:
            await asyncio.sleep(seconds)
        finally:
            self._delay = 0.0

    async def half_open(self, seconds: float) -> None:
        """For a while nothing comes through and nobody is told; then the connections break."""
        self._flows.clear()
        try:
            await asyncio.sleep(seconds)
        finally:
            await self.cut()
            self._flows.set()

    async def _link(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._links.add(task)
        others: list[asyncio.StreamWriter] = [writer]
        try:
            await self._flows.wait()
            if self._refuses:
                return
            up_reader, up_writer = await self._connect()
            others.append(up_writer)
            pumps = {
                asyncio.ensure_future(self._pump(reader, up_writer)),
                asyncio.ensure_future(self._pump(up_reader, writer)),
            }
            try:
                await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for pump in pumps:
                    pump.cancel()
                await asyncio.gather(*pumps, return_exceptions=True)
        except (OSError, asyncio.CancelledError):
            pass
        finally:
            self._links.discard(task)
            for end in others:
                end.transport.abort()

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while data := await reader.read(CHUNK):
                if self._delay:
                    await asyncio.sleep(self._delay)
                await self._flows.wait()
                writer.write(data)
                await writer.drain()
