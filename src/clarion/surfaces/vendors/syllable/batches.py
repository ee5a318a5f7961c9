"""Outbound batches: groups of requests with their own pause, rate and expiry, under the client's own ids."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Form

from clarion.app.actor import Actor
from clarion.app.batches import BatchContent, create_batch, delete_batch, edit_batch, get_batch
from clarion.app.browse import browse_campaigns
from clarion.app.campaigns import get_campaign, live_campaign
from clarion.app.imports import list_imports
from clarion.app.ports.people import Import
from clarion.app.refusals import Invalid, Problem
from clarion.app.report import Numbers, batch_numbers
from clarion.app.steer import launch_campaign
from clarion.core.campaigns import Batch, BatchStatus, Campaign, CampaignStatus
from clarion.core.pacing import Pacing
from clarion.surfaces.reception import Api
from clarion.surfaces.vendors.syllable.access import ApiDep, Caller, Json, PathKey, email_of, emails_of
from clarion.surfaces.vendors.syllable.errors import worded
from clarion.surfaces.vendors.syllable.forms import written
from clarion.surfaces.vendors.syllable.lists import Listing, cut, listing, page_of, searched
from clarion.surfaces.vendors.syllable.rates import CALL_RATE, SET, kept_of, lanes_of, settle_rates, wish_of
from clarion.surfaces.vendors.syllable.reading import NAME
from clarion.surfaces.vendors.syllable.shapes import BatchInput, BatchUpdate
from clarion.surfaces.vendors.syllable.translate import FIELDS as CAMPAIGN_FIELDS
from clarion.surfaces.vendors.syllable.words import (
    BatchWord,
    ChannelManagerStatus,
    RequestStatus,
    channel_status,
    outcome_of,
    request_status,
)

router = APIRouter(prefix="/api/v1/outbound/batches", tags=["outbound.batches"])

PROPERTIES = frozenset({"batch_id", "campaign_id", "status", "expires_on", "last_updated_at"})
REQUIRED = ("batch_id", "campaign_id", "last_updated_by")
FIELDS: Mapping[str, str] = {
    "key": "batch_id",
    "expires_at": "expires_on",
    "pacing.finish_by": "expires_on",
    "pacing": "call_rate",
    "reason": "delete_reason",
}
FILE, ERROR = "upload_filename", "error_message"
"""What is kept of a batch for this vendor: the file that it was given, or why that was refused."""
IMPORTS = 500


@router.get("")
async def list_all(api: ApiDep, caller: Caller, asked: Annotated[Listing, listing(PROPERTIES)]) -> Json:
    """A page of batches, the newest first."""
    campaigns = {each.id: each for each in await browse_campaigns(api.ledger, caller)}
    found = [
        each
        for each in await lanes_of(api, caller, None)
        if each.campaign_id in campaigns and asked.when(each.created_at)
    ]
    total, chosen = len(found), cut(found, asked) if asked.plain else found
    emails = await emails_of(api, caller, [each.updated_by for each in chosen])
    now = api.clock.now()
    rows = [batch_row(each, campaigns[each.campaign_id], emails[each.updated_by], now) for each in chosen]
    if asked.plain:
        return page_of(rows, total, asked, REQUIRED)
    rows = searched(rows, asked)
    return page_of(cut(rows, asked), len(rows), asked, REQUIRED)


@router.post("")
async def create(api: ApiDep, caller: Caller, body: BatchInput) -> Json:
    """A new batch. One that is not paused runs at once, and its campaign with it."""
    campaign = await live_campaign(api.ledger, caller, body.campaign_id)
    auto = bool(body.auto_call_rate)
    _check_auto(body.expires_on, auto=auto)
    if not body.paused:
        campaign = await run_campaign(api, caller, campaign)
    rate = None if body.call_rate is None else float(body.call_rate)
    content = BatchContent(
        pacing=Pacing(per_hour=None if auto else rate, finish_by=body.expires_on if auto else None),
        expires_at=body.expires_on,
        paused=bool(body.paused),
        extras={NAME: {CALL_RATE: body.call_rate, SET: None if auto else rate}},
    )
    with worded(FIELDS):
        await create_batch(api.ledger, api.clock, caller, body.campaign_id, body.batch_id, content)
    await settle_rates(api, caller, campaign)
    return await _told(api, caller, await get_batch(api.ledger, caller, body.batch_id))


@router.get("/{batch_id}")
async def show(api: ApiDep, caller: Caller, batch_id: PathKey) -> Json:
    """One batch, deleted or not, with its requests counted by where they stand."""
    batch, numbers = await batch_numbers(api.ledger, caller, batch_id)
    campaign = await live_campaign(api.ledger, caller, batch.campaign_id)
    counts = counted(campaign, numbers, await imports_of(api, caller, batch))
    return {**await _told(api, caller, batch), **counts}


@router.put("/{batch_id}")
async def update(api: ApiDep, caller: Caller, batch_id: PathKey, body: BatchUpdate) -> Json:
    """Change a batch: hold it or let it go, its expiry, its rate. What is left out stays."""
    batch = await get_batch(api.ledger, caller, batch_id)
    campaign = await live_campaign(api.ledger, caller, batch.campaign_id)
    given = body.model_fields_set
    if "paused" in given and not body.paused:
        campaign = await run_campaign(api, caller, campaign)

    def change(content: BatchContent) -> BatchContent:
        expires = body.expires_on if "expires_on" in given else content.expires_at
        auto = bool(body.auto_call_rate) if "auto_call_rate" in given else content.pacing.finish_by is not None
        _check_auto(expires, auto=auto)
        wish = wish_of(replace(batch, pacing=content.pacing, extras=content.extras)).call_rate
        rate = body.call_rate if "call_rate" in given else wish
        per_hour = None if auto or rate is None else float(rate)
        return BatchContent(
            pacing=replace(content.pacing, per_hour=per_hour, finish_by=expires if auto else None),
            expires_at=expires,
            paused=bool(body.paused) if "paused" in given else content.paused,
            extras={**content.extras, NAME: {**kept_of(content), CALL_RATE: rate, SET: per_hour}},
        )

    with worded(FIELDS):
        await edit_batch(api.ledger, api.clock, caller, batch_id, change)
    await settle_rates(api, caller, campaign)
    return await _told(api, caller, await get_batch(api.ledger, caller, batch_id))


@router.delete("/{batch_id}")
async def delete(
    api: ApiDep, caller: Caller, batch_id: PathKey, delete_reason: Annotated[str, Form(min_length=1, max_length=1_000)]
) -> None:
    """Call a batch off; it stays for the record."""
    with worded(FIELDS):
        await delete_batch(api.ledger, api.clock, caller, batch_id, delete_reason.replace("\x00", ""))


async def run_campaign(api: Api, caller: Actor, campaign: Campaign) -> Campaign:
    """Launch a campaign that is a draft still. Raises Invalid with what is in its way."""
    if campaign.status is not CampaignStatus.DRAFT:
        return campaign
    with worded({ours: f"campaign.{theirs}" for ours, theirs in CAMPAIGN_FIELDS.items()}):
        return await launch_campaign(api.ledger, api.clock, caller, campaign.id)


def _check_auto(expires: datetime | None, *, auto: bool) -> None:
    if auto and expires is None:
        raise Invalid([Problem("auto_call_rate", "missing", "auto_call_rate requires expires_on")])


# how they are told


async def _told(api: Api, caller: Actor, batch: Batch) -> Json:
    campaign = await get_campaign(api.ledger, caller, batch.campaign_id)
    return batch_row(batch, campaign, await email_of(api, caller, batch.updated_by), api.clock.now())


def batch_row(batch: Batch, campaign: Campaign, email: str, now: datetime) -> Json:
    """A batch as the vendor tells it."""
    wish, kept = wish_of(batch), kept_of(batch)
    return {
        "batch_id": batch.key,
        "campaign_id": batch.campaign_id,
        "expires_on": written(batch.expires_at),
        "paused": batch.status is BatchStatus.PAUSED,
        "call_rate": None if wish.call_rate is None else max(1, round(wish.call_rate)),
        "auto_call_rate": wish.auto,
        "auto_call_rate_baseline": None,
        "status": batch_word(batch, campaign, now),
        "upload_filename": kept.get(FILE),
        "dispatch_id": None,
        "created_at": written(batch.created_at),
        "deleted_at": written(batch.deleted_at),
        "deleted_reason": batch.deleted_reason,
        "last_updated_at": written(batch.updated_at),
        "last_updated_by": email,
        "error_message": kept.get(ERROR),
    }


def batch_word(batch: Batch, campaign: Campaign, now: datetime) -> BatchWord:
    """Where a batch stands. One that nobody has come into yet is PENDING, as is one of a campaign that is a draft."""
    if batch.status is BatchStatus.CANCELLED or campaign.status is CampaignStatus.CANCELLED:
        return BatchWord.CANCELED
    if batch.status is BatchStatus.EXPIRED or (batch.expires_at is not None and batch.expires_at <= now):
        return BatchWord.EXPIRED
    if kept_of(batch).get(ERROR) and not batch.bands:
        return BatchWord.FAILED
    if batch.status is BatchStatus.PAUSED or campaign.status is CampaignStatus.PAUSED:
        return BatchWord.PAUSED
    if not batch.bands or campaign.status in (CampaignStatus.DRAFT, CampaignStatus.SCHEDULED):
        return BatchWord.PENDING
    return BatchWord.ACTIVE


@dataclass(frozen=True, slots=True)
class Uploads:
    """What came of a batch's file: rows that were not taken, and whether one was taken whole."""

    repeated: int = 0
    refused: int = 0
    finished: bool = False


