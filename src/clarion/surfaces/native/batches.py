"""Batches over HTTP, by the key that the client chose."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, Any, Self
from urllib.parse import quote

from fastapi import APIRouter, Path, Query, Response
from pydantic import ConfigDict, Field
from pydantic.config import JsonDict

from clarion.app import batches as use
from clarion.app.ports.campaigns import BatchFilters
from clarion.app.report import batch_numbers
from clarion.core.campaigns import Batch, BatchStatus
from clarion.surfaces.native.dependencies import ApiDep, Caller
from clarion.surfaces.native.numbers import NumbersShape
from clarion.surfaces.native.once import OnceRoute
from clarion.surfaces.native.plan_shapes import PacingShape, merged
from clarion.surfaces.native.problems import documented
from clarion.surfaces.native.shapes import (
    MAX_ID,
    Cursor,
    Flag,
    Id,
    Instant,
    Limit,
    Page,
    PathId,
    Shape,
    given,
    left_out,
    newest,
    page,
)

router = APIRouter(prefix="/v1", tags=["batches"], route_class=OnceRoute, responses=documented())

KEY = r"^[^/\x00]+$"
PathKey = Annotated[str, Path(min_length=1, max_length=255, pattern=KEY, description="The client's key of the batch.")]

EXAMPLE: JsonDict = {
    "key": "list-2026-11-23",
    "pacing": {"per_hour": 100, "finish_by": "2026-11-27T22:00:00Z"},
    "expires_at": "2026-11-28T00:00:00Z",
}


class BatchFields(Shape):
    """What people decide about a batch. Its limits hold beside the campaign's; the tighter one binds."""

    pacing: PacingShape = Field(default_factory=lambda: PacingShape.model_validate({}))
    expires_at: Instant | None = Field(default=None, description="Who waits then is finished as expired.")
    paused: Flag = False


class NewBatch(BatchFields):
    """A batch to create."""

    model_config = ConfigDict(json_schema_extra={"examples": [EXAMPLE]})

    key: Annotated[str, Field(min_length=1, max_length=255, pattern=KEY)] = Field(
        description="Your name for it, unique in the organisation."
    )


class BatchPatch(BatchFields):
    """What to change; fields left out stay, inside pacing as well."""

    paused: Flag = left_out()

    def onto(self, content: use.BatchContent) -> use.BatchContent:
        """The content with these changes."""
        changes: dict[str, Any] = given(self)
        if "pacing" in changes:
            changes["pacing"] = merged(PacingShape.of(content.pacing), self.pacing).value()
        return replace(content, **changes)


class BatchShape(Shape):
    """A batch."""

    id: Id
    key: str
    campaign_id: int
    status: BatchStatus
    pacing: PacingShape
    expires_at: Instant | None
    created_at: Instant | None
    updated_at: Instant | None
    deleted_at: Instant | None
    deleted_reason: str | None

    @classmethod
    def of(cls, batch: Batch) -> Self:
        """From the value."""
        return cls.model_construct(
            id=batch.id,
            key=batch.key,
            campaign_id=batch.campaign_id,
            status=batch.status,
            pacing=PacingShape.of(batch.pacing),
            expires_at=batch.expires_at,
            created_at=batch.created_at,
            updated_at=batch.updated_at,
            deleted_at=batch.deleted_at,
            deleted_reason=batch.deleted_reason,
        )


class BatchWithNumbers(Shape):
    """A batch and how it stands."""

    batch: BatchShape
    numbers: NumbersShape


@router.post("/campaigns/{campaign_id}/batches", status_code=201, responses=documented(404, 409))
async def create(api: ApiDep, caller: Caller, campaign_id: PathId, body: NewBatch, response: Response) -> BatchShape:
    """Create a batch in a campaign. Needs the role operator."""
    content = use.BatchContent(body.pacing.value(), body.expires_at, body.paused)
    batch = await use.create_batch(api.ledger, api.clock, caller, campaign_id, body.key, content)
    response.headers["Location"] = f"/v1/batches/{quote(batch.key, safe='')}"
    return BatchShape.of(batch)


@router.get("/batches", responses=documented(404))
async def list_all(
    api: ApiDep,
    caller: Caller,
    limit: Limit = 50,
    cursor: Cursor = None,
    campaign_id: Annotated[int | None, Query(ge=1, le=MAX_ID)] = None,
    status: Annotated[list[BatchStatus] | None, Query(description="Any of these.")] = None,
    deleted: Annotated[bool, Query(description="Show deleted ones too.")] = False,
) -> Page[BatchShape]:
    """Batches, the newest first."""
    filters = BatchFilters(campaign_id, frozenset(status or ()), deleted)
    found = await use.list_batches(api.ledger, caller, filters, cursor=newest(cursor), limit=limit + 1)
    return page(found, limit, lambda batch: batch.id, BatchShape.of)


@router.get("/batches/{key}", responses=documented(404))
async def show(api: ApiDep, caller: Caller, key: PathKey) -> BatchWithNumbers:
    """One batch, deleted or not, with its numbers."""
    batch, numbers = await batch_numbers(api.ledger, caller, key)
    return BatchWithNumbers(batch=BatchShape.of(batch), numbers=NumbersShape.of(numbers))


@router.patch("/batches/{key}", responses=documented(404, 409))
async def change(api: ApiDep, caller: Caller, key: PathKey, body: BatchPatch) -> BatchShape:
    """Change a batch; what has not been sent is planned anew. Needs the role operator."""
    return BatchShape.of(await use.edit_batch(api.ledger, api.clock, caller, key, body.onto))


@router.post("/batches/{key}/pause", responses=documented(404, 409))
async def pause(api: ApiDep, caller: Caller, key: PathKey) -> BatchShape:
    """Hold it back; its campaign goes on. Needs the role operator."""
    return BatchShape.of(await use.pause_batch(api.ledger, api.clock, caller, key))


@router.post("/batches/{key}/resume", responses=documented(404, 409))
async def resume(api: ApiDep, caller: Caller, key: PathKey) -> BatchShape:
    """Let it go on. Needs the role operator."""
    return BatchShape.of(await use.resume_batch(api.ledger, api.clock, caller, key))


@router.delete("/batches/{key}", responses=documented(404, 409))
async def delete(
    api: ApiDep,
    caller: Caller,
    key: PathKey,
    reason: Annotated[str, Query(min_length=1, max_length=1_000, pattern=r"^[^\x00]*\S[^\x00]*$")],
) -> BatchShape:
    """Call a batch off: who waits is finished as cancelled; the batch stays for the record. Needs the role operator."""
    return BatchShape.of(await use.delete_batch(api.ledger, api.clock, caller, key, reason))
