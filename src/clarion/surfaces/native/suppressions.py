"""Do-not-contact entries over HTTP: one by one, as files, and as an export."""

from __future__ import annotations

import csv
import io
from collections.abc import AsyncIterator
from typing import Annotated, Literal, Self

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import StreamingResponse
from pydantic import ConfigDict, Field
from pydantic.config import JsonDict

from clarion.app import suppress as use
from clarion.app.ports.suppression import Suppression, SuppressionReason
from clarion.app.refusals import Invalid, Problem
from clarion.core.outcomes import Channel
from clarion.surfaces.native.dependencies import ApiDep, Caller
from clarion.surfaces.native.once import OnceRoute
from clarion.surfaces.native.problems import documented
from clarion.surfaces.native.shapes import Cursor, Id, Instant, Limit, Name, Page, PathId, Shape, Text, page, position

router = APIRouter(prefix="/v1/suppressions", tags=["suppressions"], route_class=OnceRoute, responses=documented())

AnyChannel = Literal["voice", "sms", "email", "*"]
AddressText = Annotated[Name, Field(max_length=320)]
AddressPart = Annotated[str | None, Query(max_length=320, pattern=r"^[^\x00]+$", description="In any spelling.")]

EXAMPLE: JsonDict = {
    "address": "+1 212 555 0147",
    "channel": "*",
    "reason": "do_not_contact",
    "note": "Asked by letter.",
}


class NewSuppressionShape(Shape):
    """An address that is not to be contacted."""

    model_config = ConfigDict(json_schema_extra={"examples": [EXAMPLE]})

    address: AddressText = Field(description="A phone number in any spelling, or an e-mail address.")
    channel: AnyChannel = Field("*", description="One channel, or `*` for all.")
    reason: SuppressionReason = SuppressionReason.DO_NOT_CONTACT
    note: Text | None = None
    expires_at: Instant | None = Field(None, description="Until when; for ever when left out.")


class SuppressionShape(Shape):
    """An entry of the list."""

    id: Id
    address: str
    channel: AnyChannel
    reason: SuppressionReason
    source: str
    note: str | None
    campaign_id: int | None
    created_at: Instant
    expires_at: Instant | None

    @classmethod
    def of(cls, entry: Suppression) -> Self:
        """From the value."""
        return cls.model_validate(
            {
                "id": entry.id,
                "address": entry.address,
                "channel": entry.channel,
                "reason": entry.reason,
                "source": entry.source,
                "note": entry.note,
                "campaign_id": entry.campaign_id,
                "created_at": entry.created_at,
                "expires_at": entry.expires_at,
            }
        )


class BadRowShape(Shape):
    """A row that was not taken."""

    line: int
    code: str
    message: str
    field: str | None
    value: str | None


class SuppressionReportShape(Shape):
    """What became of a file."""

    accepted: int = Field(description="Rows taken.")
    added: int = Field(description="Entries that were not there before.")
    rejected: int
    rejects: list[BadRowShape] = Field(description="The first thousand rejected rows.")


