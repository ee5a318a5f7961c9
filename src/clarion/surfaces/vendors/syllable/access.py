"""How a route gets at what it works with, who is asking, and who wrote what."""

from __future__ import annotations

from collections.abc import Collection
from typing import Annotated, Any

from fastapi import Depends, Path, Request, Security
from fastapi.security import APIKeyHeader

from clarion.app.actor import Actor
from clarion.app.organizations import get_organization, get_user, list_users
from clarion.app.ports.resources import Agent
from clarion.app.refusals import NotFound, Unauthenticated
from clarion.surfaces.reception import Api, api_of
from clarion.surfaces.vendors.syllable.forms import MAX_ID
from clarion.surfaces.vendors.vendor import Place

HEADER = "Syllable-API-Key"
NOBODY = "clarion"
"""Who wrote what no user wrote."""
USERS = 500

Json = dict[str, Any]

key_header = APIKeyHeader(name=HEADER, auto_error=False, scheme_name="APIKeyHeader")


async def _caller(request: Request, key: Annotated[str | None, Security(key_header)]) -> Actor:
    """Who asks, by the vendor's header or as a bearer. Raises Unauthenticated."""
    raw = (key or "").strip()
    if not raw:
        scheme, _, bearer = request.headers.get("authorization", "").partition(" ")
        raw = bearer.strip() if scheme.lower() == "bearer" else ""
    if not raw:
        raise Unauthenticated(f"Not authenticated: send an API key in the header {HEADER}.")
    return await api_of(request).keys.authenticate(raw)


ApiDep = Annotated[Api, Depends(api_of)]
Caller = Annotated[Actor, Depends(_caller)]
PathId = Annotated[int, Path(ge=-MAX_ID, le=MAX_ID)]
NO_NUL = r"^[^\x00]*$"
PathKey = Annotated[str, Path(max_length=1_000, pattern=NO_NUL)]


async def email_of(api: Api, caller: Actor, user_id: int | None) -> str:
    """The mail address of a user, for `last_updated_by`."""
    if user_id is None:
        return NOBODY
    try:
        return (await get_user(api.ledger, caller, user_id)).email
    except NotFound:
        return NOBODY


async def emails_of(api: Api, caller: Actor, user_ids: Collection[int | None]) -> dict[int | None, str]:
    """The same of many."""
    if len(set(user_ids)) <= 1:
        return {user_id: await email_of(api, caller, user_id) for user_id in set(user_ids)}
    users = await list_users(api.ledger, caller, limit=USERS)
    return dict.fromkeys(user_ids, NOBODY) | {user.id: user.email for user in users}


async def place_of(api: Api, caller: Actor, agent: Agent | None) -> Place:
    """Where a campaign of the caller's lands."""
    settings = (await get_organization(api.ledger, caller)).settings
    return Place(api.clock.now(), settings.timezone, settings.default_country, agent)
