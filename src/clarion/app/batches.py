"""Batches, the lanes of a campaign's queue: create with the client's key, edit, pause, delete with a reason."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from clarion.app.actor import Actor, Role
from clarion.app.add_contacts import held_key
from clarion.app.ports.campaigns import BatchFilters
from clarion.app.ports.clock import Clock
from clarion.app.ports.ledger import Ledger, Tx
from clarion.app.refusals import Conflict, Invalid, Problem
from clarion.core.campaigns import Batch, BatchStatus, CampaignStatus
from clarion.core.contacts import Decision
from clarion.core.events import Happening, batch_event, messages_for
from clarion.core.pacing import Pacing, pacing_problems

KEY_LENGTH = 255
DEFAULT_KEY = re.compile(r"campaign-[0-9]+(-held)?")
REASON_LENGTH = 1_000


@dataclass(frozen=True, slots=True)
class BatchContent:
    """What people decide about a batch. Limits here hold beside the campaign's: the tighter one binds."""

    pacing: Pacing = field(default_factory=Pacing)
    expires_at: datetime | None = None
    """UTC. Who waits then is finished as expired."""
    paused: bool = False
    extras: Mapping[str, Any] = field(default_factory=dict)


async def create_batch(
    ledger: Ledger, clock: Clock, actor: Actor, campaign_id: int, key: str, content: BatchContent
) -> Batch:
    """A new batch of a campaign; `key` is the client's name for it, unique in the organisation (Conflict `taken`)."""
    actor.must_be(Role.OPERATOR)
    now = clock.now()
    problems = _key_problems(key) + _content_problems(content, now)
    if problems:
        raise Invalid(problems)
    async with ledger.write() as tx:
        campaign = await tx.campaigns.lock(actor.organization_id, campaign_id)
        if campaign.status is CampaignStatus.CANCELLED or campaign.archived_at is not None:
            raise Conflict("over", f"Campaign {campaign_id} is over and takes no more batches.")
        batch = Batch(
            id=(await tx.new_ids("batches"))[0],
            organization_id=actor.organization_id,
            campaign_id=campaign_id,
            key=key,
            status=BatchStatus.PAUSED if content.paused else BatchStatus.ACTIVE,
            pacing=content.pacing,
            expires_at=content.expires_at,
            created_at=now,
            updated_at=now,
            extras=content.extras,
            updated_by=actor.user_id,
        )
        if not await tx.campaigns.insert_batch(batch):
            raise Conflict("taken", f"There is a batch {key!r} already.")
    return batch


async def edit_batch(
    ledger: Ledger, clock: Clock, actor: Actor, key: str, change: Callable[[BatchContent], BatchContent]
) -> Batch:
    """Replace what is decided about a batch by `change` of it, under its lock.

    Pausing takes back what was released and no channel has begun. A later expiry revives an expired batch for the
    contacts that come from then on. Raises Invalid; Conflict when it was deleted.
    """
    actor.must_be(Role.OPERATOR)
    now = clock.now()
    async with ledger.write() as tx:
        batch = await tx.campaigns.get_batch(actor.organization_id, key, lock=True)
        _must_not_be_deleted(batch)
        if batch.key == held_key(batch.campaign_id):
            raise Conflict("held_batch", "Contacts that are held back are launched one by one, not by their batch.")
        before = BatchContent(batch.pacing, batch.expires_at, batch.status is BatchStatus.PAUSED, batch.extras)
        content = change(before)
        if content == before:
            return batch
        problems = _content_problems(content, now, before)
        if problems:
            raise Invalid(problems)
        changed = replace(
            batch,
            status=_status(batch, content, now),
            pacing=content.pacing,
            expires_at=content.expires_at,
            extras=content.extras,
            updated_at=now,
        )
        await tx.campaigns.update_batch(changed, updated_by=actor.user_id)
        if changed.status is BatchStatus.PAUSED:
            await tx.queue.take_back(batch.campaign_id, now, batch.id)
        fields = [name for name in BatchContent.__slots__ if getattr(before, name) != getattr(content, name)]
        await _tell(tx, actor, batch, changed, now, {"fields": fields})
    return changed


async def pause_batch(ledger: Ledger, clock: Clock, actor: Actor, key: str) -> Batch:
    """Hold the batch back; its campaign goes on. Pausing a paused batch changes nothing."""
    return await edit_batch(ledger, clock, actor, key, lambda content: replace(content, paused=True))


async def resume_batch(ledger: Ledger, clock: Clock, actor: Actor, key: str) -> Batch:
    """Let it go on. Resuming an active batch changes nothing."""
    return await edit_batch(ledger, clock, actor, key, lambda content: replace(content, paused=False))


