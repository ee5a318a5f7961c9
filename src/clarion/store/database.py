"""The ledger's database: SQLite (WAL, one writer at a time) or PostgreSQL, behind the same two verbs."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import cached_property
from typing import Any

from sqlalchemy import event, text
from sqlalchemy.engine.url import URL, make_url
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from clarion.store.campaigns import StoredCampaignRows
from clarion.store.ids import IdSource
from clarion.store.organizations import StoredOrganizationRows
from clarion.store.outbox import StoredOutboxRows
from clarion.store.people import StoredPeopleRows
from clarion.store.queue import StoredQueueRows
from clarion.store.reports import StoredReportRows
from clarion.store.resources import StoredResourceRows
from clarion.store.schema import metadata
from clarion.store.session import Session
from clarion.store.suppression import StoredSuppressionRows
from clarion.store.texts import StoredTextRows

BUSY_SECONDS = 30
IDLE_SECONDS = 10
"""PostgreSQL ends a transaction in which nothing is said for so long: a process that was stopped, or a line that is
dead, would otherwise hold up everybody who waits for its locks."""


class StoredTx:
    """Implements `clarion.app.ports.ledger.Tx`; each topic is built when it is first asked for."""

    def __init__(self, session: Session) -> None:
        """`session` is the open transaction."""
        self.session = session

    @cached_property
    def organizations(self) -> StoredOrganizationRows:
        """Organisations, users, keys."""
        return StoredOrganizationRows(self.session)

    @cached_property
    def resources(self) -> StoredResourceRows:
        """Agents, trunks, senders, pools."""
        return StoredResourceRows(self.session)

    @cached_property
    def campaigns(self) -> StoredCampaignRows:
        """Campaigns and batches."""
        return StoredCampaignRows(self.session)

    @cached_property
    def people(self) -> StoredPeopleRows:
        """Contacts and imports."""
        return StoredPeopleRows(self.session)

    @cached_property
    def queue(self) -> StoredQueueRows:
        """What the engine claims and writes."""
        return StoredQueueRows(self.session)

    @cached_property
    def reports(self) -> StoredReportRows:
        """Tallies, lists, exports, stories."""
        return StoredReportRows(self.session)

    @cached_property
    def suppression(self) -> StoredSuppressionRows:
        """Do-not-contact entries and consents."""
        return StoredSuppressionRows(self.session)

    @cached_property
    def texts(self) -> StoredTextRows:
        """Prompts and greetings."""
        return StoredTextRows(self.session)

    @cached_property
    def outbox(self) -> StoredOutboxRows:
        """Webhooks."""
        return StoredOutboxRows(self.session)

    async def new_ids(self, kind: str, count: int = 1) -> range:
        """Fresh ids; see the port."""
        return await self.session.new_ids(kind, count)


class Database:
    """Implements `clarion.app.ports.ledger.Ledger`."""

    def __init__(self, url: str, *, pool_size: int = 10) -> None:
        """`url`: `postgresql://…`, `sqlite:///path` or `sqlite://` (in memory, one process)."""
        parsed = _with_async_driver(make_url(url))
        self.is_postgres = parsed.get_backend_name() == "postgresql"
        if self.is_postgres:
            self.engine = create_async_engine(parsed, pool_size=pool_size, max_overflow=pool_size, pool_pre_ping=True)
            self._id_engine: AsyncEngine | None = create_async_engine(
                parsed, pool_size=1, max_overflow=1, pool_pre_ping=True
            )
            for engine in (self.engine, self._id_engine):
                event.listen(engine.sync_engine, "connect", _prepare_postgres)
        else:
            self.engine = create_async_engine(parsed, connect_args={"timeout": BUSY_SECONDS})
            self._id_engine = None
            event.listen(self.engine.sync_engine, "connect", _prepare_sqlite)
        self.url = url
        self._ids = IdSource(self._id_engine)
        self._writer = asyncio.Lock()

    @asynccontextmanager
    async def write(self) -> AsyncIterator[StoredTx]:
        """A transaction that may write; committed when the block ends without an exception."""
        if self.is_postgres:
            async with self.engine.begin() as connection:
                yield StoredTx(Session(connection, self._ids))
            return
        async with self._writer, self.engine.connect() as connection:
            await connection.execute(text("BEGIN IMMEDIATE"))
            try:
                yield StoredTx(Session(connection, self._ids))
            except BaseException:
                self._ids.forget()
                await connection.rollback()
                raise
            await connection.commit()

    @asynccontextmanager
    async def read(self) -> AsyncIterator[StoredTx]:
        """A transaction that reads one consistent snapshot."""
        async with self.engine.connect() as connection:
            if self.is_postgres:
                await connection.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
            else:
                await connection.execute(text("BEGIN"))
            try:
                yield StoredTx(Session(connection, self._ids))
            finally:
                await connection.rollback()

    async def create_all(self) -> None:
        """Create the tables without migrations: for throw-away databases."""
        async with self.engine.begin() as connection:
            await connection.run_sync(metadata.create_all)

    async def close(self) -> None:
        """Close every connection."""
        await self.engine.dispose()
        if self._id_engine is not None:
            await self._id_engine.dispose()


def _with_async_driver(url: URL) -> URL:
    match url.get_backend_name():
        case "postgresql":
            return url.set(drivername="postgresql+asyncpg")
        case "sqlite":
            return url.set(drivername="sqlite+aiosqlite")
        case other:
            raise ValueError(f"clarion runs on sqlite and postgresql, not on {other}.")


def _prepare_postgres(connection: Any, _record: Any) -> None:
    """Not as a startup parameter, which connection poolers refuse."""
    cursor = connection.cursor()
    cursor.execute(f"SET idle_in_transaction_session_timeout = {IDLE_SECONDS * 1000}")
    cursor.close()
    connection.commit()


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    connection.isolation_level = None  # transactions are begun by us, not by the driver
    cursor = connection.cursor()
    _write_ahead(cursor)
    for pragma in (
        "synchronous = FULL",
        "foreign_keys = ON",
        "cache_size = -32000",
        "temp_store = MEMORY",
        f"busy_timeout = {BUSY_SECONDS * 1000}",
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _write_ahead(cursor: Any) -> None:
    """Turn the write-ahead log on. SQLite does not wait for others that do so at the same moment: we ask again."""
    for _ in range(100):
        try:
            cursor.execute("PRAGMA journal_mode = WAL")
            return
        except sqlite3.OperationalError:
            time.sleep(0.02)
    cursor.execute("PRAGMA journal_mode = WAL")
