"""Who a shell command acts as: the owner of the only organisation, or of the one that is named."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated

import typer

from clarion.app.actor import Actor, Role
from clarion.app.refusals import Conflict, NotFound
from clarion.boot.settings import Settings
from clarion.boot.wiring import House, open_house

WHERE = "Where the ledger is"
"""The options that every command has, listed last."""

Organization = Annotated[
    int | None,
    typer.Option(
        "--organization",
        help="Organisation id; needed only when there are several.",
        rich_help_panel=WHERE,
    ),
]


async def operator(house: House, organization_id: int | None) -> Actor:
    """The owner as the one who acts. Whoever has the server's shell and its key may do everything.

    Raises NotFound without an organisation, Conflict when there are several and none is named.
    """
    async with house.database.read() as tx:
        known = await tx.organizations.organization_ids()
        if organization_id is None and len(known) > 1:
            raise Conflict("several_organizations", f"There are several organisations: {known}. Say --organization.")
        if organization_id is None and not known:
            raise NotFound("organisation", "yet: run `clarion init` first")
        chosen = known[0] if organization_id is None else organization_id
        if chosen not in known:
            raise NotFound("organisation", chosen)
        users = await tx.organizations.users(chosen)
    owner = next(user for user in users if user.role is Role.OWNER and user.disabled_at is None)
    return Actor(chosen, owner.id, Role.OWNER)


@asynccontextmanager
async def open_desk(settings: Settings, organization_id: int | None) -> AsyncIterator[tuple[House, Actor]]:
    """The house, opened for one command, and who acts in it. Raises as `operator` does."""
    async with open_house(settings) as house:
        yield house, await operator(house, organization_id)
