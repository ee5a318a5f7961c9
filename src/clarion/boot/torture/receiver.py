"""A receiver of webhooks that now and then says no the first time, and remembers every message that it took."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from zlib import crc32

from clarion.boot.torture.diary import Diary

REFUSES_ONE_IN = 40


class Receiver:
    """Listens on 127.0.0.1."""

    def __init__(self, diary: Diary) -> None:
        """What it takes goes into the diary."""
        self._diary = diary
        self._refused: set[str] = set()
        self._server: asyncio.Server | None = None
        self.port = 0

    async def open(self) -> None:
        """Listen on a free port."""
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]

    async def close(self) -> None:
        """Stop."""
        if self._server is not None:
            self._server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            with suppress(asyncio.IncompleteReadError, OSError):
                while True:
                    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")[1:]
                    headers = {name.lower(): text.strip() for name, _, text in (line.partition(":") for line in head)}
                    await reader.readexactly(int(headers.get("content-length", 0)))
                    status = "204 No Content" if self._takes(headers.get("webhook-id", "")) else "500 Not Now"
                    writer.write(f"HTTP/1.1 {status}\r\nContent-Length: 0\r\n\r\n".encode())
                    await writer.drain()
        finally:
            writer.close()

    def _takes(self, message: str) -> bool:
        if message not in self._refused and crc32(message.encode()) % REFUSES_ONE_IN == 0:
            self._refused.add(message)
            return False
        self._diary.received[message] += 1
        return True
