"""API keys over HTTP. A key is shown once, when it is made."""

from __future__ import annotations

from typing import Annotated, Self

from fastapi import APIRouter, Query, Response
from pydantic import ConfigDict, Field
from pydantic.config import JsonDict

from clarion.app import keys as use
from clarion.app.actor import Role
from clarion.app.ports.organizations import ApiKey
from clarion.surfaces.native.dependencies import ApiDep, Caller
from clarion.surfaces.native.once import OnceRoute
from clarion.surfaces.native.problems import documented
from clarion.surfaces.native.shapes import MAX_ID, Cursor, Id, Instant, Limit, Name, Page, PathId, Shape, page, position

router = APIRouter(prefix="/v1/keys", tags=["organization"], route_class=OnceRoute, responses=documented())

EXAMPLE: JsonDict = {"name": "nightly import", "role": "operator", "expires_at": "2027-12-31T00:00:00Z"}


class NewKey(Shape):
    """A key to make."""

    model_config = ConfigDict(json_schema_extra={"examples": [EXAMPLE]})

    name: Name = Field(description="What it is for.")
    role: Role = Field(description="At most its user's role.")
    user_id: Id | None = Field(None, description="Whose key it is; your own when left out.")
    expires_at: Instant | None = None


class KeyShape(Shape):
    """A key, without its secret."""

    id: Id
    user_id: int
    name: str
    prefix: str = Field(description="The public part of the key: `clarion_<prefix>_…`.")
    role: Role
    created_at: Instant
    expires_at: Instant | None
    last_used_at: Instant | None = Field(description="To the minute.")
    revoked_at: Instant | None

    @classmethod
    def of(cls, key: ApiKey) -> Self:
        """From the value."""
        return cls(
            id=key.id,
            user_id=key.user_id,
            name=key.name,
            prefix=key.prefix,
            role=key.role,
            created_at=key.created_at,
            expires_at=key.expires_at,
            last_used_at=key.last_used_at,
            revoked_at=key.revoked_at,
        )


class MadeKey(Shape):
    """A new key, with its secret."""

    key: KeyShape
    api_key: str = Field(description="The whole key. Keep it: it is never shown again.")


@router.post("", status_code=201, responses=documented(404, 409))
async def create(api: ApiDep, caller: Caller, body: NewKey, response: Response) -> MadeKey:
    """Make a key. Needs the role owner."""
    key, raw = await use.create_key(
        api.ledger, api.clock, caller, body.name, body.role, user_id=body.user_id, expires_at=body.expires_at
    )
    response.headers["Location"] = f"/v1/keys/{key.id}"
    return MadeKey(key=KeyShape.of(key), api_key=raw)


@router.get("")
async def list_all(
    api: ApiDep,
    caller: Caller,
    limit: Limit = 100,
    cursor: Cursor = None,
    user_id: Annotated[int | None, Query(ge=1, le=MAX_ID)] = None,
) -> Page[KeyShape]:
    """Keys by id, revoked ones among them. Needs the role owner."""
    found = await use.list_keys(api.ledger, caller, after=position(cursor), limit=limit + 1, user_id=user_id)
    return page(found, limit, lambda key: key.id, KeyShape.of)


@router.get("/{key_id}", responses=documented(404))
async def show(api: ApiDep, caller: Caller, key_id: PathId) -> KeyShape:
    """One key. Needs the role owner."""
    return KeyShape.of(await use.get_key(api.ledger, caller, key_id))


@router.delete("/{key_id}", responses=documented(404))
async def revoke(api: ApiDep, caller: Caller, key_id: PathId) -> KeyShape:
    """Revoke a key: at once here, within five seconds in other processes. Needs the role owner."""
    key = await use.revoke_key(api.ledger, api.clock, caller, key_id)
    api.keys.forget()
    return KeyShape.of(key)
