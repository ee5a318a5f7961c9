"""Ids from the database, in blocks where many are needed: unique over all processes, small, with gaps."""

from __future__ import annotations

import asyncio

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

BLOCK = 1_000
IN_MASSES = frozenset(
    {"attempts", "consents", "contacts", "decisions", "suppressions", "webhook_deliveries", "webhook_messages"}
)
"""Kinds that are worth blocks. Of the others people make a few, read their ids aloud, and expect no gaps of a thousand
when each one comes from a process of its own."""

TAKE = text(
    "INSERT INTO sequences (name, next) VALUES (:name, :count + 1) "
    "ON CONFLICT (name) DO UPDATE SET next = sequences.next + :count RETURNING next"
)


class IdSource:
    """Hands out ids from blocks.

    On PostgreSQL a block is taken in a transaction of its own, so that nobody waits for a long one. On SQLite, which
    has one writer, it is taken inside the caller's; a rollback there must `forget` what is left of it.
    """

    def __init__(self, separate: AsyncEngine | None) -> None:
        """`separate` is the engine for blocks' own transactions; None takes them on the caller's connection."""
        self._separate = separate
        self._spare: dict[str, range] = {}
        self._gate = asyncio.Lock()

    async def take(self, kind: str, count: int, caller: AsyncConnection) -> range:
        """`count` consecutive ids."""
        async with self._gate:
            spare = self._spare.get(kind, range(0))
            if len(spare) < count:
                size = max(count, BLOCK) if kind in IN_MASSES else count
                if self._separate is None:
                    spare = await _block(caller, kind, size)
                else:
                    async with self._separate.begin() as connection:
                        spare = await _block(connection, kind, size)
            self._spare[kind] = spare[count:]
            return spare[:count]

    def forget(self) -> None:
        """Drop the spare ids: the transaction that took their block was rolled back."""
        self._spare.clear()


async def _block(connection: AsyncConnection, kind: str, size: int) -> range:
    end = (await connection.execute(TAKE, {"name": kind, "count": size})).scalar_one()
    return range(end - size, end)
