"""A customer's webhook receiver on a real socket: it checks every signature, and is sometimes down."""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, MutableMapping
from typing import Any

import uvicorn
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

OUT_OF_ORDER = 150
"""Every so many-th new message meets a receiver that is just being restarted: 503, and it comes again."""


class Receiver:
    """An ASGI application that stands for the customer's server. Its counts are what it saw itself."""

    def __init__(self) -> None:
        """It accepts nothing before it is told its `secret`."""
        self.secret: str | None = None
        self.url = ""
        self.taken: dict[str, str] = {}
        """`webhook-id` -> event, of messages that it took, each once."""
        self.refused: set[str] = set()
        """Messages that it answered with 503 the first time."""
        self.forged = 0
        """Requests whose signature was not right."""
        self.repeated = 0
        """Messages that it had taken before."""

    @property
    def events(self) -> Counter[str]:
        """Messages taken, by event."""
        return Counter(self.taken.values())

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        body, more = b"", True
        while more:
            part = await receive()
            body += part.get("body", b"")
            more = part.get("more_body", False)
        headers = {name.decode(): value.decode() for name, value in scope["headers"]}
        status = self._answer(headers, body)
        answer = b"ok" if status == 200 else b"not now"
        length = str(len(answer)).encode()
        await send({"type": "http.response.start", "status": status, "headers": [(b"content-length", length)]})
        await send({"type": "http.response.body", "body": answer})

    def _answer(self, headers: dict[str, str], body: bytes) -> int:
        try:
            Webhook(self.secret or "").verify(body, headers)
        except WebhookVerificationError:
            self.forged += 1
            return 401
        key = headers["webhook-id"]
        if key in self.taken:
            self.repeated += 1
            return 200
        if key not in self.refused and (len(self.taken) + len(self.refused)) % OUT_OF_ORDER == OUT_OF_ORDER - 1:
            self.refused.add(key)
            return 503
        self.taken[key] = json.loads(body)["type"]
        return 200


class _Server(uvicorn.Server):
    """uvicorn without signal handlers: the command has its own."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


@contextlib.asynccontextmanager
async def listening(receiver: Receiver) -> AsyncIterator[None]:
    """Serve it on a free port of 127.0.0.1; `receiver.url` says where."""
    # Named as TCP, or asyncio leaves Nagle's algorithm on and each answer waits for 40 ms.
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP) as door:
        door.bind(("127.0.0.1", 0))
        receiver.url = f"http://127.0.0.1:{door.getsockname()[1]}/hooks/clarion"
        config = uvicorn.Config(receiver, lifespan="off", log_config=None, access_log=False, server_header=False)
        server = _Server(config)
        serving = asyncio.create_task(server.serve(sockets=[door]))
        try:
            yield
        finally:
            server.should_exit = True
            await serving
