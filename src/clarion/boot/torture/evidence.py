"""What the judge looks at: the ledger's rows, read with plain SQL, and the carrier's log. No rule of clarion's is used.

Instants are microseconds since 1970 (UTC).
"""

from __future__ import annotations

import asyncio
import sqlite3
from dataclasses import dataclass, fields
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

import asyncpg

from clarion.boot.torture.diary import Diary
from clarion.channels.sandbox.log import read_log, read_voids

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class ContactRow:
    """Who, and where they stand: a contact with its row of the queue (its columns are None if there is none)."""

    id: int
    campaign_id: int
    batch_id: int
    reference_id: str | None
    address: str
    person: str
    state: str | None
    next_at: int | None
    tries: int | None
    burned: int | None
    attempt_id: int | None
    last_outcome: str | None
    finish_reason: str | None


@dataclass(frozen=True, slots=True)
class AttemptRow:
    """An attempt as the ledger has it."""

    id: int
    campaign_id: int
    batch_id: int
    contact_id: int
    number: int
    channel: str
    address: str
    person: str
    state: str
    sender_id: int | None
    trunk_id: int | None
    outcome: str | None
    burns: bool
    sandbox: bool
    begun_at: int | None
    ended_at: int | None


@dataclass(frozen=True, slots=True)
class TallyRow:
    """A count that the ledger keeps, added up over its slots."""

    batch_id: int
    key: str
    n: int


@dataclass(frozen=True, slots=True)
class MessageRow:
    """A webhook message in the outbox."""

    id: int
    endpoint_id: int
    event: str
    attempt_id: int | None
    state: str


@dataclass(frozen=True, slots=True)
class DecisionRow:
    """A line of a contact's story."""

    contact_id: int
    verdict: str
    rule: str


@dataclass(frozen=True, slots=True)
class Ask:
    """A line of the carrier's log. `asked` is the instant of the decision, `received` when the carrier heard of it."""

    seq: int
    attempt_id: int
    channel: str
    address: str
    number: int
    trunk_id: int
    asked: int
    received: int
    pid: int
    answer: str
    stood: int = 0
    """How much of the time in between its process was stopped by the harness: nobody can see themselves stopped."""

    @property
    def late(self) -> int:
        """How long after its decision the carrier heard of it, while its process ran."""
        return self.received - self.asked - self.stood

    @property
    def first(self) -> bool:
        """Whether the carrier had not seen the attempt before, and took it."""
        return self.answer not in ("repeat", "refused")

    @property
    def dialled(self) -> bool:
        """Whether it made the carrier reach out."""
        return self.answer in ("accepted", "lost")


@dataclass(frozen=True, slots=True)
class Ledger:
    """The rows."""

    contacts: list[ContactRow]
    attempts: list[AttemptRow]
    tallies: list[TallyRow]
    messages: list[MessageRow]
    decisions: list[DecisionRow]


@dataclass(frozen=True, slots=True)
class Evidence:
    """Everything together."""

    ledger: Ledger
    asks: list[Ask]
    voids: frozenset[int]
    diary: Diary


CONTACTS = """
SELECT c.id, c.campaign_id, c.batch_id, c.reference_id, c.address, c.person,
       q.state, q.next_at, q.tries, q.burned, q.attempt_id, q.last_outcome, q.finish_reason
FROM contacts c LEFT JOIN queue q ON q.contact_id = c.id ORDER BY c.id
"""
ATTEMPTS = """
SELECT id, campaign_id, batch_id, contact_id, number, channel, address, person, state, sender_id, trunk_id,
       outcome, burns, sandbox, begun_at, ended_at
FROM attempts ORDER BY id
"""
TALLIES = "SELECT batch_id, key, CAST(SUM(n) AS BIGINT) FROM tallies GROUP BY batch_id, key"
MESSAGES = "SELECT id, endpoint_id, event, attempt_id, state FROM webhook_messages ORDER BY id"
DECISIONS = "SELECT contact_id, verdict, rule FROM decisions WHERE contact_id IS NOT NULL ORDER BY id"
STANDING = """
SELECT (SELECT COUNT(*) FROM queue WHERE state = 'released'),
       (SELECT COUNT(*) FROM queue WHERE state = 'waiting'),
       (SELECT COUNT(*) FROM webhook_messages WHERE state = 'pending'),
       (SELECT COUNT(*) FROM attempts)
"""
WORKERS = "SELECT name FROM workers WHERE fenced_at IS NULL AND stopped_at IS NULL"


@dataclass(frozen=True, slots=True)
class Standing:
    """How far the run is."""

    live: int
    waiting: int
    messages: int
    attempts: int


class Books:
    """The ledger's database, opened by the harness for itself: no proxy in between, no code of the engine."""

    def __init__(self, url: str | Path) -> None:
        """A PostgreSQL URL, or the path of a SQLite file."""
        self._url = url

    async def query(self, sql: str) -> list[tuple[Any, ...]]:
        """Rows of one statement."""
        if isinstance(self._url, Path):
            return await asyncio.to_thread(_ask_sqlite, self._url, sql)
        connection = await asyncpg.connect(self._url)
        try:
            return [tuple(row) for row in await connection.fetch(sql)]
        finally:
            await connection.close()

    async def standing(self) -> Standing:
        """How far the run is."""
        return Standing(*(await self.query(STANDING))[0])

    async def workers(self) -> set[int]:
        """The process ids of the engines that hold a lease."""
        return {int(name.rpartition(":")[2]) for (name,) in await self.query(WORKERS)}

    async def ledger(self) -> Ledger:
        """Everything that is judged."""
        return Ledger(
            contacts=_rows(ContactRow, await self.query(CONTACTS)),
            attempts=_rows(AttemptRow, await self.query(ATTEMPTS)),
            tallies=_rows(TallyRow, await self.query(TALLIES)),
            messages=_rows(MessageRow, await self.query(MESSAGES)),
            decisions=_rows(DecisionRow, await self.query(DECISIONS)),
        )


R = TypeVar("R")


def _rows(kind: type[R], rows: list[tuple[Any, ...]]) -> list[R]:
    assert not rows or len(rows[0]) == len(fields(kind))  # type: ignore[arg-type]
    return [kind(*row) for row in rows]


def _ask_sqlite(path: Path, sql: str) -> list[tuple[Any, ...]]:
    connection = sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True, timeout=30)
    try:
        return connection.execute(sql).fetchall()
    finally:
        connection.close()


def read_asks(folder: Path, diary: Diary) -> tuple[list[Ask], frozenset[int]]:
    """The carrier's log: what it was asked, in its own order, and the attempts that it was told to forget."""
    asks = [
        Ask(
            seq=line.seq,
            attempt_id=line.attempt_id,
            channel=line.channel,
            address=line.address,
            number=line.number,
            trunk_id=line.trunk_id,
            asked=_micros(line.asked_at),
            received=_micros(line.received_at),
            pid=line.pid,
            answer=str(line.answer),
            stood=diary.stood(line.pid, _micros(line.asked_at), _micros(line.received_at)),
        )
        for line in read_log(folder)
    ]
    return asks, read_voids(folder)


def _micros(at: datetime) -> int:
    return (at - EPOCH) // timedelta(microseconds=1)
