"""Contacts that wait until somebody launches them: they lie in a batch of their campaign that is paused for good."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import islice

from clarion.app.actor import Actor, Role
from clarion.app.add_contacts import SLOT, bands_of, campaign_takes, enter, held_batch, held_key
from clarion.app.ports.clock import Clock
from clarion.app.ports.ledger import Ledger, Tx
from clarion.app.refusals import Conflict
from clarion.app.steer import turn
from clarion.core.campaigns import Batch, Campaign, CampaignStatus
from clarion.core.contacts import Contact, Decision
from clarion.core.lifecycle import Action
from clarion.core.outcomes import ContactState

CHUNK = 1_000
"""Contacts in one transaction."""


async def hold_contacts(ledger: Ledger, clock: Clock, actor: Actor, contact_ids: Sequence[int]) -> Sequence[int]:
    """Hold waiting contacts back until they are launched; the ids of those that were held. Others are passed over.

    They keep the instant that they were due at: whoever lets them go on may launch them `at` their `not_before`.
    """
    return await _shift(ledger, clock, actor, contact_ids, None, hold=True)


async def launch_contacts(
    ledger: Ledger, clock: Clock, actor: Actor, contact_ids: Sequence[int], *, at: datetime | None = None
) -> Sequence[int]:
    """Let held contacts be reached, from now or from `at` on; the ids of those that were launched.

    A campaign that was completed runs again. Raises Conflict when a campaign or its default batch is over, or when
    somebody there has the reference of one of them; Invalid when its end has passed. A long list is worked through in
    parts: what was launched before a refusal stays so.
    """
    return await _shift(ledger, clock, actor, contact_ids, at, hold=False)


async def _shift(
    ledger: Ledger, clock: Clock, actor: Actor, contact_ids: Sequence[int], at: datetime | None, *, hold: bool
) -> Sequence[int]:
    actor.must_be(Role.OPERATOR)
    done: list[int] = []
    left = iter(sorted(set(contact_ids)))
    while chunk := list(islice(left, CHUNK)):
        now = clock.now()
        async with ledger.write() as tx:
            for campaign in await _campaigns_of(tx, actor, chunk):
                done += await _move(tx, actor, campaign, chunk, now, at, hold=hold)
    return done


async def _campaigns_of(tx: Tx, actor: Actor, contact_ids: Sequence[int]) -> list[Campaign]:
    """The campaigns of these contacts, locked in order of id before any contact is."""
    found = await tx.queue.contacts(contact_ids)
    mine = sorted({contact.campaign_id for contact in found if contact.organization_id == actor.organization_id})
    return [await tx.campaigns.lock(actor.organization_id, campaign_id) for campaign_id in mine]


async def _move(
    tx: Tx,
    actor: Actor,
    campaign: Campaign,
    contact_ids: Sequence[int],
    now: datetime,
    at: datetime | None,
    *,
    hold: bool,
) -> list[int]:
    campaign_takes(campaign, now)
    held = await held_batch(tx, campaign, now)
    people = [
        contact
        for contact in await tx.people.lock_many(actor.organization_id, contact_ids)
        if contact.campaign_id == campaign.id
        and contact.state is ContactState.WAITING
        and (contact.batch_id == held.id) != hold
    ]
    if not people:
        return []
    target = held
    if not hold:
        _, target = await enter(tx, actor.organization_id, campaign.id, None, now)
    references = [contact.reference_id for contact in people if contact.reference_id is not None]
    taken = await tx.people.references(actor.organization_id, target.id, references)
    if taken:
        raise Conflict("taken", f"Batch {target.key!r} has the reference {min(taken)!r} already.")
    due = max(now, at) if at is not None else now
    await tx.people.move_to(target, [contact.id for contact in people], None if hold else due, now)
    await tx.campaigns.add_bands(target.id, bands_of(people))
    await tx.queue.count(SLOT, shifted(people, target))
    await tx.queue.decide([_line(actor, contact, target, now, None if hold else due) for contact in people])
    if not hold and campaign.status is CampaignStatus.COMPLETED:
        await turn(tx, campaign, Action.REOPEN, now, {"user_id": actor.user_id}, rule="contacts_launched")
    return [contact.id for contact in people]


def shifted(people: Iterable[Contact], target: Batch) -> Counter[tuple[int, int, str]]:
    """What leaves the tallies of a batch and comes into another's with waiting contacts. Attempts stay where they are
    counted."""
    counts: Counter[tuple[int, int, str]] = Counter()
    for contact in people:
        keys = ["contacts"] + ([f"last:{contact.last_outcome}"] if contact.last_outcome is not None else [])
        for key in [*keys, "goal"] if contact.goal_reached else keys:
            counts[contact.campaign_id, contact.batch_id, key] -= 1
            counts[target.campaign_id, target.id, key] += 1
    return counts


def _line(actor: Actor, contact: Contact, target: Batch, now: datetime, due: datetime | None) -> Decision:
    return Decision(
        organization_id=contact.organization_id,
        campaign_id=contact.campaign_id,
        batch_id=target.id,
        contact_id=contact.id,
        at=now,
        verdict="held" if due is None else "launched",
        rule="by_hand",
        next_at=due,
        inputs={"user_id": actor.user_id},
    )


__all__ = ["held_batch", "held_key", "hold_contacts", "launch_contacts"]
