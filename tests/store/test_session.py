"""The batch verbs do the same on both databases, and a failed transaction leaves nothing."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from clarion.store import schema
from clarion.store.database import Database

NOW = datetime(2026, 11, 23, 15, 0, tzinfo=UTC)


async def test_batches_insert_update_and_ignore(database: Database) -> None:
    async with database.write() as tx:
        ids = await tx.new_ids("organizations", 3)
        rows = [{"id": n, "name": f"o{n}", "settings": {"n": n}, "created_at": NOW} for n in ids]
        await tx.session.insert_many(schema.organizations, rows)
        await tx.session.insert_many(schema.organizations, rows, ignore=True)
        await tx.session.update_many(
            schema.organizations, [{"id": n, "name": "new"} for n in ids], key=["id"], guard="t.name <> 'o2'"
        )
    async with database.read() as tx:
        found = (await tx.session.execute(schema.organizations.select().order_by("id"))).all()
    assert [(r.id, r.name, r.settings, r.created_at) for r in found] == [
        (1, "new", {"n": 1}, NOW),
        (2, "o2", {"n": 2}, NOW),
        (3, "new", {"n": 3}, NOW),
    ]


async def test_a_failed_transaction_leaves_nothing_and_reuses_no_id(database: Database) -> None:
    with pytest.raises(RuntimeError, match="power cut"):
        async with database.write() as tx:
            lost = await tx.new_ids("organizations", 2)
            await tx.session.insert_many(
                schema.organizations,
                [{"id": n, "name": "x", "settings": {}, "created_at": NOW} for n in lost],
            )
            raise RuntimeError("power cut")
    async with database.write() as tx:
        kept = await tx.new_ids("organizations", 2)
        later = await tx.new_ids("organizations", 2)
        await tx.session.insert_many(
            schema.organizations,
            [{"id": n, "name": "y", "settings": {}, "created_at": NOW} for n in (*kept, *later)],
        )
    async with database.read() as tx:
        assert len((await tx.session.execute(schema.organizations.select())).all()) == 4
