"""Who a key belongs to, and whether it is good."""

from __future__ import annotations

from fastapi import APIRouter

from clarion.app.organizations import get_organization, get_user
from clarion.surfaces.vendors.revox.access import ApiDep, Caller
from clarion.surfaces.vendors.revox.answers import Answer, instant
from clarion.surfaces.vendors.revox.bodies import JsonRoute
from clarion.wire.uuids import uuid_of

router = APIRouter(prefix="/api", tags=["account"], route_class=JsonRoute)


@router.get("/auth-status")
async def auth_status(_caller: Caller) -> Answer:
    """A key that is not good is answered with 401."""
    return Answer({"authenticated": True})


@router.get("/users/me")
async def me(api: ApiDep, caller: Caller) -> Answer:
    """The user whose key it is."""
    user = await get_user(api.ledger, caller, caller.user_id)
    organization = await get_organization(api.ledger, caller)
    first, _, last = (user.name or "").partition(" ")
    return Answer(
        {
            "user": {
                "id": uuid_of("user", user.id),
                "email": user.email,
                "first_name": first or None,
                "last_name": last or None,
                "has_completed_onboarding": True,
                "organization_id": uuid_of("organization", organization.id),
                "organization_country": organization.settings.default_country,
                "created_at": instant(user.created_at),
                "updated_at": instant(user.created_at),
            }
        }
    )
