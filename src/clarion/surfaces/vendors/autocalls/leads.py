"""Leads: add one to a campaign, list, change, delete them. A lead is a contact; its other numbers are fallbacks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Annotated, Literal

from fastapi import APIRouter, Query, Request

from clarion.app import contacts as use
from clarion.app.actor import Actor
from clarion.app.add_contacts import add_contacts
from clarion.app.browse import attempts_of, browse_contacts
from clarion.app.contacts import ContactChange
from clarion.app.move_contacts import move_contact
from clarion.app.ports.people import DUPLICATE_ADDRESS, ContactFilters
from clarion.app.put_away import put_away_contacts
from clarion.app.refusals import Conflict, Invalid, NotFound
from clarion.app.report import Numbers, campaign_numbers, overview
from clarion.app.single_calls import is_single_calls
from clarion.core.campaigns import Campaign, CampaignStatus
from clarion.core.contacts import Contact
from clarion.core.outcomes import ContactState, FinishReason
from clarion.surfaces.reception import Api
from clarion.surfaces.vendors.autocalls.access import ApiDep, Body, Caller, PageText, PathId, PerPage, address_of
from clarion.surfaces.vendors.autocalls.campaigns import campaign_of_leads, expect_start
from clarion.surfaces.vendors.autocalls.dates import day_begins, day_ends
from clarion.surfaces.vendors.autocalls.errors import BAD_NUMBER, NO_CAMPAIGN, invalid, refused
from clarion.surfaces.vendors.autocalls.lead_reading import contact_and_index, in_brief, leads_of, shown
from clarion.surfaces.vendors.autocalls.paginator import page_number, paginated
from clarion.surfaces.vendors.autocalls.rules import Id
from clarion.surfaces.vendors.autocalls.shapes import LeadChange, LeadInput
from clarion.surfaces.vendors.autocalls.words import (
    CREATED,
    LEAD_BY_HAND,
    PROCESSING,
    RESCHEDULED,
    reasons_of,
)
from clarion.wire.contact_drafts import ContactDraft, Fallback

router = APIRouter(tags=["leads"])

REMOVED = frozenset({FinishReason.REMOVED})
TAKEN = "The phone number has already been taken."
BEING_CALLED = "Lead is currently being processed and cannot be deleted."
LIVE_LEADS = {
    CREATED: ContactFilters(states=frozenset({ContactState.WAITING}), max_tries=0),
    RESCHEDULED: ContactFilters(states=frozenset({ContactState.WAITING}), min_tries=1),
    PROCESSING: ContactFilters(states=frozenset({ContactState.RELEASED})),
}
"""The leads that are not finished, by their status."""
LeadWord = Literal[
    "created", "scheduled", "processing", "completed", "rescheduled", "reached-max-retries", "blacklisted"
]


@router.post("/api/user/lead")
async def create(api: ApiDep, caller: Caller, body: LeadInput) -> Body:
    """Add a lead. A number that the campaign has already is refused, unless duplicates are allowed."""
    try:
        campaign = await campaign_of_leads(api, caller, body.campaign_id)
    except NotFound as missing:
        raise refused(NO_CAMPAIGN, 404) from missing
    draft = ContactDraft(
        address=body.phone_number,
        variables=body.variables or {},
        fallbacks=tuple(Fallback(one.phone_number, one.variables or {}) for one in body.secondary_contacts or ()),
    )
    contact = await _add(api, caller, campaign.id, draft, duplicates=_allows_duplicates(body))
    if campaign.status is CampaignStatus.COMPLETED:
        await expect_start(api, caller, campaign, expected=True)
    return {"message": "Lead created successfully", "data": shown(contact, in_brief(campaign), ())}


def _allows_duplicates(body: LeadInput) -> bool:
    return bool(body.allow_duplicate if body.allow_dupplicate is None else body.allow_dupplicate)


async def _add(api: Api, caller: Actor, campaign_id: int, draft: ContactDraft, *, duplicates: bool) -> Contact:
    """The new contact. One that was deleted keeps nobody with its number out."""
    report = await add_contacts(api.ledger, api.clock, caller, campaign_id, None, [draft], allow_duplicates=duplicates)
    if report.bad:
        field = "secondary_contacts" if report.bad[0].field == "fallbacks" else "phone_number"
        raise invalid(field, BAD_NUMBER)
    if report.duplicates:
        address = report.duplicates[0].value or draft.address
        filters = ContactFilters(campaign_id=campaign_id, address=address, without_reasons=REMOVED)
        _, there = await browse_contacts(api.ledger, caller, filters, limit=1)
        if there:
            raise invalid("phone_number", TAKEN)
        return await _add(api, caller, campaign_id, draft, duplicates=True)
    (contact_id,) = report.ids
    assert contact_id is not None, "it was neither bad nor a duplicate"
    return await use.get_contact(api.ledger, caller, contact_id)


@router.get("/api/user/leads")
async def list_pages(
    api: ApiDep,
    caller: Caller,
    request: Request,
    status: LeadWord | None = None,
    campaign_id: Id | None = None,
    phone_number: Annotated[str | None, Query(max_length=50, pattern=r"^[^\x00]*$")] = None,
    date_from: date | None = None,
    date_to: date | None = None,
    per_page: PerPage = 15,
    page: PageText = None,
) -> Body:
    """Leads by page, the newest first."""
    campaigns = await _campaigns(api, caller, campaign_id)
    number = page_number(page)
    filters = _standing_as(status)
    found: Sequence[Contact] = ()
    total = 0
    if campaigns and filters is not None:
        known = sum(leads_of(numbers, status) for _, numbers in campaigns.values())
        filters = replace(
            filters,
            campaign_ids=frozenset(campaigns),
            address_part=phone_number.strip() or None if phone_number else None,
            created_since=day_begins(date_from),
            created_until=day_ends(date_to),
        )
        offset = (number - 1) * per_page
        counts = bool(phone_number or date_from or date_to)
        found, total = await browse_contacts(
            api.ledger, caller, filters, offset=offset, limit=per_page, total=None if counts else known
        )
    several = [contact.id for contact in found if contact.fallbacks]
    attempts = await attempts_of(api.ledger, caller, several) if several else {}
    data = [shown(each, in_brief(campaigns[each.campaign_id][0]), attempts.get(each.id, ())) for each in found]
    return paginated(data, total, number, per_page, address_of(request), dict(request.query_params))


async def _campaigns(api: Api, caller: Actor, campaign_id: int | None) -> Mapping[int, tuple[Campaign, Numbers]]:
    """The campaigns whose leads are meant, with their numbers: all of them, one, or none when there is no such one."""
    if campaign_id is None:
        told = (await overview(api.ledger, caller)).campaigns
        return {each.id: (each, numbers) for each, numbers in told if not is_single_calls(each)}
    try:
        campaign = await campaign_of_leads(api, caller, campaign_id)
    except NotFound:
        return {}
    return {campaign.id: (campaign, (await campaign_numbers(api.ledger, caller, campaign.id)).total)}


def _standing_as(status: str | None) -> ContactFilters | None:
    """The contacts that are told as this status; None: there are none ever."""
    if status is None:
        return ContactFilters(without_reasons=REMOVED)
    if status in LIVE_LEADS:
        return LIVE_LEADS[status]
    reasons = reasons_of(status) - REMOVED
    return ContactFilters(finish_reasons=reasons) if reasons else None


@router.put("/api/user/leads/{lead_id}")
@router.put("/api/leads/{lead_id}")
async def change(api: ApiDep, caller: Caller, lead_id: PathId, body: LeadChange) -> Body:
    """Change what is given of a lead: where it stands, then its campaign, its number, its variables."""
    contact, index = await _lead(api, caller, lead_id)
    try:
        if index:
            await _change_number(api, caller, contact, index, body)
        else:
            await _change_lead(api, caller, contact, body)
    except Conflict as no:
        if no.code == DUPLICATE_ADDRESS:
            raise invalid("phone_number", TAKEN) from no
        raise refused(str(no)) from no
    except Invalid as no:
        if any(problem.field in ("address", "fallbacks") for problem in no.problems):
            raise refused(BAD_NUMBER, 422) from no
        raise
    return {"message": "Lead updated successfully"}


async def _lead(api: Api, caller: Actor, lead_id: int) -> tuple[Contact, int]:
    """The contact of a lead, and which of its numbers is meant. Raises NotFound."""
    contact_id, index = contact_and_index(lead_id)
    contact = await use.get_contact(api.ledger, caller, contact_id)
    if contact.finish_reason is FinishReason.REMOVED or index > len(contact.fallbacks):
        raise NotFound("lead", lead_id)
    await campaign_of_leads(api, caller, contact.campaign_id)
    return contact, index


async def _change_lead(api: Api, caller: Actor, contact: Contact, body: LeadChange) -> None:
    who = (api.ledger, api.clock, caller)
    if body.campaign_id is not None and body.campaign_id != contact.campaign_id:
        try:
            await campaign_of_leads(api, caller, body.campaign_id)
        except NotFound as missing:
            raise refused(NO_CAMPAIGN, 404) from missing
    if body.status == CREATED and contact.state is ContactState.FINISHED:
        await use.reopen_contacts(*who, [contact.id])
    if body.campaign_id is not None:
        await move_contact(*who, contact.id, body.campaign_id)
    if body.phone_number is not None or body.variables:
        await use.edit_contact(*who, contact.id, ContactChange(body.variables or {}, address=body.phone_number))
    reason = LEAD_BY_HAND.get(body.status or "")
    if reason is not None:
        removal = await use.finish_contacts(*who, [contact.id], reason)
        if removal.live:
            raise Conflict("live", "Lead is currently being processed.")


async def _change_number(api: Api, caller: Actor, contact: Contact, index: int, body: LeadChange) -> None:
    """Another number of a lead: its text and its variables are its own."""
    if body.campaign_id is not None or body.status is not None:
        raise refused("A secondary contact follows its lead: change the lead's campaign or status.")
    old = contact.fallbacks[index - 1]
    new = Fallback(body.phone_number or old.value, {**old.variables, **(body.variables or {})})
    numbers = [Fallback(each.value, each.variables) for each in contact.fallbacks]
    numbers[index - 1] = new
    change = ContactChange(fallbacks=tuple(numbers))
    await use.edit_contact(api.ledger, api.clock, caller, contact.id, change)


@router.delete("/api/user/leads/{lead_id}")
@router.delete("/api/leads/{lead_id}")
async def delete(api: ApiDep, caller: Caller, lead_id: PathId) -> Body:
    """Take a lead out of sight; one that is being called stays."""
    contact, index = await _lead(api, caller, lead_id)
    if index:
        left = [Fallback(each.value, each.variables) for n, each in enumerate(contact.fallbacks, 1) if n != index]
        try:
            await use.edit_contact(api.ledger, api.clock, caller, contact.id, ContactChange(fallbacks=tuple(left)))
        except Conflict as no:
            raise refused(BEING_CALLED, 403) from no
    elif (await put_away_contacts(api.ledger, api.clock, caller, [contact.id])).live:
        raise refused(BEING_CALLED, 403)
    return {"message": "Lead deleted successfully"}
