"""How campaigns stand, over HTTP: numbers, an overview, and the export of every contact."""

from __future__ import annotations

import csv
import io
from collections.abc import AsyncIterator, Mapping
from enum import StrEnum
from typing import Annotated, Any, Self

import orjson
from fastapi import APIRouter, Query
from fastapi.responses import StreamingResponse
from pydantic import Field

from clarion.app import report as use
from clarion.core.campaigns import BatchStatus, CampaignStatus
from clarion.core.outcomes import Channel, ContactState, FinishReason
from clarion.surfaces.native.dependencies import ApiDep, Caller
from clarion.surfaces.native.problems import documented
from clarion.surfaces.native.shapes import MAX_ID, Id, PathId, Shape

router = APIRouter(prefix="/v1", tags=["campaigns"], responses=documented())

CHUNK = 64_000
"""Characters or bytes that an export gathers before it sends them."""

Counts = dict[str, int]


class NumbersShape(Shape):
    """How something stands. Every contact is waiting, live or finished."""

    contacts: int
    waiting: int
    live: int = Field(description="Contacts with an attempt in flight.")
    finished: int
    reasons: Counts = Field(description="Finish reason -> contacts.")
    skipped: Counts = Field(description="Finish reason -> contacts finished by a rule, without an attempt or another.")
    attempts: int
    first_attempts: int
    retries: int
    outcomes: Counts = Field(description="Outcome -> attempts.")
    goals: int = Field(description="Contacts that reached the goal.")
    costs: Counts = Field(description="Currency -> millionths.")
    hours: dict[str, Counts] = Field(description="Hour of the recipient's day -> outcome -> attempts.")

    @classmethod
    def of(cls, numbers: use.Numbers) -> Self:
        """From the value."""
        return cls.model_construct(
            contacts=numbers.contacts,
            waiting=numbers.waiting,
            live=numbers.live,
            finished=numbers.finished,
            reasons=dict(numbers.reasons),
            skipped=dict(numbers.skipped),
            attempts=numbers.attempts,
            first_attempts=numbers.first_attempts,
            retries=numbers.retries,
            outcomes=dict(numbers.outcomes),
            goals=numbers.goals,
            costs=dict(numbers.costs),
            hours={str(hour): dict(outcomes) for hour, outcomes in numbers.hours.items()},
        )


class BatchNumbersShape(Shape):
    """A batch's numbers."""

    id: Id
    key: str
    status: BatchStatus
    numbers: NumbersShape


class CampaignNumbersShape(Shape):
    """A campaign's numbers, and those of each batch."""

    campaign_id: Id
    name: str
    channel: Channel
    status: CampaignStatus
    total: NumbersShape
    batches: list[BatchNumbersShape]

    @classmethod
    def of(cls, found: use.CampaignNumbers) -> Self:
        """From the value."""
        return cls(
            campaign_id=found.campaign.id,
            name=found.campaign.name,
            channel=found.campaign.channel,
            status=found.campaign.status,
            total=NumbersShape.of(found.total),
            batches=[
                BatchNumbersShape(id=batch.id, key=batch.key, status=batch.status, numbers=NumbersShape.of(numbers))
                for batch, numbers in found.batches
            ],
        )


class CampaignLine(Shape):
    """A campaign in the overview."""

    id: Id
    name: str
    channel: Channel
    status: CampaignStatus
    numbers: NumbersShape


class OverviewShape(Shape):
    """The organisation at a glance."""

    total: NumbersShape
    statuses: Counts = Field(description="Status -> campaigns.")
    campaigns: list[CampaignLine] = Field(description="The newest first; archived ones are left out.")


class ExportFormat(StrEnum):
    """How an export is written."""

    CSV = "csv"
    NDJSON = "ndjson"


@router.get("/overview")
async def overview(api: ApiDep, caller: Caller) -> OverviewShape:
    """Every campaign that is not archived with its numbers, and all of them together."""
    found = await use.overview(api.ledger, caller)
    return OverviewShape(
        total=NumbersShape.of(found.total),
        statuses={status.value: n for status, n in found.statuses.items()},
        campaigns=[
            CampaignLine(
                id=campaign.id,
                name=campaign.name,
                channel=campaign.channel,
                status=campaign.status,
                numbers=NumbersShape.of(numbers),
            )
            for campaign, numbers in found.campaigns
        ],
    )


@router.get("/campaigns/{campaign_id}/numbers", responses=documented(404))
async def numbers(api: ApiDep, caller: Caller, campaign_id: PathId) -> CampaignNumbersShape:
    """A campaign's numbers and those of its batches, from one snapshot."""
    return CampaignNumbersShape.of(await use.campaign_numbers(api.ledger, caller, campaign_id))


@router.get(
    "/campaigns/{campaign_id}/export",
    response_class=StreamingResponse,
    responses=documented(404)
    | {
        200: {
            "description": "One row per contact, in order of id.",
            "content": {
                "text/csv": {"schema": {"type": "string"}},
                "application/x-ndjson": {"schema": {"type": "string"}},
            },
        }
    },
)
async def export(
    api: ApiDep,
    caller: Caller,
    campaign_id: PathId,
    format_: Annotated[ExportFormat, Query(alias="format")] = ExportFormat.CSV,
    batch: Annotated[str | None, Query(max_length=255, pattern=r"^[^\x00]+$", description="Key of one batch.")] = None,
    state: Annotated[list[ContactState] | None, Query(description="Any of these.")] = None,
    reason: Annotated[list[FinishReason] | None, Query(description="Any of these.")] = None,
    after: Annotated[int, Query(ge=0, le=MAX_ID, description="Go on behind this contact_id.")] = 0,
) -> StreamingResponse:
    """Every contact with where they stand, streamed. A long download holds nothing up; `after` continues one."""
    rows = use.export_rows(
        api.ledger,
        caller,
        campaign_id,
        batch_key=batch,
        states=frozenset(state or ()),
        reasons=frozenset(reason or ()),
        after=after,
    )
    first = await anext(rows, None)  # a refusal comes before the first byte
    everything = _chained(first, rows)
    if format_ is ExportFormat.CSV:
        lines, media_type = csv_lines(everything), "text/csv"
    else:
        lines, media_type = ndjson_lines(everything), "application/x-ndjson"
    headers = {"Content-Disposition": f'attachment; filename="campaign-{campaign_id}.{format_}"'}
    return StreamingResponse(lines, media_type=media_type, headers=headers)


Rows = AsyncIterator[Mapping[str, Any]]
"""Rows of `export_rows`."""


async def _chained(first: Mapping[str, Any] | None, rest: Rows) -> Rows:
    if first is not None:
        yield first
        async for row in rest:
            yield row


async def csv_lines(rows: Rows) -> AsyncIterator[bytes]:
    """A header and a line for each row, gathered into chunks."""
    buffer = io.StringIO()
    lines = csv.DictWriter(buffer, use.EXPORT_COLUMNS)
    lines.writeheader()
    async for row in rows:
        lines.writerow(use.flat(row))
        if buffer.tell() > CHUNK:
            yield buffer.getvalue().encode()
            buffer.seek(0)
            buffer.truncate()
    yield buffer.getvalue().encode()


async def ndjson_lines(rows: Rows) -> AsyncIterator[bytes]:
    """A line of JSON for each row, gathered into chunks; instants as UTC."""
    gathered = bytearray()
    async for row in rows:
        gathered += orjson.dumps(row, option=orjson.OPT_APPEND_NEWLINE | orjson.OPT_UTC_Z)
        if len(gathered) > CHUNK:
            yield bytes(gathered)
            gathered.clear()
    yield bytes(gathered)
