"""Trunks over HTTP. Secrets go in; only their names come out."""

from __future__ import annotations

from typing import Annotated, Any, Self, cast

from fastapi import APIRouter, Query, Response
from pydantic import ConfigDict, Field, StrictInt
from pydantic.config import JsonDict

from clarion.app import trunks as use
from clarion.app.ports.resources import KeptTrunk
from clarion.core.outcomes import Channel
from clarion.surfaces.native.dependencies import ApiDep, Caller
from clarion.surfaces.native.once import OnceRoute
from clarion.surfaces.native.problems import documented
from clarion.surfaces.native.shapes import (
    Count,
    Cursor,
    Flag,
    Id,
    Instant,
    JsonObject,
    Limit,
    Name,
    Page,
    PathId,
    Rate,
    Shape,
    Text,
    given,
    left_out,
    page,
    position,
)

router = APIRouter(prefix="/v1/trunks", tags=["trunks"], route_class=OnceRoute, responses=documented())

Secrets = Annotated[dict[Name, Annotated[Text, Field(min_length=1)]], Field(max_length=20)]
SecretChanges = Annotated[dict[Name, Annotated[Text, Field(min_length=1)] | None], Field(max_length=20)]
Priority = Annotated[StrictInt, Field(ge=-1_000, le=1_000)]
Weight = Annotated[StrictInt, Field(ge=1, le=1_000)]

EXAMPLE: JsonDict = {
    "channel": "email",
    "name": "Mail host",
    "driver": "smtp",
    "settings": {"host": "smtp.example.com", "port": 587, "starttls": True, "username": "clarion"},
    "secrets": {"password": "correct horse battery staple"},
    "per_second": 14,
}


class NewTrunk(Shape):
    """A trunk to add."""

    model_config = ConfigDict(json_schema_extra={"examples": [EXAMPLE]})

    channel: Channel
    name: Name
    driver: Name = Field(description="Which driver speaks to it: `sandbox`, `smtp`.")
    settings: JsonObject = Field(default_factory=dict, description="The driver's settings.")
    secrets: Secrets = Field(default_factory=dict, description="Passwords and tokens: stored sealed, never shown.")
    per_second: Rate | None = Field(None, description="Attempts begun per second, at most.")
    max_concurrent: Count | None = Field(None, description="Attempts in flight, at most.")
    priority: Priority = Field(0, description="Higher is tried first.")
    weight: Weight = Field(1, description="Share among trunks of the same priority.")
    enabled: Flag = True


class TrunkPatch(Shape):
    """What to change; fields left out stay."""

    name: Name = left_out()
    settings: JsonObject = left_out("Replaces all settings.")
    secrets: SecretChanges = left_out("Changes the secrets it names; null removes one.")
    per_second: Rate | None = None
    max_concurrent: Count | None = None
    priority: Priority = left_out()
    weight: Weight = left_out()
    enabled: Flag = left_out()


class TrunkShape(Shape):
    """A trunk."""

    id: Id
    channel: Channel
    name: str
    driver: str
    settings: dict[str, Any]
    secret_names: list[str] = Field(description="Which secrets are stored; their values are never shown.")
    per_second: float | None
    max_concurrent: int | None
    priority: int
    weight: int
    enabled: bool
    created_at: Instant
    updated_at: Instant

    @classmethod
    def of(cls, kept: KeptTrunk) -> Self:
        """From the value."""
        trunk = kept.trunk
        return cls(
            id=trunk.id,
            channel=trunk.channel,
            name=trunk.name,
            driver=trunk.driver,
            settings=dict(trunk.settings),
            secret_names=sorted(trunk.secrets),
            per_second=trunk.per_second,
            max_concurrent=trunk.max_concurrent,
            priority=trunk.priority,
            weight=trunk.weight,
            enabled=trunk.enabled,
            created_at=kept.created_at,
            updated_at=kept.updated_at,
        )


@router.post("", status_code=201)
async def create(api: ApiDep, caller: Caller, body: NewTrunk, response: Response) -> TrunkShape:
    """Add a trunk. Needs the role owner."""
    changes = cast(use.TrunkChanges, body.model_dump(exclude={"channel", "name", "driver"}))
    kept = await use.create_trunk(
        api.ledger,
        api.clock,
        caller,
        api.seal,
        api.settings.drivers,
        body.channel,
        body.name,
        body.driver,
        changes,
    )
    response.headers["Location"] = f"/v1/trunks/{kept.id}"
    return TrunkShape.of(kept)


@router.get("")
async def list_all(
    api: ApiDep,
    caller: Caller,
    limit: Limit = 100,
    cursor: Cursor = None,
    channel: Annotated[Channel | None, Query()] = None,
) -> Page[TrunkShape]:
    """Trunks by id."""
    found = await use.list_trunks(api.ledger, caller, after=position(cursor), limit=limit + 1, channel=channel)
    return page(found, limit, lambda kept: kept.id, TrunkShape.of)


@router.get("/{trunk_id}", responses=documented(404))
async def show(api: ApiDep, caller: Caller, trunk_id: PathId) -> TrunkShape:
    """One trunk."""
    return TrunkShape.of(await use.get_trunk(api.ledger, caller, trunk_id))


@router.patch("/{trunk_id}", responses=documented(404))
async def change(api: ApiDep, caller: Caller, trunk_id: PathId, body: TrunkPatch) -> TrunkShape:
    """Change a trunk; the engine sees it with its next release. Needs the role owner."""
    changes = cast(use.TrunkChanges, given(body))
    drivers = api.settings.drivers
    kept = await use.change_trunk(api.ledger, api.clock, caller, api.seal, drivers, trunk_id, changes)
    return TrunkShape.of(kept)


@router.delete("/{trunk_id}", status_code=204, responses=documented(404, 409))
async def delete(api: ApiDep, caller: Caller, trunk_id: PathId) -> None:
    """Delete a trunk that was never used and has no senders; otherwise disable it. Needs the role owner."""
    await use.delete_trunk(api.ledger, caller, trunk_id)
