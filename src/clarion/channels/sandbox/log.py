"""The carrier's own log: every ask it was made, kept outside the ledger and shared by every process that asks.

It is what the ledger is judged against, so it is written before an ask is answered, survives a killed process, and
knows nothing of clarion's tables.
"""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import NamedTuple, Protocol

from clarion.channels.sandbox.asks import EPOCH, Ask

LOG_NAME = "carrier.db"
BUSY_SECONDS = 30.0


class Answer(StrEnum):
    """What the carrier did with one ask."""

    ACCEPTED = "accepted"
    """It dials (or sends)."""
    LOST = "lost"
    """It dials, and its answer is lost on the way."""
    FAILED = "failed"
    """A fault of the carrier's: nobody was dialled."""
    REPEAT = "repeat"
    """An attempt id that it has: answered again, not dialled again."""
    REFUSED = "refused"
    """An attempt id that was voided by a lookup: never dialled."""


class Entry(NamedTuple):
    """A first ask and what the carrier did with it."""

    ask: Ask
    answer: Answer
    outcome: str | None = None
    """Of a failed ask."""
    detail: str | None = None
    stopped_us: int | None = None
    """When it was told to hang up, in microseconds since 1970."""


class CarrierLog(Protocol):
    """Where a carrier remembers. Each method is atomic over all the processes that share it."""

    def record(self, entries: Sequence[Entry]) -> Sequence[Entry | None]:
        """Write every entry down, and say for each what the log's first entry of that id is: the very same object when
        it is new, an older one when it was written as REPEAT, None when the id is void (written as REFUSED)."""
        ...

    def find_or_void(self, attempt_ids: Sequence[int]) -> Mapping[int, Entry]:
        """The first entries of these ids; an id that has none is voided for good."""
        ...

    def stop(self, attempt_ids: Sequence[int], at_us: int) -> None:
        """Remember that these calls were ended at this instant."""
        ...

    def close(self) -> None:
        """Release what it holds."""
        ...


class MemoryLog:
    """A log for one process that needs none on disk: tests and benchmarks. It keeps every ask."""

    def __init__(self) -> None:
        """Empty."""
        self._entries: dict[int, Entry] = {}
        self._void: set[int] = set()

    def record(self, entries: Sequence[Entry]) -> Sequence[Entry | None]:
        """See CarrierLog."""
        entry_of, void = self._entries.setdefault, self._void
        return [None if e.ask.attempt_id in void else entry_of(e.ask.attempt_id, e) for e in entries]

    def find_or_void(self, attempt_ids: Sequence[int]) -> Mapping[int, Entry]:
        """See CarrierLog."""
        found = {n: self._entries[n] for n in attempt_ids if n in self._entries}
        self._void.update(n for n in attempt_ids if n not in found)
        return found

    def stop(self, attempt_ids: Sequence[int], at_us: int) -> None:
        """See CarrierLog."""
        for attempt_id in attempt_ids:
            if attempt_id in self._entries:
                self._entries[attempt_id] = self._entries[attempt_id]._replace(stopped_us=at_us)

    def close(self) -> None:
        """See CarrierLog."""


SCHEMA = (
    """
    CREATE TABLE IF NOT EXISTS asks (
      seq INTEGER PRIMARY KEY,
      attempt_id INTEGER NOT NULL, channel TEXT NOT NULL, address TEXT NOT NULL, number INTEGER NOT NULL,
      region_key TEXT NOT NULL, sender TEXT, trunk_id INTEGER NOT NULL, asked_us INTEGER NOT NULL,
      ring_s REAL NOT NULL, max_s REAL NOT NULL, leaves_message INTEGER NOT NULL, goal TEXT,
      answer TEXT NOT NULL, outcome TEXT, detail TEXT, stopped_us INTEGER,
      received REAL NOT NULL, pid INTEGER NOT NULL
    )
    """,
    "CREATE INDEX IF NOT EXISTS asks_by_attempt ON asks (attempt_id)",
    "CREATE TABLE IF NOT EXISTS voids (attempt_id INTEGER PRIMARY KEY, received REAL NOT NULL, pid INTEGER NOT NULL)",
)
ENTRY_COLUMNS = ", ".join((*Ask._fields, "answer", "outcome", "detail", "stopped_us"))
FIND = f"""
SELECT {ENTRY_COLUMNS} FROM asks
WHERE attempt_id IN (SELECT value FROM json_each(?)) AND answer NOT IN ('repeat', 'refused')
"""  # noqa: S608  # column names of our own
INSERT = f"INSERT INTO asks ({ENTRY_COLUMNS}, received, pid) VALUES ({', '.join('?' * (len(Ask._fields) + 6))})"  # noqa: S608
VOIDED = "SELECT attempt_id FROM voids WHERE attempt_id IN (SELECT value FROM json_each(?))"


