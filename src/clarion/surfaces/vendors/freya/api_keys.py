"""API keys, for owners."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from fastapi import APIRouter, Response

from clarion.app.actor import RANK, Role
from clarion.app.keys import create_key
from clarion.app.organizations import get_user
from clarion.app.ports.organizations import User
from clarion.app.refusals import Invalid, Problem
from clarion.surfaces.vendors.freya.call_shapes import NewKey
from clarion.surfaces.vendors.freya.door import ApiDep, Caller, the_id
from clarion.surfaces.vendors.freya.errors import answer
from clarion.wire.uuids import uuid_of

router = APIRouter(prefix="/api/v2/api-keys", tags=["api keys"])

READING = frozenset({"read", "export", "recording-download", "metrics-read", "logs-read", "cdr-read"})
"""Second halves of permissions (`calls:read`) that change nothing."""


@router.post("", status_code=201)
async def create(api: ApiDep, caller: Caller, body: NewKey) -> Response:
    """A key for one of the organisation's users; it is shown this once."""
    caller.must_be(Role.OWNER)
    user = await get_user(api.ledger, caller, the_id("user", body.userId))
    role = role_of(body.permissions, user)
    key, raw = await create_key(
        api.ledger, api.clock, caller, body.name, role, user_id=user.id, expires_at=_instant(body.expiresAt)
    )
    told = {
        "id": uuid_of("api_key", key.id),
        "key": raw,
        "workspaceId": uuid_of("organization", key.organization_id),
        "userId": uuid_of("user", user.id),
        "name": key.name,
        "isActive": True,
        "createdAt": key.created_at,
        "lastUsedAt": None,
        "expiresAt": key.expires_at,
        "permissions": list(body.permissions or ()),
        "creator": {"id": uuid_of("user", user.id), "email": user.email, "displayName": user.name},
    }
    return answer("API key created successfully", {"apiKey": told, "key": raw}, 201)


def role_of(permissions: Sequence[str] | None, user: User) -> Role:
    """The role that comes nearest to permissions and does not go beyond them; the user's own when none are given."""
    if permissions is None:
        return user.role
    reads = all(permission.rpartition(":")[2] in READING for permission in permissions)
    return min(Role.VIEWER if reads else Role.OPERATOR, user.role, key=RANK.__getitem__)


def _instant(written: str | None) -> datetime | None:
    if written is None:
        return None
    try:
        found = datetime.fromisoformat(written)
        return found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        raise Invalid([Problem("expiresAt", "bad_date", "Must be an ISO 8601 date and time.")]) from None
