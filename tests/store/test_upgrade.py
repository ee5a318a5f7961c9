"""Migrations make the schema that the code speaks of, on both databases, once for all who start together."""

from __future__ import annotations

import asyncio

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, text

from clarion.store.database import Database
from clarion.store.schema import metadata
from clarion.store.upgrade import NewerSchema, alembic_config, revision, upgrade


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


STOOD = [
    (10, "waiting", None, None, 3),
    (10, "waiting", "busy", None, 2),
    (10, "released", "busy", None, 1),
    (10, "finished", "completed", "reached", 2),
    (10, "finished", None, "suppressed", 1),
    (11, "finished", "busy", "attempts_exhausted", 1),
    (11, "finished", "exceeded_max_duration", "prior_unsubscribed", 1),
]
"""Batch, state, last outcome, finish reason, and how many contacts."""
QUEUE = text(
    "INSERT INTO queue (contact_id, organization_id, campaign_id, batch_id, state, band, region_key, address_index,"
    " tries, burned, faults, last_outcome, finish_reason, goal_reached, updated_at) VALUES"
    " (:id, 1, 1, :batch_id, :state, 0, '', 0, 0, 0, 0, :outcome, :reason, :no, 0)"
)
TALLIES = text("SELECT batch_id, campaign_id, key, CAST(SUM(n) AS BIGINT) FROM tallies GROUP BY 1, 2, 3")


async def test_last_outcomes_of_an_older_ledger_are_counted(url: str) -> None:
    database = Database(url)
    people = [each[:4] for each in STOOD for _ in range(each[4])]
    async with database.engine.begin() as connection:
        await connection.run_sync(lambda link: command.upgrade(alembic_config(link), "0002"))
        for n, (batch_id, state, outcome, reason) in enumerate(people, 1):
            row = {"id": n, "batch_id": batch_id, "state": state, "outcome": outcome, "reason": reason, "no": False}
            await connection.execute(QUEUE, row)
        kept = text("INSERT INTO tallies (batch_id, slot, key, campaign_id, n) VALUES (10, 1, 'contacts', 1, 9)")
        await connection.execute(kept)
    await upgrade(database)
    async with database.engine.begin() as connection:
        counted = {(row[0], row[2]): row[3] for row in await connection.execute(TALLIES) if row[1] == 1}
        await connection.run_sync(lambda link: command.downgrade(alembic_config(link), "0002"))
        left = [tuple(row) for row in await connection.execute(TALLIES)]
    assert counted == {
        (10, "contacts"): 9,
        (10, "last:busy"): 3,
        (10, "last:completed"): 2,
        (10, "ended:reached:completed"): 2,
        (10, "ended:suppressed:none"): 1,
        (11, "last:busy"): 1,
        (11, "last:exceeded_max_duration"): 1,
        (11, "ended:attempts_exhausted:busy"): 1,
        (11, "ended:prior_unsubscribed:exceeded_max_duration"): 1,
    }
    assert left == [(10, 1, "contacts", 9)]
    await database.close()
