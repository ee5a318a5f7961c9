"""Add contacts to a campaign, before and while it runs; a completed one runs again."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from clarion.app.actor import Actor, Role
from clarion.app.page import ended_key, line
from clarion.app.ports.clock import Clock
from clarion.app.ports.ledger import Ledger, Tx
from clarion.app.ports.people import Added, Kept
from clarion.app.refusals import Conflict, Invalid, NotFound, Problem
from clarion.app.steer import turn
from clarion.core.campaigns import Batch, BatchStatus, Campaign, CampaignStatus
from clarion.core.contacts import BadRow, Contact, NewContact, band
from clarion.core.events import contact_finished, messages_for
from clarion.core.lifecycle import Action
from clarion.core.outcomes import Channel, ContactState, FinishReason
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
    kept: tuple[Kept, ...] = ()
    """Duplicates that were taken as finished contacts."""


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
    campaign_takes(campaign, now)
    if batch_key is None:
        batch_key = (await tx.campaigns.get_or_create_default_batch(organization_id, campaign_id, now)).key
    batch = await tx.campaigns.get_batch(organization_id, batch_key, lock=True)
    if batch.campaign_id != campaign_id:
        raise NotFound("batch", batch_key)
    batch_takes(batch, now)
    return campaign, batch


def campaign_takes(campaign: Campaign, now: datetime) -> None:
    """Raise unless somebody may wait in this campaign: Conflict when it is called off, Invalid when its end passed."""
    if campaign.archived_at is not None or campaign.status is CampaignStatus.CANCELLED:
        word = "archived" if campaign.archived_at is not None else "cancelled"
        raise Conflict(word, f"Campaign {campaign.id} is {word} and takes no contacts.")
    if campaign.end_at is not None and campaign.end_at <= now:
        raise Invalid([Problem("end_at", "past", "The campaign's end has passed; set another one first.")])


def batch_takes(batch: Batch, now: datetime) -> None:
    """Raise Conflict unless somebody may wait in this batch."""
    expired = batch.expires_at is not None and batch.expires_at <= now
    if expired or batch.deleted_at is not None or batch.status in (BatchStatus.EXPIRED, BatchStatus.CANCELLED):
        raise Conflict("batch_over", f"Batch {batch.key!r} is over and takes no contacts.")


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
    tallies = {"contacts": added.accepted} | await _finish_repeated(tx, campaign, batch, contacts, added, now)
    await tx.queue.count(SLOT, {(campaign.id, batch.id, key): n for key, n in tallies.items()})
    if added.accepted == len(added.kept):
        return added
    await tx.campaigns.add_bands(batch.id, bands_of(contacts))
    if campaign.status is CampaignStatus.COMPLETED:
        inputs = {"user_id": actor.user_id, "contacts": added.accepted}
        await turn(tx, campaign, Action.REOPEN, now, inputs, rule="contacts_added")
    return added


async def _finish_repeated(
    tx: Tx, campaign: Campaign, batch: Batch, contacts: Sequence[NewContact], added: Added, now: datetime
) -> dict[str, int]:
    """Contacts that repeat somebody are finished when they come in: say whom they repeat, and tell who listens.

    Answers their tallies.
    """
    if not added.kept:
        return {}
    reason = FinishReason.DUPLICATE
    repeated = {kept.contact_id: kept.repeats for kept in added.kept}
    gone = [
        _finished(batch, contact_id, contact, reason)
        for contact_id, contact in zip(added.ids, contacts, strict=True)
        if contact_id in repeated
    ]
    inputs = {"reason": reason}
    said = [line(c, now, "skipped", "duplicate", inputs={**inputs, "repeats": repeated[c.id]}) for c in gone]
    await tx.queue.decide(said)
    endpoints = await tx.outbox.endpoints_for(batch.organization_id)
    told = [contact_finished(contact, now, agent_id=campaign.agent_id) for contact in gone] if endpoints else []
    await tx.outbox.put(messages_for(endpoints, told, now))
    keys = (f"finished:{reason}", f"skipped:{reason}", ended_key(reason, None), "unattempted")
    return dict.fromkeys(keys, len(gone))


def _finished(batch: Batch, contact_id: int, new: NewContact, reason: FinishReason) -> Contact:
    """A contact that came in and was finished at once."""
    return Contact(
        id=contact_id,
        organization_id=batch.organization_id,
        campaign_id=batch.campaign_id,
        batch_id=batch.id,
        reference_id=new.reference_id,
        address=new.address.value,
        region_key=new.address.region_key,
        person=new.person or new.address.value,
        state=ContactState.FINISHED,
        finish_reason=reason,
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
