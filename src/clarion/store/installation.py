"""Facts about the whole ledger, set once by whoever comes first."""

from __future__ import annotations

import secrets

from sqlalchemy import select

from clarion.store.database import Database
from clarion.store.schema import installation


async def installation_id(database: Database) -> str:
    """The ledger's own random id."""
    return await settle(database, "id", secrets.token_hex(8))


async def settle(database: Database, name: str, value: str) -> str:
    """Set a fact unless it is set; the value in force."""
    async with database.write() as tx:
        await tx.session.insert_many(installation, [{"name": name, "value": value}], ignore=True)
        found = await tx.session.execute(select(installation.c.value).where(installation.c.name == name))
        return str(found.scalar_one())