async def imports_of(api: Api, caller: Actor, batch: Batch) -> Uploads:
    """The files that were uploaded into a batch."""
    found: list[Import] = []
    cursor: int | None = None
    while page := await list_imports(api.ledger, caller, batch.campaign_id, cursor=cursor, limit=IMPORTS):
        found += [each for each in page if each.batch_id == batch.id]
        cursor = page[-1].id
    return Uploads(
        sum(each.duplicates for each in found),
        sum(each.rejected for each in found),
        any(each.status == "finished" for each in found),
    )


def counted(campaign: Campaign, numbers: Numbers, uploads: Uploads) -> Json:
    """Requests by where they stand, and of each by the channel's word. Rows of a file that were not taken count too."""
    totals: defaultdict[str, int] = defaultdict(int)
    counts: defaultdict[str, defaultdict[str, int]] = defaultdict(lambda: defaultdict(int))

    def add(status: RequestStatus, word: ChannelManagerStatus, n: int) -> None:
        if n:
            totals[status] += n
            counts[status][word] += n

    for (place, last), n in numbers.standing.items():
        outcome = outcome_of(last)
        add(request_status(place, outcome), channel_status(campaign.channel, place, outcome), n)
    add(RequestStatus.DUPLICATE, ChannelManagerStatus.DUPLICATE, uploads.repeated)
    add(RequestStatus.INVALID, ChannelManagerStatus.INVALID, uploads.refused)
    detailed: dict[str, Any] = {
        status: {"total_count": n, "counts": dict(counts[status])} for status, n in totals.items()
    }
    return {"status_counts": dict(totals), "detailed_status_counts": detailed}
