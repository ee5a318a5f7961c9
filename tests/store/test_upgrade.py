"""Migrations make the schema that the code speaks of, on both databases, once for all who start together."""

from __future__ import annotations

import asyncio

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, text

from clarion.store.database import Database
from clarion.store.schema import metadata
from clarion.store.upgrade import NewerSchema, revision, upgrade


def _differences(connection: Connection) -> list[object]:
    return compare_metadata(MigrationContext.configure(connection, opts={"compare_type": False}), metadata)


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def url(request: pytest.FixtureRequest) -> str:
    return str(request.getfixturevalue(f"{request.param}_url"))


async def test_migrations_make_the_schema(url: str) -> None:
    database = Database(url)
    await upgrade(database)
    async with database.engine.connect() as connection:
        assert await connection.run_sync(_differences) == []
    current, newest = await revision(database)
    assert current == newest
    await database.close()


async def test_processes_that_start_together_migrate_once(url: str) -> None:
    databases = [Database(url) for _ in range(3)]
    assert len({*await asyncio.gather(*(upgrade(d) for d in databases))}) == 1
    for database in databases:
        await database.close()


async def test_a_newer_schema_is_refused(url: str) -> None:
    database = Database(url)
    await upgrade(database)
    async with database.engine.begin() as connection:
        await connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(NewerSchema, match="9999"):
        await upgrade(database)
    await database.close()
