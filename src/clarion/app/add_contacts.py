"""Add contacts to a campaign, before and while it runs; a completed one runs again."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from clarion.app.actor import Actor, Role
from clarion.app.page import ended_key
from clarion.app.ports.clock import Clock
from clarion.app.ports.ledger import Ledger, Tx
from clarion.app.ports.people import Added
from clarion.app.refusals import Conflict, Invalid, NotFound, Problem
from clarion.app.steer import turn
from clarion.core.campaigns import Batch, BatchStatus, Campaign, CampaignStatus
from clarion.core.contacts import BadRow, Contact, Decision, NewContact, band
from clarion.core.lifecycle import Action
from clarion.core.outcomes import Channel, FinishReason
from clarion.wire.contact_drafts import ContactDraft, parse_contact

SLOT = 0
"""Tallies of people coming in have a slot of their own, beside the workers'."""
AT_ONCE = 500
"""Drafts that are parsed without leaving the event loop."""


@dataclass(frozen=True, slots=True)
class AddReport:
    """What became of the drafts; their lines are their positions, 1-based."""

    ids: tuple[int | None, ...]
    """The contact's id for each draft, in order; None for one that was not taken."""
    duplicates: tuple[BadRow, ...]
    bad: tuple[BadRow, ...]
    kept: tuple[tuple[int, BadRow], ...] = ()
    """Duplicates that were taken as finished contacts: the id, and whom it repeats."""


async def add_contacts(
    ledger: Ledger,
    clock: Clock,
    actor: Actor,
    campaign_id: int,
    batch_key: str | None,
    drafts: Sequence[ContactDraft],
    *,
    allow_duplicates: bool = False,
    keep_duplicates: bool = False,
    held: bool = False,
    all_or_none: bool = False,
) -> AddReport:
    """Add contacts to a batch (None: the campaign's default one), all in one transaction.

    Each draft is taken or reported: one that is wrong keeps nobody else out. `keep_duplicates`: an address that comes
    again is taken as a contact that is finished. `held`: they wait until they are launched (see `app/held.py`).
    `all_or_none`: a wrong one refuses all (Invalid). Raises Conflict when the campaign or the batch is over.
    """
    actor.must_be(Role.OPERATOR)
    async with ledger.read() as tx:
        channel = (await tx.campaigns.get(actor.organization_id, campaign_id)).channel
        country = (await tx.organizations.organization(actor.organization_id)).settings.default_country
    parsed = await parse_drafts(drafts, channel, country)
    if all_or_none and (bad := [row for row in parsed if isinstance(row, BadRow)]):
        raise Invalid([problem_of(row) for row in bad])
    good = [row for row in parsed if isinstance(row, NewContact)]
    now = clock.now()
    async with ledger.write() as tx:
        campaign, batch = await enter(tx, actor.organization_id, campaign_id, batch_key, now)
        if held:
            batch = await held_batch(tx, campaign, now)
        how = {"allow_duplicates": allow_duplicates, "keep_duplicates": keep_duplicates}
        added = await admit(tx, actor, campaign, batch, good, now, **how)
    ids = iter(added.ids)
    return AddReport(
        ids=tuple(next(ids) if isinstance(row, NewContact) else None for row in parsed),
        duplicates=added.duplicates,
        bad=tuple(row for row in parsed if isinstance(row, BadRow)),
        kept=added.kept,
    )


def problem_of(bad: BadRow) -> Problem:
    """What is wrong with a draft, by its place among all: `contacts.3.address`."""
    field = f"contacts.{bad.line - 1}.{bad.field}" if bad.field else f"contacts.{bad.line - 1}"
    return Problem(field, bad.code, bad.message)


async def parse_drafts(drafts: Sequence[ContactDraft], channel: Channel, country: str) -> list[NewContact | BadRow]:
    """Drafts as contacts or reasons why not, in order; many are worked through beside the event loop."""
    if len(drafts) > AT_ONCE:
        return await asyncio.to_thread(_parse, drafts, channel, country)
    return _parse(drafts, channel, country)


def _parse(drafts: Sequence[ContactDraft], channel: Channel, country: str) -> list[NewContact | BadRow]:
    return [parse_contact(draft, channel, country, line) for line, draft in enumerate(drafts, 1)]