class FileLog:
    """The log as a SQLite file. Use one connection's worth from one thread at a time."""

    def __init__(self, directory: Path) -> None:
        """Open or make `carrier.db` in `directory`."""
        directory.mkdir(parents=True, exist_ok=True)
        self._db = sqlite3.connect(
            directory / LOG_NAME, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False
        )
        # A killed process loses nothing that was written; only a power cut could, and no judge outlives one.
        _patiently(self._db, "PRAGMA journal_mode = WAL")
        self._db.execute("PRAGMA synchronous = OFF")
        with _Immediately(self._db):
            for statement in SCHEMA:
                self._db.execute(statement)

    def record(self, entries: Sequence[Entry]) -> Sequence[Entry | None]:
        """See CarrierLog."""
        firsts: list[Entry | None] = []
        rows = []
        ids = _json(e.ask.attempt_id for e in entries)
        received, pid = time.time(), os.getpid()
        with _Immediately(self._db):
            known: dict[int, Entry | None] = {n: None for (n,) in self._db.execute(VOIDED, (ids,))}
            known.update(self._find(ids))
            for entry in entries:
                first = known.setdefault(entry.ask.attempt_id, entry)
                firsts.append(first)
                ask, answer, outcome, detail, stopped = entry
                if first is not entry:
                    answer, outcome, detail = (Answer.REFUSED if first is None else Answer.REPEAT), None, None
                rows.append((*ask, answer.value, outcome, detail, stopped, received, pid))
            self._db.executemany(INSERT, rows)
        return firsts

    def find_or_void(self, attempt_ids: Sequence[int]) -> Mapping[int, Entry]:
        """See CarrierLog."""
        with _Immediately(self._db):
            found = self._find(_json(attempt_ids))
            now, pid = time.time(), os.getpid()
            missing = [(n, now, pid) for n in attempt_ids if n not in found]
            self._db.executemany("INSERT OR IGNORE INTO voids VALUES (?, ?, ?)", missing)
        return found

    def stop(self, attempt_ids: Sequence[int], at_us: int) -> None:
        """See CarrierLog."""
        with _Immediately(self._db):
            self._db.executemany(
                "UPDATE asks SET stopped_us = ? WHERE attempt_id = ? AND stopped_us IS NULL",
                [(at_us, n) for n in attempt_ids],
            )

    def close(self) -> None:
        """See CarrierLog."""
        self._db.close()

    def _find(self, ids: str) -> dict[int, Entry]:
        width = len(Ask._fields)
        return {
            row[0]: Entry(Ask(*row[:width]), Answer(row[width]), *row[width + 1 :])
            for row in self._db.execute(FIND, (ids,))
        }


class _Immediately:
    """A transaction that holds the write lock from its start, so that what it read is still so when it writes."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db

    def __enter__(self) -> None:
        self._db.execute("BEGIN IMMEDIATE")

    def __exit__(self, kind: object, error: object, trace: object) -> None:
        self._db.execute("COMMIT" if kind is None else "ROLLBACK")


def _patiently(db: sqlite3.Connection, statement: str) -> None:
    """Run what SQLite refuses at once, busy timeout or not, while another process does the same."""
    give_up = time.monotonic() + BUSY_SECONDS
    while True:
        try:
            db.execute(statement)
            return
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() > give_up:
                raise
            time.sleep(0.01)


def _json(numbers: Iterator[int] | Sequence[int]) -> str:
    return "[" + ",".join(map(str, numbers)) + "]"


@dataclass(frozen=True, slots=True)
class LoggedAsk:
    """One line of the carrier's log, for whoever judges the ledger. `asked_at` is the order's clock, `received_at`
    the wall's; both UTC."""

    seq: int
    attempt_id: int
    channel: str
    address: str
    number: int
    region_key: str
    sender: str | None
    trunk_id: int
    asked_at: datetime
    received_at: datetime
    pid: int
    answer: Answer
    outcome: str | None

    @property
    def dialled(self) -> bool:
        """Whether this ask made the carrier reach out to the person."""
        return self.answer in (Answer.ACCEPTED, Answer.LOST)


def read_log(path: Path) -> Iterator[LoggedAsk]:
    """Every ask in the order in which the carrier received them. `path` is the log or its directory."""
    file = path / LOG_NAME if path.is_dir() else path
    db = sqlite3.connect(f"{file.resolve().as_uri()}?mode=ro", uri=True)
    try:
        for row in db.execute(
            "SELECT seq, attempt_id, channel, address, number, region_key, sender, trunk_id, asked_us, received, pid,"
            " answer, outcome FROM asks ORDER BY seq"
        ):
            seq, attempt_id, channel, address, number, region_key, sender, trunk_id = row[:8]
            asked_us, received, pid, answer, outcome = row[8:]
            yield LoggedAsk(
                seq=seq,
                attempt_id=attempt_id,
                channel=channel,
                address=address,
                number=number,
                region_key=region_key,
                sender=sender,
                trunk_id=trunk_id,
                asked_at=EPOCH + timedelta(microseconds=asked_us),
                received_at=datetime.fromtimestamp(received, UTC),
                pid=pid,
                answer=Answer(answer),
                outcome=outcome,
            )
    finally:
        db.close()


def read_voids(path: Path) -> frozenset[int]:
    """The attempt ids that a lookup voided."""
    file = path / LOG_NAME if path.is_dir() else path
    db = sqlite3.connect(f"{file.resolve().as_uri()}?mode=ro", uri=True)
    try:
        return frozenset(n for (n,) in db.execute("SELECT attempt_id FROM voids"))
    finally:
        db.close()
