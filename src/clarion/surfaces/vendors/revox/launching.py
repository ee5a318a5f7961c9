"""Which of a campaign's calls are launched, and what becomes of the others."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import datetime

from clarion.app.actor import Actor
from clarion.app.contacts import list_contacts, reopen_contacts
from clarion.app.dossiers import Dossier, dossiers
from clarion.app.held import hold_contacts, launch_contacts
from clarion.app.ports.people import ContactFilters
from clarion.app.refusals import Conflict
from clarion.app.steer import launch_campaign
from clarion.core.campaigns import Campaign, CampaignStatus
from clarion.core.outcomes import ContactState
from clarion.surfaces.reception import Api
from clarion.surfaces.vendors.revox.answers import as_text
from clarion.surfaces.vendors.revox.campaign_shapes import CallFilters, Selection
from clarion.surfaces.vendors.revox.orders import outcome_of, status_of, variables_of
from clarion.surfaces.vendors.revox.words import NEVER_AGAIN, NONE, RESULT
from clarion.wire.uuids import id_of

FEW = 1_000
"""Calls that are looked up by their ids; of more than these the whole campaign is gone through."""
PAGE = 250
"""Orders that are put together at once, without the event loop being free."""


@dataclass(slots=True)
class Sorted:
    """Contacts of a campaign, by what a launch does to them."""

    held: list[int] = field(default_factory=list)
    waiting: list[int] = field(default_factory=list)
    finished: list[int] = field(default_factory=list)
    """With attempts left."""
    passed_over: list[int] = field(default_factory=list)
    """Waiting, and not among those that are meant."""
    active: int = 0
    attempts_exhausted: int = 0
    cancelled: int = 0

    def note(self, order: Dossier, meant: bool) -> None:
        """Put one contact where it belongs."""
        contact = order.contact
        if not meant:
            if contact.state is ContactState.WAITING and not order.held:
                self.passed_over.append(contact.id)
        elif contact.state is ContactState.RELEASED:
            self.active += 1
        elif contact.state is ContactState.WAITING:
            (self.held if order.held else self.waiting).append(contact.id)
        elif contact.finish_reason in NEVER_AGAIN:
            self.cancelled += 1
        elif contact.burned >= order.campaign.plan.retries.max_attempts:
            self.attempts_exhausted += 1
        else:
            self.finished.append(contact.id)


@dataclass(frozen=True, slots=True)
class Launched:
    """What came of it."""

    launched: int
    active: int
    attempts_exhausted: int
    cancelled: int


async def orders_in(
    api: Api, caller: Actor, campaign: Campaign, *, after: int = 0, ids: frozenset[int] | None = None
) -> AsyncIterator[list[Dossier]]:
    """A campaign's orders in the order in which they came in, page by page, in flat memory.

    `after`: a contact's id; `ids`: those of contacts, none but theirs.
    """
    while True:
        filters = ContactFilters(campaign_id=campaign.id, ids=ids)
        page = await list_contacts(api.ledger, caller, filters, after=after, limit=PAGE)
        if page:
            yield await dossiers(api.ledger, caller, page)
            after = page[-1].id
        if len(page) < PAGE:
            return


def matches(order: Dossier, filters: CallFilters, now: datetime) -> bool:
    """Whether an order is among those that filters mean."""
    contact = order.contact
    if filters.assignee_ids or (filters.directions and "outbound" not in filters.directions):
        return False
    if filters.statuses and status_of(order, now) not in filters.statuses:
        return False
    result = RESULT.get(contact.last_outcome, NONE) if contact.last_outcome is not None else NONE
    if filters.results and result not in filters.results:
        return False
    if filters.outcomes and (outcome_of(order.attempts) or NONE) not in filters.outcomes:
        return False
    return not filters.query or _says(order, filters.query)


def _says(order: Dossier, text: str) -> bool:
    wanted = text.casefold()
    said = [order.contact.address, *(as_text(value) for value in variables_of(order.contact).values())]
    return any(wanted in each.casefold() for each in said)


async def launch_selection(
    api: Api, caller: Actor, campaign: Campaign, selection: Selection, at: datetime | None
) -> Launched:
    """Launch the calls that are meant, now or from `at` on. Raises Conflict for a campaign that cannot run.

    Of a draft only those run that are meant: the others are held.
    """
    if campaign.status is CampaignStatus.CANCELLED:
        raise Conflict("cancelled", "The campaign was cancelled.")
    if campaign.status is CampaignStatus.SCHEDULED:
        message = f"The campaign starts at {campaign.start_at:%Y-%m-%d %H:%M} UTC by itself; pause it first."
        raise Conflict("scheduled", message)
    now = api.clock.now()
    named = frozenset(one for each in selection.rows.call_ids if (one := id_of("contact", each)) is not None)
    only = selection.rows.mode == "only"
    few = only and len(named) <= FEW and campaign.status is not CampaignStatus.DRAFT
    found = Sorted()
    async for page in orders_in(api, caller, campaign, ids=named if few else None):
        for order in page:
            chosen = (order.contact.id in named) == only
            found.note(order, chosen and matches(order, selection.filters, now))
    return await _launch(api, caller, campaign, found, at)


async def _launch(api: Api, caller: Actor, campaign: Campaign, found: Sorted, at: datetime | None) -> Launched:
    draft = campaign.status is CampaignStatus.DRAFT
    if draft:
        await hold_contacts(api.ledger, api.clock, caller, found.passed_over)
    moved = await hold_contacts(api.ledger, api.clock, caller, found.waiting)
    launched = await launch_contacts(api.ledger, api.clock, caller, [*found.held, *moved], at=at)
    again = await reopen_contacts(api.ledger, api.clock, caller, found.finished, at=at)
    if draft and launched:
        await launch_campaign(api.ledger, api.clock, caller, campaign.id)
    return Launched(
        launched=len(launched) + len(again),
        active=found.active + len(found.waiting) - len(moved),
        attempts_exhausted=found.attempts_exhausted,
        cancelled=found.cancelled,
    )


async def launch_everybody(api: Api, caller: Actor, campaign: Campaign) -> None:
    """Launch whoever is held."""
    held: list[int] = []
    async for page in orders_in(api, caller, campaign):
        held += [o.contact.id for o in page if o.held and o.contact.state is ContactState.WAITING]
    await launch_contacts(api.ledger, api.clock, caller, held)
