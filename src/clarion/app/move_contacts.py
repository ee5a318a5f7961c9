"""Move waiting contacts to another campaign. What was tried stays with the campaign that tried it."""

from __future__ import annotations

from datetime import datetime

from clarion.app.actor import Actor, Role
from clarion.app.add_contacts import SLOT, bands_of, enter
from clarion.app.held import shifted
from clarion.app.ports.clock import Clock
from clarion.app.ports.ledger import Ledger, Tx
from clarion.app.ports.people import DUPLICATE_ADDRESS
from clarion.app.refusals import Conflict
from clarion.app.steer import turn
from clarion.core.campaigns import Batch, Campaign, CampaignStatus
from clarion.core.contacts import Contact, Decision
from clarion.core.lifecycle import Action
from clarion.core.outcomes import ContactState


async def move_contact(ledger: Ledger, clock: Clock, actor: Actor, contact_id: int, campaign_id: int) -> Contact:
    """Let a contact wait in another campaign's default batch; a completed campaign runs again.

    What it has used of its budget counts there too. Raises NotFound, and Conflict when it does not wait, when the
    campaign has its address or is over, or is for another channel.
    """
    actor.must_be(Role.OPERATOR)
    now = clock.now()
    async with ledger.write() as tx:
        before = await tx.people.get(actor.organization_id, contact_id)
        ids = sorted({before.campaign_id, campaign_id})
        campaigns = {n: await tx.campaigns.lock(actor.organization_id, n) for n in ids}
        target, batch = await enter(tx, actor.organization_id, campaign_id, None, now)
        contact = await tx.people.get(actor.organization_id, contact_id, lock=True)
        if contact.campaign_id == campaign_id:
            return contact
        await _must_fit(tx, contact, campaigns.get(contact.campaign_id), target)
        await tx.people.move_to(batch, [contact_id], now, now)
        await tx.campaigns.add_bands(batch.id, bands_of([contact]))
        await tx.queue.count(SLOT, shifted([contact], batch))
        await tx.queue.decide([_line(actor, contact, batch, now)])
        if target.status is CampaignStatus.COMPLETED:
            await turn(tx, target, Action.REOPEN, now, {"user_id": actor.user_id}, rule="contacts_added")
        return await tx.people.get(actor.organization_id, contact_id)


async def _must_fit(tx: Tx, contact: Contact, source: Campaign | None, target: Campaign) -> None:
    if source is None:
        raise Conflict("changed", f"Contact {contact.id} was moved meanwhile.")
    if contact.state is not ContactState.WAITING:
        raise Conflict("not_waiting", f"Contact {contact.id} is {contact.state}; only one that waits can be moved.")
    if source.channel is not target.channel:
        raise Conflict("other_channel", f"Campaign {target.id} is for {target.channel}, not for {source.channel}.")
    taken = await tx.people.address_taken(contact.organization_id, target.id, contact.address)
    if taken is not None:
        raise Conflict(DUPLICATE_ADDRESS, f"The campaign has this address already: contact {taken}.")


def _line(actor: Actor, contact: Contact, batch: Batch, now: datetime) -> Decision:
    return Decision(
        organization_id=contact.organization_id,
        campaign_id=batch.campaign_id,
        batch_id=batch.id,
        contact_id=contact.id,
        at=now,
        verdict="moved",
        rule="by_hand",
        inputs={"from_campaign": contact.campaign_id, "user_id": actor.user_id},
    )
