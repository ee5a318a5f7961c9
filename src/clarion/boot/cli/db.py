"""`clarion db`: the schema of the ledger."""

from __future__ import annotations

import typer

from clarion.boot.cli.app import ConfigFile, Data, DatabaseUrl, out, run, settings_from
from clarion.boot.settings import Settings
from clarion.store.database import Database
from clarion.store.upgrade import revision, upgrade

db = typer.Typer(help="The ledger's schema.", no_args_is_help=True)


@db.command("upgrade")
def upgrade_command(data: Data = None, database: DatabaseUrl = None, config: ConfigFile = None) -> None:
    """Bring the schema up to date. `serve` does this by itself; many may start at once."""
    settings = settings_from(config, data=data, database=database)
    settings.data.mkdir(parents=True, exist_ok=True)
    before, after = run(_upgrade(settings))
    out.print(f"Schema {after}." if before == after else f"Schema {before or 'none'} → {after}.", highlight=False)


@db.command("current")
def current(data: Data = None, database: DatabaseUrl = None, config: ConfigFile = None) -> None:
    """Say which schema the database has and which one this version needs."""
    settings = settings_from(config, data=data, database=database)
    have, newest = run(_revision(settings))
    out.print(f"The database has {have or 'none'}; this version needs {newest}.", highlight=False)


async def _upgrade(settings: Settings) -> tuple[str | None, str]:
    ledger = Database(settings.database_url)
    try:
        before, _ = await revision(ledger)
        return before, await upgrade(ledger)
    finally:
        await ledger.close()


async def _revision(settings: Settings) -> tuple[str | None, str]:
    ledger = Database(settings.database_url)
    try:
        return await revision(ledger)
    finally:
        await ledger.close()
