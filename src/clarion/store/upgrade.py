"""Brings a database to the newest schema, once, however many processes start at the same time."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text

from clarion.store.database import Database

LOCK = 0x636C6172
"""Key of the PostgreSQL advisory lock under which migrations run."""


class NewerSchema(Exception):
    """The database was made by a newer clarion than this one."""


def alembic_config(connection: Connection | None = None) -> Config:
    """Alembic's settings for our migrations, on `connection` when one is given."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.attributes["connection"] = connection
    return config


async def upgrade(database: Database) -> str:
    """Apply what is missing; the revision in force afterwards. Raises NewerSchema."""
    if database.is_postgres:
        async with database.engine.begin() as connection:
            await connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": LOCK})
            return await connection.run_sync(_upgrade)
    async with database.engine.connect() as connection:
        await connection.execute(text("BEGIN IMMEDIATE"))
        revision = await connection.run_sync(_upgrade)
        await connection.commit()
        return revision


async def revision(database: Database) -> tuple[str | None, str]:
    """The database's revision and the newest one."""
    async with database.engine.connect() as connection:
        return await connection.run_sync(_current), _newest()


def _upgrade(connection: Connection) -> str:
    current, newest = _current(connection), _newest()
    if current == newest:
        return newest
    known = {script.revision for script in ScriptDirectory.from_config(alembic_config()).walk_revisions()}
    if current is not None and current not in known:
        raise NewerSchema(f"The database is at revision {current}, which this version does not know. Upgrade clarion.")
    command.upgrade(alembic_config(connection), "head")
    return newest


def _current(connection: Connection) -> str | None:
    return MigrationContext.configure(connection).get_current_revision()


def _newest() -> str:
    head: Any = ScriptDirectory.from_config(alembic_config()).get_current_head()
    return str(head)
