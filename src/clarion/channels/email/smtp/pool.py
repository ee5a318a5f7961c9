"""The open connections of one trunk, and how long it, or a domain behind it, is to be left alone."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta

from clarion.channels.email.smtp.connection import Connection
from clarion.channels.email.smtp.settings import SmtpSettings

FIRST_PAUSE = timedelta(seconds=30)
LONGEST_PAUSE = timedelta(minutes=30)
WHOLE_TRUNK = "*"


class NoConnectionFree(Exception):
    """Every connection was busy for as long as connecting may take."""


class Pool:
    """At most `max_connections` connections, used one mail at a time, the most recently used first."""

    def __init__(self, settings: SmtpSettings, password: str | None) -> None:
        """Nothing is connected yet."""
        self.settings = settings
        self._password = password
        self._free = asyncio.Semaphore(settings.max_connections)
        self._idle: list[Connection] = []

    @asynccontextmanager
    async def connection(self, *, fresh: bool = False) -> AsyncIterator[Connection]:
        """A connection for one mail, open or still to be opened. `fresh`: never one that was idle.

        Raises NoConnectionFree.
        """
        try:
            async with asyncio.timeout(self.settings.connect_timeout):
                await self._free.acquire()
        except TimeoutError as error:
            raise NoConnectionFree from error
        try:
            connection = None if fresh else await self._pick()
            connection = connection or Connection(self.settings, self._password)
            try:
                yield connection
            finally:
                if connection.usable:
                    connection.idle_since = asyncio.get_running_loop().time()
                    self._idle.append(connection)
                else:
                    await connection.quit()
        finally:
            self._free.release()

    async def close(self) -> None:
        """Say goodbye on idle connections. Those in use end with their mail."""
        idle, self._idle = self._idle, []
        for connection in idle:
            await connection.quit()

    async def _pick(self) -> Connection | None:
        """An idle connection that is still good."""
        oldest = asyncio.get_running_loop().time() - self.settings.idle_timeout
        while self._idle:
            connection = self._idle.pop()
            if connection.usable and connection.idle_since >= oldest:
                return connection
            await connection.quit()
        return None


class Pauses:
    """Who asked to be left alone, and until when: a domain, or the whole trunk. Each time in a row twice as long."""

    def __init__(self) -> None:
        """Nobody has."""
        self._until: dict[str, datetime] = {}
        self._in_row: dict[str, int] = {}

    def begin(self, whom: str, now: datetime) -> timedelta:
        """`whom` throttles: leave it alone from now on, for as long as is answered."""
        if now < self._until.get(whom, now):
            return self._until[whom] - now
        row = self._in_row[whom] = self._in_row.get(whom, 0) + 1
        pause = min(FIRST_PAUSE * 2 ** (row - 1), LONGEST_PAUSE) if row < 20 else LONGEST_PAUSE
        self._until[whom] = now + pause
        return pause

    def left(self, domain: str, now: datetime) -> timedelta | None:
        """How long a mail to `domain` has to wait; None when it may go."""
        until = max((self._until[w] for w in (WHOLE_TRUNK, domain) if w in self._until), default=now)
        return until - now if until > now else None

    def end(self, domain: str, now: datetime) -> None:
        """A mail to `domain` was taken: the next pause, of the domain or the trunk, is a first one again."""
        for whom in (WHOLE_TRUNK, domain):
            if self._until.get(whom, now) <= now:
                self._until.pop(whom, None)
                self._in_row.pop(whom, None)
