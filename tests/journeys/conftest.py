"""Worlds for journeys: on SQLite, and where several workers matter on PostgreSQL."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from sqlalchemy import event

from clarion.store.database import Database
from world import make_world as make


@pytest.fixture
async def sqlite(sqlite_url: str) -> AsyncIterator[Database]:
    """An empty ledger on SQLite."""
    ledger = Database(sqlite_url)
    event.listen(ledger.engine.sync_engine, "connect", lambda link, _: link.execute("PRAGMA synchronous = OFF"))
    await ledger.create_all()
    yield ledger
    await ledger.close()


@pytest.fixture
def make_world(sqlite: Database) -> Callable[..., Any]:
    """Build a world on SQLite; its start, and sandbox settings, as arguments."""

    async def build(*start: Any, **sandbox: Any) -> Any:
        return await make(sqlite, *start, **sandbox)

    return build


@pytest.fixture
def make_either(database: Database) -> Callable[..., Any]:
    """The same on each database."""

    async def build(*start: Any, **sandbox: Any) -> Any:
        return await make(database, *start, **sandbox)

    return build
