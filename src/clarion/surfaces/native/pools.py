"""Pools of senders over HTTP."""

from __future__ import annotations

from typing import Annotated, Self, cast

from fastapi import APIRouter, Query, Response
from pydantic import ConfigDict, Field
from pydantic.config import JsonDict

from clarion.app import senders as use
from clarion.app.ports.resources import Pool
from clarion.core.campaigns import Rotation
from clarion.core.outcomes import Channel
from clarion.surfaces.native.dependencies import ApiDep, Caller
from clarion.surfaces.native.once import OnceRoute
from clarion.surfaces.native.problems import documented
from clarion.surfaces.native.shapes import (
    Cursor,
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

router = APIRouter(prefix="/v1/pools", tags=["senders"], route_class=OnceRoute, responses=documented())

Members = Annotated[list[Id], Field(min_length=1, max_length=500)]

EXAMPLE: JsonDict = {"channel": "voice", "name": "East coast", "rotation": "local_presence", "sender_ids": [1, 2]}


class NewPool(Shape):
    """A pool to add."""

    model_config = ConfigDict(json_schema_extra={"examples": [EXAMPLE]})

    channel: Channel
    name: Name
    rotation: Rotation = Field(Rotation.ROUND_ROBIN, description="How the next sender is chosen.")
    sender_ids: Members = Field(description="In the order in which they take turns.")


class PoolPatch(Shape):
    """What to change; fields left out stay."""

    name: Name = left_out()
    rotation: Rotation = left_out()
    sender_ids: Members = left_out("Replaces the whole list.")


class PoolShape(Shape):
    """A pool."""

    id: Id
    channel: Channel
    name: str
    rotation: Rotation
    sender_ids: list[int]
    created_at: Instant
    updated_at: Instant

    @classmethod
    def of(cls, pool: Pool) -> Self:
        """From the value."""
        return cls(
            id=pool.id,
            channel=pool.channel,
            name=pool.name,
            rotation=pool.rotation,
            sender_ids=list(pool.sender_ids),
            created_at=pool.created_at,
            updated_at=pool.updated_at,
        )


@router.post("", status_code=201)
async def create(api: ApiDep, caller: Caller, body: NewPool, response: Response) -> PoolShape:
    """Add a pool. Needs the role operator."""
    pool = await use.create_pool(api.ledger, api.clock, caller, body.channel, body.name, body.sender_ids, body.rotation)
    response.headers["Location"] = f"/v1/pools/{pool.id}"
    return PoolShape.of(pool)


@router.get("")
async def list_all(
    api: ApiDep,
    caller: Caller,
    limit: Limit = 100,
    cursor: Cursor = None,
    channel: Annotated[Channel | None, Query()] = None,
) -> Page[PoolShape]:
    """Pools by id."""
    found = await use.list_pools(api.ledger, caller, after=position(cursor), limit=limit + 1, channel=channel)
    return page(found, limit, lambda pool: pool.id, PoolShape.of)


@router.get("/{pool_id}", responses=documented(404))
async def show(api: ApiDep, caller: Caller, pool_id: PathId) -> PoolShape:
    """One pool."""
    return PoolShape.of(await use.get_pool(api.ledger, caller, pool_id))


@router.patch("/{pool_id}", responses=documented(404))
async def change(api: ApiDep, caller: Caller, pool_id: PathId, body: PoolPatch) -> PoolShape:
    """Change a pool; the engine sees it with its next release. Needs the role operator."""
    changes = cast(use.PoolChanges, given(body))
    return PoolShape.of(await use.change_pool(api.ledger, api.clock, caller, pool_id, changes))


@router.delete("/{pool_id}", status_code=204, responses=documented(404, 409))
async def delete(api: ApiDep, caller: Caller, pool_id: PathId) -> None:
    """Delete a pool that no campaign names. Needs the role operator."""
    await use.delete_pool(api.ledger, caller, pool_id)
