"""Tend: campaigns start and end by the clock, batches expire, edits reach contacts that wait for an old instant.

Everything is done in chunks, so that no campaign is too large to be cancelled within a second.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from clarion.app.planning import Planner
from clarion.app.ports.ledger import Ledger, Tx
from clarion.app.ports.queue import Move
from clarion.core.campaigns import Batch, BatchStatus, Campaign, CampaignStatus
from clarion.core.contacts import Contact, Decision
from clarion.core.events import EventType, Happening, messages_for
from clarion.core.outcomes import FinishReason

CHUNK = 2_000
SWEPT = -1
"""`planned_version` of a campaign that is over and has nobody waiting any more."""


@dataclass(frozen=True, slots=True)
class Tended:
    """What tending did. `more`: there is more to do at once. `next_at`: when the clock brings more."""

    changed: bool = False
    more: bool = False
    next_at: datetime | None = None


async def tend(
    ledger: Ledger,
    planner: Planner,
    campaign: Campaign,
    batches: Sequence[Batch],
    slot: int,
    now: datetime,
) -> Tended:
    """See to one campaign: start it, sweep what is over, follow an edit, complete it."""
    if campaign.status is CampaignStatus.SCHEDULED:
        if campaign.start_at is not None and campaign.start_at > now:
            return Tended(next_at=campaign.start_at)
        return Tended(
            changed=await _turn(ledger, campaign, CampaignStatus.RUNNING, EventType.CAMPAIGN_STARTED, "start_at", now),
            more=True,
        )
    over = _over(campaign, now)
    for batch in batches:
        reason = over or _batch_over(batch, now)
        if reason is not None and batch.bands:
            return await _sweep(ledger, campaign, batch, reason, slot, now)
    if over is None and campaign.planned_version != campaign.plan_version:
        return await _replan(ledger, planner, campaign, batches, now)
    lanes = {b.id: b.bands for b in batches if b.bands}
    async with ledger.read() as tx:
        waiting = await tx.queue.has_waiting(lanes)
        live = any(f.campaign_id == campaign.id for f in await tx.queue.in_flight()) if not waiting else True
    if waiting or live:
        return Tended(next_at=_next_end(campaign, batches, now))
    if campaign.status is CampaignStatus.RUNNING and (over is not None or _completes(campaign, batches)):
        changed = await _turn(
            ledger, campaign, CampaignStatus.COMPLETED, EventType.CAMPAIGN_COMPLETED, over or "nobody_left", now
        )
        return Tended(changed=changed)
    if campaign.status in (CampaignStatus.CANCELLED, CampaignStatus.COMPLETED):
        async with ledger.write() as tx:
            await tx.campaigns.set_planned(campaign.id, SWEPT)
        return Tended(changed=True)
    return Tended(next_at=_next_end(campaign, batches, now))


def _completes(campaign: Campaign, batches: Sequence[Batch]) -> bool:
    """Whether an empty queue ends the campaign. One that never had anybody waits for its first contact."""
    return campaign.plan.complete_when_empty and bool(batches)


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


async def _turn(
    ledger: Ledger, campaign: Campaign, new: CampaignStatus, event: EventType, rule: str, now: datetime
) -> bool:
    """Change the status with its line and its webhooks, unless somebody else did."""
    async with ledger.write() as tx:
        if not await tx.campaigns.set_status(campaign.id, campaign.status, new, now):
            return False
        await tx.queue.decide([_line(campaign, None, now, str(new), rule)])
        happening = Happening(
            type=event,
            organization_id=campaign.organization_id,
            at=now,
            campaign_id=campaign.id,
            agent_id=campaign.agent_id,
            data={"name": campaign.name, "status": new},
        )
        endpoints = await tx.outbox.endpoints_for(campaign.organization_id)
        await tx.outbox.put(messages_for(endpoints, [happening], now))
    return True


async def _sweep(
    ledger: Ledger, campaign: Campaign, batch: Batch, reason: FinishReason, slot: int, now: datetime
) -> Tended:
    """Finish a chunk of those who wait in a batch that is over."""
    async with ledger.write() as tx:
        waiting = await tx.queue.sweep(batch.id, CHUNK)
        await tx.queue.move([Move.stay(c).finished(reason) for c in waiting], now)
        await tx.queue.decide([_line(campaign, c, now, "finished", "sweep", reason) for c in waiting])
        counts = {
            f"finished:{reason}": len(waiting),
            f"skipped:{reason}": sum(c.tries == 0 for c in waiting),
            "unattempted": sum(c.tries == 0 for c in waiting),
        }
        await tx.queue.count(slot, {(campaign.id, batch.id, key): n for key, n in counts.items()})
        live = any(f.batch_id == batch.id for f in await tx.queue.in_flight()) if len(waiting) < CHUNK else True
        if not live:
            await tx.campaigns.clear_bands(batch.id)
            if batch.status is BatchStatus.ACTIVE and reason is FinishReason.EXPIRED and batch.deleted_at is None:
                await _expire(tx, campaign, batch, now)
    return Tended(changed=not live, more=len(waiting) == CHUNK)


async def _expire(tx: Tx, campaign: Campaign, batch: Batch, now: datetime) -> None:
    if batch.expires_at is None or now < batch.expires_at:
        return
    await tx.campaigns.update_batch(replace(batch, status=BatchStatus.EXPIRED, updated_at=now))
    happening = Happening(
        type=EventType.BATCH_EXPIRED,
        organization_id=batch.organization_id,
        at=now,
        campaign_id=campaign.id,
        batch_id=batch.id,
        data={"key": batch.key},
    )
    endpoints = await tx.outbox.endpoints_for(batch.organization_id)
    await tx.outbox.put(messages_for(endpoints, [happening], now))


async def _replan(
    ledger: Ledger, planner: Planner, campaign: Campaign, batches: Sequence[Batch], now: datetime
) -> Tended:
    """After an edit: who waits for an opening of the old windows gets one of the new, chunk by chunk.

    A crash in between starts over, which changes nothing: the new instants are the same. Until its chunk comes a
    contact keeps its old instant, and the release looks at the new windows in any case.
    """
    for batch in batches:
        after = 0
        while batch.bands:
            async with ledger.write() as tx:
                some = await tx.queue.deferred(batch.id, after, now, CHUNK)
                moves, lines = [], []
                for contact in some:
                    opening = _opening(planner, campaign, contact, now)
                    if opening is not None and opening != contact.next_at:
                        moves.append(replace(Move.stay(contact), next_at=opening))
                        lines.append(replace(_line(campaign, contact, now, "planned", "edit"), next_at=opening))
                await tx.queue.move(moves, now)
                await tx.queue.decide(lines)
            if len(some) < CHUNK:
                break
            after = some[-1].id
    async with ledger.write() as tx:
        await tx.campaigns.set_planned(campaign.id, campaign.plan_version)
    return Tended(changed=True, more=True)


def _opening(planner: Planner, campaign: Campaign, contact: Contact, now: datetime) -> datetime | None:
    hours = planner.hours(campaign, contact.region_key)
    if isinstance(hours, FinishReason):
        return now  # due at once, so that the release skips it with its reason
    return hours.next_open(max(now, contact.not_before or now))


def _line(
    campaign: Campaign,
    contact: Contact | None,
    now: datetime,
    verdict: str,
    rule: str,
    reason: FinishReason | None = None,
) -> Decision:
    return Decision(
        organization_id=campaign.organization_id,
        campaign_id=campaign.id,
        batch_id=contact.batch_id if contact else None,
        contact_id=contact.id if contact else None,
        at=now,
        verdict=verdict,
        rule=rule,
        inputs={"reason": reason} if reason else {},
    )
