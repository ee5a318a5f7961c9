"""Who a shell command acts as: the owner of the only organisation, or of the one that is named."""

from __future__ import annotations

from typing import Annotated

import typer

from clarion.app.actor import Actor, Role
from clarion.app.refusals import Conflict, NotFound
from clarion.boot.wiring import House

Organization = Annotated[
    int | None, typer.Option("--organization", help="Organisation id; needed only when there are several.")
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
