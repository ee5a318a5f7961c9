"""Contacts over HTTP: add them, and read why each was or was not reached."""

from __future__ import annotations

from fastapi import APIRouter

from clarion.app.add_contacts import add_contacts
from clarion.app.story import contact_story
from clarion.surfaces.native.contact_shapes import AddedShape, NewContacts, RejectShape, StoryShape
from clarion.surfaces.native.dependencies import ApiDep, Caller
from clarion.surfaces.native.once import OnceRoute
from clarion.surfaces.native.problems import documented
from clarion.surfaces.native.shapes import PathId

router = APIRouter(prefix="/v1", tags=["contacts"], route_class=OnceRoute, responses=documented())


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


@router.get("/contacts/{contact_id}/story", responses=documented(404))
async def story(api: ApiDep, caller: Caller, contact_id: PathId) -> StoryShape:
    """Every decision about a contact in order, why they are not being reached now, and when they can be."""
    return StoryShape.of(await contact_story(api.ledger, api.clock, api.planner, caller, contact_id))
