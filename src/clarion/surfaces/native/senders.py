"""Senders over HTTP."""

from __future__ import annotations

from typing import Annotated, Self, cast

from fastapi import APIRouter, Query, Response
from pydantic import ConfigDict, Field
from pydantic.config import JsonDict

from clarion.app import senders as use
from clarion.app.ports.resources import Sender
from clarion.core.outcomes import Channel
from clarion.surfaces.native.dependencies import ApiDep, Caller
from clarion.surfaces.native.once import OnceRoute
from clarion.surfaces.native.problems import documented
from clarion.surfaces.native.shapes import (
    MAX_ID,
    Count,
    Cursor,
    Flag,
    Id,
    Instant,
    Limit,
    Name,
    Page,
    PathId,
    Rate,
    Shape,
    given,
    left_out,
    page,
    position,
)

router = APIRouter(prefix="/v1/senders", tags=["senders"], route_class=OnceRoute, responses=documented())

EXAMPLE: JsonDict = {
    "channel": "voice",
    "address": "+12125550123",
    "trunk_id": 1,
    "label": "Main line",
    "daily_cap": 500,
}


class NewSender(Shape):
    """A sender to add."""

    model_config = ConfigDict(json_schema_extra={"examples": [EXAMPLE]})

    channel: Channel
    address: Annotated[Name, Field(max_length=320)] = Field(
        description="A phone number, in any spelling (kept as E.164), or an e-mail address."
    )
    trunk_id: Id = Field(description="The trunk that carries its attempts.")
    label: Name | None = None
    daily_cap: Count | None = Field(None, description="Attempts per day, at most.")
    per_second: Rate | None = Field(None, description="Attempts per second, at most.")
    enabled: Flag = True


class SenderPatch(Shape):
    """What to change; fields left out stay."""

    trunk_id: Id = left_out()
    label: Name | None = None
    daily_cap: Count | None = None
    per_second: Rate | None = None
    enabled: Flag = left_out()


class SenderShape(Shape):
    """A sender."""

    id: Id
    channel: Channel
    address: str
    trunk_id: int | None
    label: str | None
    daily_cap: int | None
    per_second: float | None
    enabled: bool
    created_at: Instant
    updated_at: Instant

    @classmethod
    def of(cls, sender: Sender) -> Self:
        """From the value."""
        return cls(
            id=sender.id,
            channel=sender.channel,
            address=sender.address,
            trunk_id=sender.trunk_id,
            label=sender.label,
            daily_cap=sender.daily_cap,
            per_second=sender.per_second,
            enabled=sender.enabled,
            created_at=sender.created_at,
            updated_at=sender.updated_at,
        )


@router.post("", status_code=201, responses=documented(409))
async def create(api: ApiDep, caller: Caller, body: NewSender, response: Response) -> SenderShape:
    """Add a sender. Needs the role operator."""
    sender = await use.create_sender(
        api.ledger,
        api.clock,
        caller,
        body.channel,
        body.address,
        body.trunk_id,
        label=body.label,
        daily_cap=body.daily_cap,
        per_second=body.per_second,
        enabled=body.enabled,
    )
    response.headers["Location"] = f"/v1/senders/{sender.id}"
    return SenderShape.of(sender)


@router.get("")
async def list_all(
    api: ApiDep,
    caller: Caller,
    limit: Limit = 100,
    cursor: Cursor = None,
    channel: Annotated[Channel | None, Query()] = None,
    trunk_id: Annotated[int | None, Query(ge=1, le=MAX_ID)] = None,
) -> Page[SenderShape]:
    """Senders by id."""
    found = await use.list_senders(
        api.ledger, caller, after=position(cursor), limit=limit + 1, channel=channel, trunk_id=trunk_id
    )
    return page(found, limit, lambda sender: sender.id, SenderShape.of)


@router.get("/{sender_id}", responses=documented(404))
async def show(api: ApiDep, caller: Caller, sender_id: PathId) -> SenderShape:
    """One sender."""
    return SenderShape.of(await use.get_sender(api.ledger, caller, sender_id))


@router.patch("/{sender_id}", responses=documented(404))
async def change(api: ApiDep, caller: Caller, sender_id: PathId, body: SenderPatch) -> SenderShape:
    """Change a sender; the engine sees it with its next release. Needs the role operator."""
    changes = cast(use.SenderChanges, given(body))
    return SenderShape.of(await use.change_sender(api.ledger, api.clock, caller, sender_id, changes))


@router.delete("/{sender_id}", status_code=204, responses=documented(404, 409))
async def delete(api: ApiDep, caller: Caller, sender_id: PathId) -> None:
    """Delete a sender that was never used; otherwise disable it. Needs the role operator."""
    await use.delete_sender(api.ledger, caller, sender_id)