class AddressesToCheck(Shape):
    """Which addresses to look up."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"channel": "sms", "addresses": ["+12125550147", "212-555-0148"]}]}
    )

    channel: Channel
    addresses: Annotated[list[AddressText], Field(min_length=1, max_length=1_000)]


class CheckShape(Shape):
    """May this address be contacted?"""

    address: str
    channel: Channel
    suppressed: bool
    reason: SuppressionReason | None


class ChecksShape(Shape):
    """The answers, in the order asked."""

    items: list[CheckShape]


@router.post("", status_code=201)
async def add(api: ApiDep, caller: Caller, body: NewSuppressionShape, response: Response) -> SuppressionShape:
    """Put an address on the list; if it is there, it takes the new reason and the later expiry. Needs operator."""
    new = use.NewSuppression(body.address, body.channel, body.reason, body.note, body.expires_at)
    entry = await use.suppress_address(api.ledger, api.clock, caller, new)
    response.headers["Location"] = f"/v1/suppressions/{entry.id}"
    return SuppressionShape.of(entry)


@router.post(
    "/file",
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {
                "text/csv": {
                    "schema": {"type": "string"},
                    "example": "address,channel,reason\r\n+12125550147,*,do_not_contact\r\n",
                }
            },
        }
    },
)
async def add_file(
    api: ApiDep,
    caller: Caller,
    request: Request,
    channel: Annotated[AnyChannel, Query(description="Channel of rows that name none.")] = "*",
) -> SuppressionReportShape:
    """Put a CSV of addresses on the list: columns address, channel, reason, note, expires_at, or one address a line.

    Bad rows are reported, the others are taken. The same file again changes nothing. Needs the role operator.
    """
    try:
        text = (await request.body()).decode("utf-8-sig")
    except UnicodeDecodeError as bad:
        raise Invalid([Problem("body", "bad_encoding", "The file must be UTF-8.")]) from bad
    report = await use.suppress_file(api.ledger, api.clock, caller, text, channel)
    rejects = [
        BadRowShape(line=bad.line, code=bad.code, message=bad.message, field=bad.field, value=bad.value)
        for bad in report.rejects
    ]
    return SuppressionReportShape(
        accepted=report.accepted, added=report.added, rejected=report.rejected, rejects=rejects
    )


@router.post("/check")
async def check(api: ApiDep, caller: Caller, body: AddressesToCheck) -> ChecksShape:
    """Look up addresses: may they be contacted on this channel now?"""
    checks = await use.check_addresses(api.ledger, api.clock, caller, body.channel, body.addresses)
    return ChecksShape(
        items=[
            CheckShape.model_validate(
                {
                    "address": each.address,
                    "channel": each.channel,
                    "suppressed": each.suppressed,
                    "reason": each.reason,
                }
            )
            for each in checks
        ]
    )


@router.get("")
async def list_all(
    api: ApiDep,
    caller: Caller,
    limit: Limit = 100,
    cursor: Cursor = None,
    channel: Annotated[AnyChannel | None, Query()] = None,
    address: AddressPart = None,
    reason: Annotated[SuppressionReason | None, Query()] = None,
) -> Page[SuppressionShape]:
    """Entries by id, expired ones among them."""
    found = await use.list_suppressions(
        api.ledger,
        caller,
        after=position(cursor),
        limit=limit + 1,
        channel=channel,
        address=address,
        reason=reason,
    )
    return page(found, limit, lambda entry: entry.id, SuppressionShape.of)


@router.get(
    "/export",
    response_class=StreamingResponse,
    responses={200: {"description": "All entries.", "content": {"text/csv": {"schema": {"type": "string"}}}}},
)
async def export(api: ApiDep, caller: Caller) -> StreamingResponse:
    """The whole list as CSV, in the columns that `/file` reads."""
    lines = _csv(use.export_suppressions(api.ledger, caller))
    headers = {"Content-Disposition": 'attachment; filename="suppressions.csv"'}
    return StreamingResponse(lines, media_type="text/csv", headers=headers)


async def _csv(entries: AsyncIterator[Suppression]) -> AsyncIterator[str]:
    buffer = io.StringIO()
    lines = csv.writer(buffer)
    lines.writerow([*use.COLUMNS, "source", "created_at"])
    async for entry in entries:
        expires = entry.expires_at.isoformat() if entry.expires_at else ""
        lines.writerow(
            [
                entry.address,
                entry.channel,
                entry.reason.value,
                entry.note or "",
                expires,
                entry.source,
                entry.created_at.isoformat(),
            ]
        )
        if buffer.tell() > 64_000:
            yield buffer.getvalue()
            buffer.seek(0)
            buffer.truncate()
    yield buffer.getvalue()


@router.get("/{suppression_id}", responses=documented(404))
async def show(api: ApiDep, caller: Caller, suppression_id: PathId) -> SuppressionShape:
    """One entry."""
    return SuppressionShape.of(await use.get_suppression(api.ledger, caller, suppression_id))


@router.delete("/{suppression_id}", status_code=204, responses=documented(404))
async def remove(api: ApiDep, caller: Caller, suppression_id: PathId) -> None:
    """Take an entry off the list. Contacts that it finished stay finished. Needs the role operator."""
    await use.unsuppress(api.ledger, caller, suppression_id)
