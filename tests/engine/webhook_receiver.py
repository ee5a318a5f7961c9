"""A receiver of webhooks on a real socket, which answers as a test tells it and remembers what it got."""

from __future__ import annotations

import asyncio
import ssl
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime


@dataclass(frozen=True)
class Answer:
    """What a path answers. `endless` goes on sending its body until the other side hangs up."""

    status: int = 200
    headers: tuple[tuple[str, str], ...] = ()
    hang: bool = False
    endless: bool = False


@dataclass(frozen=True)
class Got:
    """One request."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes
    at: float


@dataclass
class Receiver:
    """Serves `http://127.0.0.1:port`. A path's answers are given in turn; the last one repeats; none is 200."""

    script: dict[str, Sequence[Answer]] = field(default_factory=dict)
    got: list[Got] = field(default_factory=list)
    sent_bytes: int = 0
    port: int = 0

    async def start(self, tls: ssl.SSLContext | None = None) -> None:
        """Listen on a free port."""
        self._asked: defaultdict[str, int] = defaultdict(int)
        self._serving: set[asyncio.Task[None] | None] = set()
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0, ssl=tls)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Hang up on everybody."""
        self._server.close()
        for task in list(self._serving):
            if task is not None:
                task.cancel()
        await asyncio.sleep(0)

    def url(self, path: str = "/hook") -> str:
        """Where to send."""
        return f"http://127.0.0.1:{self.port}{path}"

    def ids(self, path: str = "/hook") -> list[str]:
        """The `webhook-id` of each request to a path, in order."""
        return [got.headers["webhook-id"] for got in self.got if got.path == path]

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._serving.add(asyncio.current_task())
        try:
            while await self._answer(reader, writer):
                pass
        except (asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            pass
        finally:
            self._serving.discard(asyncio.current_task())
            writer.close()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        method, path, _ = head[0].split(" ")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in head[1:] if line)}
        body = await reader.readexactly(int(headers.get("content-length", 0)))
        self.got.append(Got(method, path, headers, body, datetime.now(UTC).timestamp()))
        answers = self.script.get(path, [Answer()])
        answer = answers[min(self._asked[path], len(answers) - 1)]
        self._asked[path] += 1
        if answer.hang:
            await asyncio.sleep(60)
        more = "".join(f"{name}: {value}\r\n" for name, value in answer.headers)
        if answer.endless:
            writer.write(f"HTTP/1.1 {answer.status} X\r\n{more}Connection: close\r\n\r\n".encode())
            while True:
                writer.write(b"x" * 65536)
                self.sent_bytes += 65536
                await writer.drain()
        writer.write(f"HTTP/1.1 {answer.status} X\r\n{more}Content-Length: 2\r\n\r\nok".encode())
        await writer.drain()
        return True