async def enter(
    tx: Tx, organization_id: int, campaign_id: int, batch_key: str | None, now: datetime
) -> tuple[Campaign, Batch]:
    """The campaign and the batch that contacts are to join, both locked.

    Raises NotFound, Conflict when either is over, Invalid when the campaign's end has passed.
    """
    campaign = await tx.campaigns.lock(organization_id, campaign_id)
    if campaign.archived_at is not None or campaign.status is CampaignStatus.CANCELLED:
        word = "archived" if campaign.archived_at is not None else "cancelled"
        raise Conflict(word, f"Campaign {campaign_id} is {word} and takes no contacts.")
    if campaign.end_at is not None and campaign.end_at <= now:
        raise Invalid([Problem("end_at", "past", "The campaign's end has passed; set another one first.")])
    if batch_key is None:
        batch_key = (await tx.campaigns.get_or_create_default_batch(organization_id, campaign_id, now)).key
    batch = await tx.campaigns.get_batch(organization_id, batch_key, lock=True)
    if batch.campaign_id != campaign_id:
        raise NotFound("batch", batch_key)
    expired = batch.expires_at is not None and batch.expires_at <= now
    if expired or batch.deleted_at is not None or batch.status in (BatchStatus.EXPIRED, BatchStatus.CANCELLED):
        raise Conflict("batch_over", f"Batch {batch_key!r} is over and takes no contacts.")
    return campaign, batch


async def admit(
    tx: Tx,
    actor: Actor,
    campaign: Campaign,
    batch: Batch,
    contacts: Sequence[NewContact],
    now: datetime,
    *,
    allow_duplicates: bool,
    keep_duplicates: bool = False,
) -> Added:
    """Write contacts into a lane from `enter`, with all that follows: tallies, bands, a completed campaign reopened."""
    added = await tx.people.add(
        batch, contacts, now, allow_duplicates=allow_duplicates, keep_duplicates=keep_duplicates
    )
    if not added.accepted:
        return added
    await tx.queue.count(SLOT, {(campaign.id, batch.id, "contacts"): added.accepted})
    await _finish_repeated(tx, batch, added, now)
    if added.accepted == len(added.kept):
        return added
    await tx.campaigns.add_bands(batch.id, bands_of(contacts))
    if campaign.status is CampaignStatus.COMPLETED:
        inputs = {"user_id": actor.user_id, "contacts": added.accepted}
        await turn(tx, campaign, Action.REOPEN, now, inputs, rule="contacts_added")
    return added


async def _finish_repeated(tx: Tx, batch: Batch, added: Added, now: datetime) -> None:
    """Contacts that repeat somebody are finished when they come in: count them, and say whom they repeat."""
    if not added.kept:
        return
    reason = FinishReason.DUPLICATE
    keys = (f"finished:{reason}", f"skipped:{reason}", ended_key(reason, None), "unattempted")
    await tx.queue.count(SLOT, {(batch.campaign_id, batch.id, key): len(added.kept) for key in keys})
    await tx.queue.decide(
        [
            Decision(
                organization_id=batch.organization_id,
                campaign_id=batch.campaign_id,
                batch_id=batch.id,
                contact_id=contact_id,
                at=now,
                verdict="skipped",
                rule="duplicate",
                inputs={"reason": reason, "repeats": bad.message},
            )
            for contact_id, bad in added.kept
        ]
    )


def bands_of(contacts: Iterable[NewContact | Contact]) -> int:
    """The bands of the queue, as a bit mask, that these contacts can be in."""
    bands = 0
    for priority in {contact.priority for contact in contacts}:
        bands |= 1 << band(priority, retry=False) | 1 << band(priority, retry=True)
    return bands


def held_key(campaign_id: int) -> str:
    """The key of the batch in which a campaign's contacts wait until they are launched."""
    return f"campaign-{campaign_id}-held"


async def held_batch(tx: Tx, campaign: Campaign, now: datetime) -> Batch:
    """That batch, made if there is none, locked. It is paused for good."""
    key = held_key(campaign.id)
    try:
        return await tx.campaigns.get_batch(campaign.organization_id, key, lock=True)
    except NotFound:
        batch = Batch(
            id=(await tx.new_ids("batches"))[0],
            organization_id=campaign.organization_id,
            campaign_id=campaign.id,
            key=key,
            status=BatchStatus.PAUSED,
            created_at=now,
            updated_at=now,
        )
        await tx.campaigns.insert_batch(batch)
        return batch
