"""`clarion keys`: API keys of an organisation, by whoever has the server's shell."""

from __future__ import annotations

import json
from typing import Annotated

import typer
from rich.table import Table

from clarion.app.actor import Role
from clarion.app.keys import create_key, list_keys, revoke_key
from clarion.app.ports.organizations import ApiKey
from clarion.boot.cli.app import AsJson, ConfigFile, Data, DatabaseUrl, out, run, settings_from
from clarion.boot.operator import Organization, operator
from clarion.boot.settings import Settings
from clarion.boot.wiring import open_house

keys = typer.Typer(help="API keys: create, list, revoke.", no_args_is_help=True)


@keys.command("create")
def create_command(
    name: Annotated[str, typer.Argument(help="What the key is for.")],
    role: Annotated[Role, typer.Option(help="What it may do.")] = Role.OPERATOR,
    organization: Organization = None,
    data: Data = None,
    database: DatabaseUrl = None,
    config: ConfigFile = None,
    as_json: AsJson = False,
) -> None:
    """Create a key. It is shown this once."""
    key, raw = run(_create(settings_from(config, data=data, database=database), organization, name, role))
    if as_json:
        typer.echo(json.dumps({"id": key.id, "organization_id": key.organization_id, "api_key": raw}))
        return
    out.print(f"Key {key.id} ({role}), shown this once: [bold]{raw}[/]", highlight=False)


@keys.command("list")
def list_command(
    organization: Organization = None, data: Data = None, database: DatabaseUrl = None, config: ConfigFile = None
) -> None:
    """List keys; their secrets are not stored and cannot be shown."""
    table = Table("id", "name", "role", "prefix", "created", "last used", "state")
    for key in run(_list(settings_from(config, data=data, database=database), organization)):
        used = key.last_used_at.isoformat(timespec="minutes") if key.last_used_at else "never"
        state = "revoked" if key.revoked_at else "valid"
        created = key.created_at.isoformat(timespec="minutes")
        table.add_row(str(key.id), key.name, key.role, key.prefix, created, used, state)
    out.print(table)


@keys.command("revoke")
def revoke_command(
    key_id: Annotated[int, typer.Argument(help="The key's id, from `clarion keys list`.")],
    organization: Organization = None,
    data: Data = None,
    database: DatabaseUrl = None,
    config: ConfigFile = None,
) -> None:
    """Revoke a key: it stops working within five seconds."""
    run(_revoke(settings_from(config, data=data, database=database), organization, key_id))
    out.print(f"Key {key_id} is revoked.", highlight=False)


async def _create(settings: Settings, organization: int | None, name: str, role: Role) -> tuple[ApiKey, str]:
    async with open_house(settings) as house:
        actor = await operator(house, organization)
        return await create_key(house.database, house.clock, actor, name, role)


async def _list(settings: Settings, organization: int | None) -> list[ApiKey]:
    async with open_house(settings) as house:
        return await list_keys(house.database, await operator(house, organization))


async def _revoke(settings: Settings, organization: int | None, key_id: int) -> None:
    async with open_house(settings) as house:
        await revoke_key(house.database, house.clock, await operator(house, organization), key_id)