async def delete_batch(ledger: Ledger, clock: Clock, actor: Actor, key: str, reason: str) -> Batch:
    """Call it off: who waits is finished as cancelled, and running conversations end by themselves.

    The batch and its contacts stay for the record, and its key stays taken. Deleting twice changes nothing. A
    campaign's default batch cannot be deleted (Conflict): cancel the campaign.
    """
    actor.must_be(Role.OPERATOR)
    now = clock.now()
    if not reason.strip() or len(reason) > REASON_LENGTH:
        message = f"Say why, in 1 to {REASON_LENGTH} characters."
        raise Invalid([Problem("reason", "bad_reason", message)])
    async with ledger.write() as tx:
        batch = await tx.campaigns.get_batch(actor.organization_id, key, lock=True)
        if batch.key == f"campaign-{batch.campaign_id}":
            raise Conflict("default_batch", "A campaign's default batch cannot be deleted; cancel the campaign.")
        if batch.key == held_key(batch.campaign_id):
            raise Conflict("held_batch", "The batch of contacts that are held back stays; remove the contacts.")
        if batch.deleted_at is not None:
            return batch
        changed = replace(
            batch, status=BatchStatus.CANCELLED, deleted_at=now, deleted_reason=reason.strip(), updated_at=now
        )
        await tx.campaigns.update_batch(changed, updated_by=actor.user_id)
        await tx.queue.take_back(batch.campaign_id, now, batch.id)
        await _tell(tx, actor, batch, changed, now, {"reason": changed.deleted_reason})
    return changed


async def get_batch(ledger: Ledger, actor: Actor, key: str) -> Batch:
    """One batch, deleted or not, or NotFound."""
    async with ledger.read() as tx:
        return await tx.campaigns.get_batch(actor.organization_id, key)


async def list_batches(
    ledger: Ledger, actor: Actor, filters: BatchFilters, *, cursor: int | None = None, limit: int = 50
) -> Sequence[Batch]:
    """Batches, the newest first; `cursor` is the id of the last one seen. NotFound for a foreign campaign."""
    async with ledger.read() as tx:
        if filters.campaign_id is not None:
            await tx.campaigns.get(actor.organization_id, filters.campaign_id)
        return await tx.campaigns.batch_page(actor.organization_id, filters, cursor, limit)


def _status(batch: Batch, content: BatchContent, now: datetime) -> BatchStatus:
    if batch.status is BatchStatus.EXPIRED and (content.expires_at is not None and content.expires_at <= now):
        return BatchStatus.EXPIRED
    return BatchStatus.PAUSED if content.paused else BatchStatus.ACTIVE


def _must_not_be_deleted(batch: Batch) -> None:
    if batch.deleted_at is not None:
        raise Conflict("deleted", f"Batch {batch.key!r} was deleted: {batch.deleted_reason}")


def _key_problems(key: str) -> list[Problem]:
    if not key.strip() or key != key.strip() or len(key) > KEY_LENGTH:
        message = f"A key has 1 to {KEY_LENGTH} characters, without blanks around it."
        return [Problem("key", "bad_key", message)]
    if DEFAULT_KEY.fullmatch(key):
        return [Problem("key", "reserved", "Keys such as campaign-7 are those of default batches.")]
    return []


def _content_problems(content: BatchContent, now: datetime, before: BatchContent | None = None) -> list[Problem]:
    finish_stands = before is not None and before.pacing.finish_by == content.pacing.finish_by
    found = pacing_problems(content.pacing, None if finish_stands else now)
    problems = [Problem(f"pacing.{path}", code, message) for path, code, message in found]
    moved = before is None or before.expires_at != content.expires_at
    if moved and content.expires_at is not None and content.expires_at <= now:
        problems.append(Problem("expires_at", "past", "The expiry is in the past."))
    return problems


async def _tell(tx: Tx, actor: Actor, before: Batch, after: Batch, now: datetime, inputs: Mapping[str, Any]) -> None:
    """The line in the stories of its contacts, and the webhooks when its status changed."""
    line = Decision(
        organization_id=after.organization_id,
        campaign_id=after.campaign_id,
        batch_id=after.id,
        at=now,
        verdict="edited" if before.status is after.status else str(after.status),
        rule="by_hand",
        inputs={**inputs, "user_id": actor.user_id},
    )
    await tx.queue.decide([line])
    event = batch_event(before.status, after.status)
    if event is not None:
        happening = Happening(
            type=event,
            organization_id=after.organization_id,
            at=now,
            campaign_id=after.campaign_id,
            batch_id=after.id,
            data={"key": after.key, "status": after.status, "previous_status": before.status},
        )
        endpoints = await tx.outbox.endpoints_for(after.organization_id)
        await tx.outbox.put(messages_for(endpoints, [happening], now))
