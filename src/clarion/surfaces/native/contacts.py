"""Contacts over HTTP: add, look up, edit and remove them, and read why each was or was not reached."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query

from clarion.app import contacts as use
from clarion.app.add_contacts import add_contacts
from clarion.app.ports.people import ContactFilters
from clarion.app.story import contact_story
from clarion.core.outcomes import ContactState, FinishReason, Outcome
from clarion.surfaces.native.contact_shapes import (
    AddedShape,
    ContactPatch,
    ContactShape,
    NewContacts,
    RejectShape,
    RemovalShape,
    Removing,
    StoryShape,
)
from clarion.surfaces.native.dependencies import ApiDep, Caller
from clarion.surfaces.native.once import OnceRoute
from clarion.surfaces.native.problems import documented
from clarion.surfaces.native.shapes import MAX_ID, Cursor, Limit, Page, PathId, page, position

router = APIRouter(prefix="/v1", tags=["contacts"], route_class=OnceRoute, responses=documented())

IdFilter = Annotated[int | None, Query(ge=1, le=MAX_ID)]


@router.post("/campaigns/{campaign_id}/contacts", responses=documented(404, 409))
async def add(api: ApiDep, caller: Caller, campaign_id: PathId, body: NewContacts) -> AddedShape:
    """Add contacts, before or while the campaign runs; a completed one runs again. Needs the role operator.

    All that can be taken are taken in one transaction; the others are reported, each with its reason.
    """
    report = await add_contacts(
        api.ledger,
        api.clock,
        caller,
        campaign_id,
        body.batch,
        [contact.draft() for contact in body.contacts],
        allow_duplicates=body.allow_duplicates,
    )
    return AddedShape(
        accepted=sum(contact_id is not None for contact_id in report.ids),
        ids=list(report.ids),
        duplicates=[RejectShape.of(bad) for bad in report.duplicates],
        rejected=[RejectShape.of(bad) for bad in report.bad],
    )


@router.get("/contacts", responses=documented(404))
async def list_all(
    api: ApiDep,
    caller: Caller,
    limit: Limit = 50,
    cursor: Cursor = None,
    campaign_id: IdFilter = None,
    batch_id: IdFilter = None,
    state: Annotated[list[ContactState] | None, Query(description="Any of these.")] = None,
    finish_reason: Annotated[list[FinishReason] | None, Query(description="Any of these.")] = None,
    last_outcome: Annotated[list[Outcome] | None, Query(description="Any of these.")] = None,
    address: Annotated[
        str | None, Query(min_length=1, max_length=320, pattern=r"^[^\x00]+$", description="In any spelling.")
    ] = None,
    reference_id: Annotated[str | None, Query(min_length=1, max_length=255, pattern=r"^[^\x00]+$")] = None,
) -> Page[ContactShape]:
    """Contacts by id."""
    filters = ContactFilters(
        campaign_id=campaign_id,
        batch_id=batch_id,
        states=frozenset(state or ()),
        finish_reasons=frozenset(finish_reason or ()),
        last_outcomes=frozenset(last_outcome or ()),
        address=address,
        reference_id=reference_id,
    )
    found = await use.list_contacts(api.ledger, caller, filters, after=position(cursor), limit=limit + 1)
    return page(found, limit, lambda contact: contact.id, ContactShape.of)


@router.get("/contacts/{contact_id}", responses=documented(404))
async def show(api: ApiDep, caller: Caller, contact_id: PathId) -> ContactShape:
    """One contact and where they stand."""
    return ContactShape.of(await use.get_contact(api.ledger, caller, contact_id))


@router.patch("/contacts/{contact_id}", responses=documented(404, 409))
async def change(api: ApiDep, caller: Caller, contact_id: PathId, body: ContactPatch) -> ContactShape:
    """Change a contact; all but the variables only while they wait. Needs the role operator."""
    return ContactShape.of(await use.edit_contact(api.ledger, api.clock, caller, contact_id, body.change()))


@router.post("/contacts/remove", responses=documented(404))
async def remove(api: ApiDep, caller: Caller, body: Removing) -> RemovalShape:
    """Finish waiting contacts as removed; they stay in the ledger with their stories. Needs the role operator."""
    removal = await use.remove_contacts(api.ledger, api.clock, caller, body.contact_ids)
    return RemovalShape(removed=list(removal.removed), live=list(removal.live), finished=list(removal.finished))


@router.get("/contacts/{contact_id}/story", responses=documented(404))
async def story(api: ApiDep, caller: Caller, contact_id: PathId) -> StoryShape:
    """Every decision about a contact in order, why they are not being reached now, and when they can be."""
    return StoryShape.of(await contact_story(api.ledger, api.clock, api.planner, caller, contact_id))
