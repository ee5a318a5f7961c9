"""Who asks: the user that a key belongs to. Clients ask it to try a key."""

from __future__ import annotations

from fastapi import APIRouter

from clarion.app.organizations import get_user
from clarion.surfaces.vendors.autocalls.access import ApiDep, Body, Caller

router = APIRouter(tags=["user"])

BALANCE = 999_999.0
"""There is nothing to pay here; clients that look at the balance before they call go on."""


@router.get("/api/user/me")
async def me(api: ApiDep, caller: Caller) -> Body:
    """The user's name, address and balance."""
    user = await get_user(api.ledger, caller, caller.user_id)
    return {"name": user.name or user.email, "email": user.email, "total_balance": BALANCE}
