"""The organisation's users over HTTP."""

from __future__ import annotations

from typing import Annotated, Self, cast

from fastapi import APIRouter, Response
from pydantic import ConfigDict, Field
from pydantic.config import JsonDict

from clarion.app import organizations as use
from clarion.app.actor import Role
from clarion.app.ports.organizations import User
from clarion.surfaces.native.dependencies import ApiDep, Caller
from clarion.surfaces.native.once import OnceRoute
from clarion.surfaces.native.problems import documented
from clarion.surfaces.native.shapes import (
    Cursor,
    Flag,
    Id,
    Instant,
    Limit,
    Name,
    Page,
    PathId,
    Shape,
    given,
    left_out,
    page,
    position,
)

router = APIRouter(prefix="/v1/users", tags=["organization"], route_class=OnceRoute, responses=documented())

EXAMPLE: JsonDict = {"email": "sam@example.com", "role": "operator", "name": "Sam"}


class NewUser(Shape):
    """A user to add."""

    model_config = ConfigDict(json_schema_extra={"examples": [EXAMPLE]})

    email: Annotated[Name, Field(max_length=320, pattern=r"^[^@\s]{1,64}@[^@\s]{1,253}$")]
    role: Role
    name: Name | None = None


class UserPatch(Shape):
    """What to change; fields left out stay."""

    name: Name | None = None
    role: Role = left_out()
    disabled: Flag = left_out("The keys of a disabled user do not work.")


class UserShape(Shape):
    """A user."""

    id: Id
    email: str
    name: str | None
    role: Role
    created_at: Instant
    disabled_at: Instant | None

    @classmethod
    def of(cls, user: User) -> Self:
        """From the value."""
        return cls(
            id=user.id,
            email=user.email,
            name=user.name,
            role=user.role,
            created_at=user.created_at,
            disabled_at=user.disabled_at,
        )


@router.post("", status_code=201, responses=documented(409))
async def create(api: ApiDep, caller: Caller, body: NewUser, response: Response) -> UserShape:
    """Add a user. Needs the role owner."""
    user = await use.create_user(api.ledger, api.clock, caller, body.email, body.role, body.name)
    response.headers["Location"] = f"/v1/users/{user.id}"
    return UserShape.of(user)


@router.get("")
async def list_all(api: ApiDep, caller: Caller, limit: Limit = 100, cursor: Cursor = None) -> Page[UserShape]:
    """Users by id."""
    found = await use.list_users(api.ledger, caller, after=position(cursor), limit=limit + 1)
    return page(found, limit, lambda user: user.id, UserShape.of)


@router.get("/{user_id}", responses=documented(404))
async def show(api: ApiDep, caller: Caller, user_id: PathId) -> UserShape:
    """One user."""
    return UserShape.of(await use.get_user(api.ledger, caller, user_id))


@router.patch("/{user_id}", responses=documented(404, 409))
async def change(api: ApiDep, caller: Caller, user_id: PathId, body: UserPatch) -> UserShape:
    """Rename, promote, demote, disable or enable a user. The last owner stays one. Needs the role owner."""
    changes = cast(use.UserChanges, given(body))
    user = await use.change_user(api.ledger, api.clock, caller, user_id, changes)
    api.keys.forget()
    return UserShape.of(user)
