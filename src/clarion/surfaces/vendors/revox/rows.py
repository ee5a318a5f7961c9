"""A campaign's rows: its people with their calls, to be read, added to, exported, launched, and added up."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime

from fastapi import APIRouter
from starlette.responses import StreamingResponse

from clarion.app.actor import Actor
from clarion.app.add_contacts import add_contacts
from clarion.app.dossiers import Dossier
from clarion.app.refusals import Conflict, Invalid, Problem
from clarion.app.standings import standing_of
from clarion.app.steer import launch_campaign
from clarion.core.campaigns import Campaign, CampaignStatus
from clarion.surfaces.reception import Api
from clarion.surfaces.vendors.revox.access import ApiDep, Body, Caller
from clarion.surfaces.vendors.revox.answers import Answer, as_text
from clarion.surfaces.vendors.revox.bodies import JsonRoute, parse_instant
from clarion.surfaces.vendors.revox.campaign_shapes import Launch, NewRows
from clarion.surfaces.vendors.revox.campaigns import find_campaign, holds_back
from clarion.surfaces.vendors.revox.files import csv_answer, line, list_answer
from clarion.surfaces.vendors.revox.launching import launch_selection, orders_in
from clarion.surfaces.vendors.revox.orders import call, row, variables_of
from clarion.surfaces.vendors.revox.statistics import report
from clarion.surfaces.vendors.revox.translate import drafts

router = APIRouter(prefix="/api/campaigns", tags=["campaigns"], route_class=JsonRoute)

COLUMNS = (
    "row_index",
    "call_id",
    "phone_number",
    "status",
    "outcome",
    "result",
    "attempts",
    "last_called_at",
    "summary",
)
MOST_COLUMNS = 200
"""Variables that have a column of their own."""


@router.get("/{campaign_id}/rows")
async def list_rows(api: ApiDep, caller: Caller, campaign_id: str) -> StreamingResponse:
    """All rows in the order in which they came in."""
    campaign = await find_campaign(api, caller, campaign_id)
    return list_answer("rows", _rows(api, caller, campaign))


async def _rows(api: Api, caller: Actor, campaign: Campaign) -> AsyncIterator[list[Body]]:
    index = 0
    async for page in orders_in(api, caller, campaign):
        now = api.clock.now()
        yield [row(order, index + place, now) for place, order in enumerate(page)]
        index += len(page)


@router.post("/{campaign_id}/rows")
async def add_rows(api: ApiDep, caller: Caller, campaign_id: str, body: NewRows) -> StreamingResponse:
    """Add contacts. One that is wrong refuses all; a number that the campaign has already is a row never called."""
    campaign = await find_campaign(api, caller, campaign_id)
    if campaign.status is CampaignStatus.CANCELLED:
        raise Conflict("cancelled", "The campaign was cancelled.")
    before = (await standing_of(api.ledger, caller, campaign))[0].contacts
    added = await add_contacts(
        api.ledger,
        api.clock,
        caller,
        campaign.id,
        None,
        drafts(body.contacts),
        keep_duplicates=True,
        held=holds_back(campaign),
        all_or_none=True,
    )
    if campaign.status is CampaignStatus.DRAFT and holds_back(campaign) and added.ids:
        campaign = await launch_campaign(api.ledger, api.clock, caller, campaign.id)
    ids = {contact_id for contact_id in added.ids if contact_id is not None}
    return list_answer("rows", _some_rows(api, caller, campaign, ids, before))


async def _some_rows(
    api: Api, caller: Actor, campaign: Campaign, ids: set[int], index: int
) -> AsyncIterator[list[Body]]:
    """The rows that came in as the last."""
    async for page in orders_in(api, caller, campaign, after=min(ids, default=1) - 1):
        now = api.clock.now()
        mine = [order for order in page if order.contact.id in ids]
        yield [row(order, index + place, now) for place, order in enumerate(mine)]
        index += len(mine)


@router.get("/{campaign_id}/export")
async def export(api: ApiDep, caller: Caller, campaign_id: str) -> StreamingResponse:
    """All rows as a CSV file, with a column for each variable."""
    campaign = await find_campaign(api, caller, campaign_id)
    names: dict[str, None] = {}
    async for page in orders_in(api, caller, campaign):
        names.update(dict.fromkeys(name for order in page for name in variables_of(order.contact)))
    return csv_answer(f"campaign-{campaign.id}.csv", _csv(api, caller, campaign, list(names)[:MOST_COLUMNS]))


async def _csv(api: Api, caller: Actor, campaign: Campaign, names: list[str]) -> AsyncIterator[str]:
    yield line([*COLUMNS, *names])
    index = 0
    async for page in orders_in(api, caller, campaign):
        now = api.clock.now()
        yield "".join(_line(order, index + place, names, now) for place, order in enumerate(page))
        index += len(page)


def _line(order: Dossier, index: int, names: list[str], now: datetime) -> str:
    told = call(order, now, with_assistant=False)
    last = told["last_call_attempt"] or {}
    values = {
        "row_index": index,
        "call_id": told["id"],
        "phone_number": told["to_phone_number"],
        "status": told["status"],
        "outcome": told["outcome"],
        "result": last.get("result") or last.get("dial_error"),
        "attempts": told["calls_count"],
        "last_called_at": last.get("started_at"),
        "summary": told["outcome_summary"],
    }
    said = variables_of(order.contact)
    return line(
        ["" if (v := values[name]) is None else as_text(v) for name in COLUMNS] + [said.get(n, "") for n in names]
    )


@router.get("/{campaign_id}/statistics")
async def statistics(api: ApiDep, caller: Caller, campaign_id: str) -> Answer:
    """The funnel, the outcomes and the latest hot leads."""
    return Answer({"statistics": await report(api, caller, await find_campaign(api, caller, campaign_id))})


@router.post("/{campaign_id}/launch-calls")
async def launch_calls(api: ApiDep, caller: Caller, campaign_id: str, body: Launch) -> Answer:
    """Launch the calls that a selection means, now or later."""
    if body.mode == "speed_dial":
        message = "No operators dial here; launch the calls with ai_first."
        raise Invalid([Problem("mode", "not_supported", message)])
    campaign = await find_campaign(api, caller, campaign_id)
    at = None if body.scheduled_at is None else parse_instant(body.scheduled_at)
    came = await launch_selection(api, caller, campaign, body.selection, at)
    return Answer(
        {
            "launched": came.launched,
            "skipped": {
                "active": came.active,
                "attempts_exhausted": came.attempts_exhausted,
                "cancelled": came.cancelled,
            },
        }
    )
