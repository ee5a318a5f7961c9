"""`clarion init`: the first organisation, its owner and an API key."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from clarion.app.organizations import create_organization
from clarion.app.ports.organizations import Settings as OrganizationSettings
from clarion.boot.cli.app import AsJson, ConfigFile, Data, DatabaseUrl, out, run, settings_from
from clarion.boot.settings import Settings
from clarion.boot.wiring import open_house


def init(
    data: Data = None,
    database: DatabaseUrl = None,
    config: ConfigFile = None,
    name: Annotated[str, typer.Option(help="Name of the organisation.")] = "My organisation",
    email: Annotated[str, typer.Option(help="The owner's e-mail address.")] = "owner@example.com",
    country: Annotated[str, typer.Option(help="Country of numbers without a prefix (ISO 3166).")] = "US",
    timezone: Annotated[str, typer.Option(help="IANA zone of campaigns that name none.")] = "UTC",
    as_json: AsJson = False,
) -> None:
    """Create an organisation with its owner, an API key, and sandbox senders for all three channels.

    The key is shown this once. Each call makes another organisation.
    """
    settings = settings_from(config, data=data, database=database)
    house_rules = OrganizationSettings(default_country=country, timezone=timezone)
    organization_id, key = run(_create(settings, name, email, house_rules))
    if as_json:
        typer.echo(json.dumps({"organization_id": organization_id, "api_key": key}))
        return
    out.print(f"[green]Organisation {organization_id}[/] ({name}) is ready.", highlight=False)
    out.print(f"API key, shown this once: [bold]{key}[/]", highlight=False, soft_wrap=True)
    out.print(f"Next: clarion serve --data {settings.data}", highlight=False)


async def _create(settings: Settings, name: str, email: str, rules: OrganizationSettings) -> tuple[int, str]:
    async with open_house(settings) as house:
        organization, key = await create_organization(house.database, house.clock, name, email, rules)
        return organization.id, key
