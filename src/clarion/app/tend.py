"""Tend: campaigns start and end by the clock, batches expire, edits reach contacts that wait for an old instant.

Everything is done in chunks, so that no campaign is too large to be cancelled within a second.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from clarion.app.page import Page, line
from clarion.app.planning import Planner
from clarion.app.ports.ledger import Ledger, Tx
from clarion.app.ports.queue import Move
from clarion.app.pull import FRESH
from clarion.app.steer import turn
from clarion.core.campaigns import Batch, BatchStatus, Campaign, CampaignStatus
from clarion.core.contacts import Contact, Decision
from clarion.core.events import Happening, batch_event, messages_for
from clarion.core.lifecycle import OVER, Action
from clarion.core.outcomes import FinishReason

CHUNK = 2_000
BUSY = timedelta(milliseconds=50)
"""When to come again for a campaign that another worker is releasing from."""
SWEPT = -1
"""`planned_version` of a campaign that is over and has nobody waiting any more."""

Place = tuple[int, int]
"""How far following an edit has come: batch id and contact id."""


@dataclass(frozen=True, slots=True)
class Tended:
    """What tending did."""

    changed: bool = False
    """The campaign is not what it was when it was read."""
    more: bool = False
    """There is more to do at once."""
    next_at: datetime | None = None
    """When the clock brings more."""
    place: Place | None = None
    """Where to go on following an edit."""


async def tend(
    ledger: Ledger,
    planner: Planner,
    campaign: Campaign,
    batches: Sequence[Batch],
    slot: int,
    now: datetime,
    place: Place | None = None,
) -> Tended:
    """See to one campaign: start it, sweep what is over, follow an edit (on from `place`), complete it."""
    if campaign.status is CampaignStatus.SCHEDULED:
        if campaign.start_at is not None and campaign.start_at > now:
            return Tended(next_at=campaign.start_at)
        return Tended(changed=await _start(ledger, campaign, now), more=True)
    over = _over(campaign, now)
    for batch in batches:
        if batch.bands and (over or _batch_over(batch, now)):
            swept = await _sweep(ledger, campaign, batch.id, slot, now)
            if swept.changed or swept.more or swept.next_at is not None:
                return swept
    if over is None and campaign.planned_version != campaign.plan_version:
        return await _replan(ledger, planner, campaign, batches, now, place)
    if await _anybody(ledger, campaign, batches):
        return Tended(next_at=_next_end(campaign, batches, now))
    if campaign.status is CampaignStatus.RUNNING and (over is not None or campaign.plan.complete_when_empty):
        done = await _complete(ledger, campaign, now)
        return done or Tended(next_at=_next_end(campaign, batches, now))
    if campaign.status in OVER:
        return Tended(changed=await _close(ledger, campaign))
    return Tended(next_at=_next_end(campaign, batches, now))


def _over(campaign: Campaign, now: datetime) -> FinishReason | None:
    if campaign.status is CampaignStatus.CANCELLED:
        return FinishReason.CANCELLED
    if campaign.status is CampaignStatus.COMPLETED or (campaign.end_at is not None and now >= campaign.end_at):
        return FinishReason.EXPIRED
    return None


def _batch_over(batch: Batch, now: datetime) -> FinishReason | None:
    if batch.status is BatchStatus.CANCELLED or batch.deleted_at is not None:
        return FinishReason.CANCELLED
    if batch.status is BatchStatus.EXPIRED or (batch.expires_at is not None and now >= batch.expires_at):
        return FinishReason.EXPIRED
    return None


def _next_end(campaign: Campaign, batches: Sequence[Batch], now: datetime) -> datetime | None:
    ends = [campaign.end_at, *(b.expires_at for b in batches if b.bands)]
    return min((at for at in ends if at is not None and at > now), default=None)


async def _anybody(ledger: Ledger, campaign: Campaign, batches: Sequence[Batch]) -> bool:
    """Whether anybody of the campaign waits or is being contacted."""
    async with ledger.read() as tx:
        return await _anybody_in(tx, campaign, batches)


async def _anybody_in(tx: Tx, campaign: Campaign, batches: Sequence[Batch]) -> bool:
    lanes = {b.id: b.bands for b in batches if b.bands}
    return await tx.queue.has_waiting(lanes) or bool(await tx.queue.in_flight(campaign.id))


async def _start(ledger: Ledger, campaign: Campaign, now: datetime) -> bool:
    async with ledger.write() as tx:
        locked = await tx.campaigns.lock(campaign.organization_id, campaign.id)
        if locked.status is not CampaignStatus.SCHEDULED or (locked.start_at is not None and locked.start_at > now):
            return True
        await turn(tx, locked, Action.START, now, {}, rule="start_at")
    return True


async def _complete(ledger: Ledger, campaign: Campaign, now: datetime) -> Tended | None:
    """Complete it, unless contacts came in meanwhile: its lock keeps them out until it is done.

    One that never had anybody waits for its first contact.
    """
    async with ledger.write() as tx:
        locked = await tx.campaigns.lock(campaign.organization_id, campaign.id)
        batches = await tx.campaigns.batches_of([campaign.id])
        if locked.status is not CampaignStatus.RUNNING or await _anybody_in(tx, locked, batches):
            return Tended(changed=True)
        over = _over(locked, now)
        if over is None:
            if not locked.plan.complete_when_empty:
                return Tended(changed=True)
            if not any((await tx.queue.tally([b.id for b in batches], ["contacts"])).values()):
                return None
        await turn(tx, locked, Action.COMPLETE, now, {}, rule="end_at" if over is not None else "nobody_left")
    return Tended(changed=True)


async def _close(ledger: Ledger, campaign: Campaign) -> bool:
    """Nobody waits in a campaign that is over: there is nothing to look at any more."""
    async with ledger.write() as tx:
        locked = await tx.campaigns.lock(campaign.organization_id, campaign.id)
        batches = await tx.campaigns.batches_of([campaign.id])
        if locked.status in OVER and not await _anybody_in(tx, locked, batches):
            await tx.campaigns.set_planned(campaign.id, SWEPT)
    return True


async def _sweep(ledger: Ledger, campaign: Campaign, batch_id: int, slot: int, now: datetime) -> Tended:
    """Finish a chunk of those who wait in a batch that is over.

    The batch is closed when nobody is left. Its campaign's lock keeps new contacts out meanwhile and its account's lock
    the releases, so that nobody is overlooked between two looks.
    """
    async with ledger.write() as tx:
        locked = await tx.campaigns.lock(campaign.organization_id, campaign.id)
        batch = await tx.campaigns.batch_by_id(campaign.organization_id, batch_id)
        reason = _over(locked, now) or _batch_over(batch, now)
        if reason is None or not batch.bands:
            return Tended(changed=True, more=True)
        if await tx.queue.lock_accounts(f"campaign:{campaign.id}", []) is None:
            return Tended(next_at=now + BUSY)
        live = any(f.batch_id == batch.id for f in await tx.queue.in_flight(campaign.id))
        waiting = await tx.queue.sweep(batch.id, CHUNK)
        endpoints = await tx.outbox.endpoints_for(campaign.organization_id)
        page = Page({campaign.organization_id: endpoints})
        for contact in waiting:
            page.finish(contact, reason, now, verdict="finished", rule="sweep", inputs={}, agent_id=campaign.agent_id)
        await page.write(tx, slot, now)
        if live or await tx.queue.has_waiting({batch.id: batch.bands}):
            return Tended(more=len(waiting) == CHUNK)  # what is live may come back to wait
        await tx.campaigns.clear_bands(batch.id)
        if batch.status is BatchStatus.ACTIVE and batch.expires_at is not None and batch.expires_at <= now:
            expired = replace(batch, status=BatchStatus.EXPIRED, updated_at=now)
            await tx.campaigns.update_batch(expired)
            await tx.queue.decide([_batch_line(expired, now)])
            await tx.outbox.put(messages_for(endpoints, _batch_expired(batch, expired, now), now))
    return Tended(changed=True, more=True)


def _batch_line(batch: Batch, now: datetime) -> Decision:
    return Decision(
        organization_id=batch.organization_id,
        campaign_id=batch.campaign_id,
        batch_id=batch.id,
        at=now,
        verdict=str(batch.status),
        rule="end",
    )


def _batch_expired(before: Batch, after: Batch, now: datetime) -> list[Happening]:
    event = batch_event(before.status, after.status)
    if event is None:
        return []
    return [
        Happening(
            type=event,
            organization_id=after.organization_id,
            at=now,
            campaign_id=after.campaign_id,
            batch_id=after.id,
            data={"key": after.key, "status": after.status, "previous_status": before.status},
        )
    ]


async def _replan(
    ledger: Ledger,
    planner: Planner,
    campaign: Campaign,
    batches: Sequence[Batch],
    now: datetime,
    place: Place | None,
) -> Tended:
    """After an edit: a chunk of those who wait for an opening of the old windows gets one of the new.

    A crash in between starts over, which changes nothing: the new instants are the same. Until its chunk comes a
    contact keeps its old instant, and the release looks at the new windows in any case.
    """
    batch_id, after = place or (0, 0)
    lane = next((b for b in batches if b.bands and b.id >= batch_id), None)
    if lane is None:
        async with ledger.write() as tx:
            await tx.campaigns.set_planned(campaign.id, campaign.plan_version)
        return Tended(changed=True, more=True)
    if lane.id != batch_id:
        after = 0
    async with ledger.write() as tx:
        some = await tx.queue.deferred(lane.id, after, now, CHUNK)
        page = Page({})
        groups: dict[tuple[str, datetime], Decision] = {}
        for contact in some:
            opening = _opening(planner, campaign, contact, now)
            if opening is None or opening == contact.next_at:
                continue
            page.moves.append(Move.stay(contact)._replace(next_at=opening))
            said = line(contact, now, "planned", "edit", next_at=opening)
            if contact.not_before is not None and contact.not_before > now:
                page.decisions.append(said)  # a retry's instant is its own
            else:
                groups[contact.region_key, opening] = replace(said, contact_id=None, region_key=contact.region_key)
        page.decisions.extend(groups.values())
        await page.write(tx, 0, now)
    place = (lane.id, some[-1].id) if len(some) == CHUNK else (lane.id + 1, 0)
    return Tended(more=True, place=place)


def _opening(planner: Planner, campaign: Campaign, contact: Contact, now: datetime) -> datetime | None:
    hours = planner.hours(campaign, contact.region_key)
    if isinstance(hours, FinishReason):
        return now  # due at once, so that the release skips it with its reason
    return hours.next_open(max(now, contact.not_before or now)) or now


async def take_back_stale(ledger: Ledger, campaign: Campaign, now: datetime) -> int:
    """Attempts that were released for a channel that pulls, and that nobody came for, go back to the queue."""
    async with ledger.write() as tx:
        return await tx.queue.take_back(campaign.id, now, released_before=now - FRESH)
