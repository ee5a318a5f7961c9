"""The requests of a batch: one by one or as a file, taken away again, and what became of each."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Body, Query, Request
from fastapi.responses import StreamingResponse
from pydantic import Field
from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException

from clarion.app.actor import Actor
from clarion.app.add_contacts import add_contacts
from clarion.app.batches import BatchContent, edit_batch, get_batch
from clarion.app.browse import attempts_of
from clarion.app.campaigns import live_campaign
from clarion.app.contacts import contact_by_reference, get_contact, remove_contacts
from clarion.app.import_contacts import import_csv
from clarion.app.ports.people import DUPLICATE_REFERENCE
from clarion.app.ports.reports import ExportRow
from clarion.app.refusals import Conflict, Invalid, NotFound, Problem
from clarion.app.report import export_contacts
from clarion.app.single_calls import EXTRAS
from clarion.core.campaigns import Batch, Campaign
from clarion.core.contacts import Attempt, Contact
from clarion.core.outcomes import LIVE_STATES, ContactState
from clarion.surfaces.reception import MEBIBYTE, Api
from clarion.surfaces.vendors.syllable.access import NO_NUL, ApiDep, Caller, Json, PathKey
from clarion.surfaces.vendors.syllable.batches import ERROR, FILE, imports_of
from clarion.surfaces.vendors.syllable.errors import worded
from clarion.surfaces.vendors.syllable.forms import Name, written
from clarion.surfaces.vendors.syllable.rates import kept_of
from clarion.surfaces.vendors.syllable.reading import NAME
from clarion.surfaces.vendors.syllable.shapes import RequestInput
from clarion.surfaces.vendors.syllable.webhooks import insights_of
from clarion.surfaces.vendors.syllable.words import LIVE, channel_status, request_status
from clarion.wire.contact_drafts import ContactDraft

router = APIRouter(prefix="/api/v1/outbound/batches", tags=["outbound.batches"])

FIELDS: Mapping[str, str] = {"address": "target", "reference_id": "reference_id", "variables": "request_variables"}
COLUMNS: Mapping[str, str] = {"reference_id": "reference_id", "target": "address"}
"""The columns that a file must have; every further one is a variable."""
NO_LIMIT = 2**62
"""For the framework: the limit of uploads is a setting, and is kept here."""
LONGEST_NAME = 255
MOST_REMOVED = 100_000
CHUNK = 64
"""Rows that leave together."""
WRONG_FILE = {"empty_file": "Invalid file format", "no_header": "Invalid file format"}
MISSING = "Missing required fields"

UPLOAD: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["file"],
                    "properties": {"file": {"type": "string", "format": "binary"}},
                }
            }
        },
    }
}


@router.post("/{batch_id}/requests")
async def add(api: ApiDep, caller: Caller, batch_id: PathKey, body: RequestInput) -> Json:
    """One more request. A reference that the batch has already is answered as DUPLICATE, and nothing is added."""
    batch, campaign = await _lane(api, caller, batch_id)
    draft = ContactDraft(body.target, reference_id=body.reference_id, variables=dict(body.request_variables))
    report = await add_contacts(api.ledger, api.clock, caller, campaign.id, batch.key, [draft], allow_duplicates=True)
    with worded(FIELDS):
        if report.bad:
            bad = report.bad[0]
            raise Invalid([Problem(bad.field or "address", bad.code, bad.message)])
    if report.duplicates and report.duplicates[0].code == DUPLICATE_REFERENCE:
        told = {"reference_id": body.reference_id, "target": body.target, "request_variables": body.request_variables}
        return {**told, "attempt_count": 0, "request_status": "DUPLICATE", "channel_manager_status": "DUPLICATE"}
    contact = await get_contact(api.ledger, caller, report.ids[0] or 0)
    return result_row(campaign, contact, None)


@router.post("/{batch_id}/upload_batch", openapi_extra=UPLOAD, max_body_size=NO_LIMIT)
async def upload(api: ApiDep, caller: Caller, batch_id: PathKey, request: Request) -> Json:
    """The requests of a batch as a CSV file, which streams through. A batch takes one."""
    if int(request.headers.get("content-length", 0)) > api.settings.max_upload:
        raise HTTPException(413)
    batch, campaign = await _lane(api, caller, batch_id)
    if (await imports_of(api, caller, batch)).finished:
        raise Conflict("has_file", f"Batch {batch_id!r} has its file already; put another one into another batch.")
    form = await request.form(max_files=1, max_fields=10)
    file = form.get("file")
    if not isinstance(file, UploadFile):
        raise Invalid([Problem("file", "missing", "Field required")])
    name = (file.filename or "upload.csv").replace("\x00", "")[:LONGEST_NAME]
    try:
        report = await import_csv(
            api.ledger,
            api.clock,
            caller,
            campaign.id,
            _chunks(file),
            mapping=COLUMNS,
            only_mapped=True,
            batch_key=batch.key,
            filename=name,
            allow_duplicates=True,
        )
    except Invalid as refused:
        code = refused.problems[0].code
        await _keep(api, caller, batch, {FILE: name, ERROR: WRONG_FILE.get(code, MISSING)})
        raise Invalid(
            [Problem("file", code, f"{WRONG_FILE.get(code, MISSING)}: {refused.problems[0].message}")]
        ) from refused
    await _keep(api, caller, batch, {FILE: name, ERROR: None})
    taken = report.imported
    return {
        "upload_filename": name,
        "accepted": taken.accepted,
        "duplicates": taken.duplicates,
        "rejected": taken.rejected,
    }


@router.post("/{batch_id}/remove-requests")
async def remove(
    api: ApiDep,
    caller: Caller,
    batch_id: PathKey,
    body: Annotated[list[Annotated[Name, Field(min_length=1)]], Body(max_length=MOST_REMOVED)],
) -> Json:
    """Take requests away that have not been called yet. One that is being called right now goes on."""
    batch, _ = await _lane(api, caller, batch_id)
    found: dict[int, str] = {}
    unknown: list[str] = []
    for reference in body:
        try:
            found[(await contact_by_reference(api.ledger, caller, batch.key, reference)).id] = reference
        except NotFound:
            unknown.append(reference)
    removal = await remove_contacts(api.ledger, api.clock, caller, list(found))
    return {
        "removed": [found[each] for each in removal.removed],
        "in_progress": [found[each] for each in removal.live],
        "finished": [found[each] for each in removal.finished],
        "not_found": unknown,
    }


@router.get("/{batch_id}/results")
async def results(
    api: ApiDep,
    caller: Caller,
    batch_id: PathKey,
    reference_id: Annotated[str | None, Query(max_length=1_000, pattern=NO_NUL)] = None,
    status: Annotated[str | None, Query(max_length=100)] = None,
    insights_status: Annotated[str | None, Query(max_length=100)] = None,
) -> StreamingResponse:
    """Every request with what became of it, as one array, which streams. `status`: either of the two statuses."""
    batch = await get_batch(api.ledger, caller, batch_id)
    campaign = await live_campaign(api.ledger, caller, batch.campaign_id)
    rows = _one(api, caller, batch, reference_id) if reference_id else _all(api, caller, batch)
    wanted = {"insights_status": insights_status} if insights_status else {}

    def fits(row: Json) -> bool:
        if status and status.upper() not in (row["request_status"], row["channel_manager_status"]):
            return False
        return all(row[name] == value for name, value in wanted.items())

    return StreamingResponse(_array(campaign, rows, fits), media_type="application/json")


async def _array(campaign: Campaign, rows: AsyncIterator[ExportRow], fits: Any) -> AsyncIterator[bytes]:
    begun = False
    pending: list[bytes] = []
    yield b"["
    async for found in rows:
        row = result_row(campaign, found.contact, found.last)
        if not fits(row):
            continue
        pending.append(b"," + orjson.dumps(row) if begun else orjson.dumps(row))
        begun = True
        if len(pending) >= CHUNK:
            yield b"".join(pending)
            pending.clear()
    yield b"".join(pending) + b"]"


async def _all(api: Api, caller: Actor, batch: Batch) -> AsyncIterator[ExportRow]:
    async for row in export_contacts(api.ledger, caller, batch.campaign_id, batch_key=batch.key):
        yield row


async def _one(api: Api, caller: Actor, batch: Batch, reference_id: str) -> AsyncIterator[ExportRow]:
    try:
        contact = await contact_by_reference(api.ledger, caller, batch.key, reference_id)
    except NotFound:
        return
    tried = (await attempts_of(api.ledger, caller, [contact.id])).get(contact.id, [])
    yield ExportRow(contact, batch.key, len(tried), {}, tried[-1] if tried else None)


def result_row(campaign: Campaign, contact: Contact, last: Attempt | None) -> Json:
    """A request as the vendor tells it. `last`: the latest attempt to reach them."""
    live = contact.state is ContactState.RELEASED
    place = LIVE if live else str(contact.finish_reason or ContactState.WAITING)
    outcome = contact.last_outcome
    known = outcome if last is None or live else (last.outcome or outcome)
    found = insights_of(last.results) if last is not None else None
    return {
        "reference_id": contact.reference_id or f"contact-{contact.id}",
        "target": contact.address,
        "request_variables": {name: _text(value) for name, value in contact.variables.items() if name != EXTRAS},
        "channel_manager_sid": last.provider_id if last is not None else None,
        "created_at": written(contact.created_at),
        "sent_at": written(last.begun_at) if last is not None else None,
        "attempt_count": contact.tries + (last is not None and last.state in LIVE_STATES),
        "session_id": last.id if last is not None else None,
        "conversation_id": contact.id if last is not None else None,
        "request_status": request_status(place, outcome, answered=last is not None and last.answered_at is not None),
        "channel_manager_status": channel_status(campaign.channel, place, known, last.detail if last else None),
        "insights_status": "COMPLETED" if found else None,
        "insights": found,
        "line_type": contact.line_type,
        "enrichment": {"line_type": contact.line_type} if contact.line_type is not None else None,
    }


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value
    return str(value).lower() if isinstance(value, bool) else orjson.dumps(value).decode()


async def _lane(api: Api, caller: Actor, batch_id: str) -> tuple[Batch, Campaign]:
    batch = await get_batch(api.ledger, caller, batch_id)
    return batch, await live_campaign(api.ledger, caller, batch.campaign_id)


async def _keep(api: Api, caller: Actor, batch: Batch, what: Mapping[str, Any]) -> None:
    def change(content: BatchContent) -> BatchContent:
        return replace(content, extras={**content.extras, NAME: {**kept_of(content), **what}})

    await edit_batch(api.ledger, api.clock, caller, batch.key, change)


async def _chunks(file: UploadFile) -> AsyncIterator[bytes]:
    while chunk := await file.read(MEBIBYTE):
        yield chunk
