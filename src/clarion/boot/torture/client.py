"""The operator who does not give up: calls the HTTP API of a server that is killed again and again."""

from __future__ import annotations

import asyncio
import itertools
import time
from dataclasses import dataclass
from typing import Any

import httpx

from clarion.boot.torture.diary import now_us

PATIENCE_SECONDS = 120.0
"""How long one call may take in all, servers that are down included."""
IN_PROGRESS_SECONDS = 3.0
"""How long an answer that is in progress is waited for; then the request was cut off, and is made anew."""
PAUSE_SECONDS = 0.25
AT_ONCE = 8
"""Requests under way at a time."""


class Unanswered(Exception):
    """The API did not come back."""


class Refused(Exception):
    """The API understood and said no."""


@dataclass(frozen=True, slots=True)
class Answered:
    """What came of a call: it was first `sent`, and `acked`, at these instants (microseconds since 1970)."""

    body: Any
    sent: int
    acked: int


class Operator:
    """A client with an API key. Each POST has an idempotency key and is repeated with it until it is answered."""

    def __init__(self, base_url: str, api_key: str, run: str) -> None:
        """`run` makes idempotency keys that no other run has."""
        self._http = httpx.AsyncClient(
            base_url=base_url,
            headers={"Authorization": f"Bearer {api_key}"},
            timeout=httpx.Timeout(5.0),
            trust_env=False,
        )
        self._door = asyncio.Lock()
        self._at_once = asyncio.Semaphore(AT_ONCE)
        self._run = run
        self._numbers = itertools.count(1)
        self.repeated = 0
        """How many requests had to be sent again."""

    async def close(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def get(self, path: str) -> Any:
        """A GET's body."""
        return (await self.call("GET", path)).body

    async def call(self, method: str, path: str, body: Any = None) -> Answered:
        """Call until there is an answer. Raises Refused on a 4xx and Unanswered when patience ends.

        A POST that was cut off by a crash is never answered under its key (`request_in_progress`); it is then sent
        under a new one, so the same thing may be asked for twice, as a real client would.
        """
        async with self._at_once:
            return await self._call(method, path, body)

    async def _call(self, method: str, path: str, body: Any) -> Answered:
        sent, give_up = now_us(), time.monotonic() + PATIENCE_SECONDS
        key, key_since = self._key(), time.monotonic()
        trouble = ""
        while time.monotonic() < give_up:
            headers = {"Idempotency-Key": key} if method == "POST" else {}
            try:
                response = await self._http.request(method, path, json=body, headers=headers)
            except httpx.HTTPError as error:
                trouble = f"{type(error).__name__}: {error}"
            else:
                if response.is_success:
                    return Answered(response.json() if response.content else None, sent, now_us())
                trouble = f"{response.status_code}: {response.text}"
                in_progress = response.status_code == 409 and "request_in_progress" in response.text
                if response.status_code < 500 and not in_progress:
                    raise Refused(f"{method} {path}: {trouble}")
                if in_progress and time.monotonic() - key_since > IN_PROGRESS_SECONDS:
                    key, key_since = self._key(), time.monotonic()
            self.repeated += 1
            await asyncio.sleep(PAUSE_SECONDS)
            await self._until_somebody_listens(give_up)
        raise Unanswered(f"{method} {path} was not answered within {PATIENCE_SECONDS:.0f} s; last: {trouble}")

    async def _until_somebody_listens(self, give_up: float) -> None:
        """One knocks at the door for all: a crowd that knocks would take the machine from the server that starts."""
        async with self._door:
            while time.monotonic() < give_up:
                if await self.listens():
                    return
                await asyncio.sleep(PAUSE_SECONDS)

    async def listens(self) -> bool:
        """Whether anybody is there."""
        try:
            _, writer = await asyncio.open_connection(self._http.base_url.host, self._http.base_url.port)
        except OSError:
            return False
        writer.close()
        return True

    def _key(self) -> str:
        return f"torture-{self._run}-{next(self._numbers)}"
