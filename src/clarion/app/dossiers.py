"""Contacts with all that is known along with them: campaign, attempts, agent, who calls, whether they are held."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from clarion.app.actor import Actor
from clarion.app.held import held_key
from clarion.app.ports.ledger import Ledger, Tx
from clarion.app.ports.resources import Agent, Sender
from clarion.core.campaigns import Campaign
from clarion.core.contacts import Attempt, Contact

MOST_SENDERS = 10_000


@dataclass(frozen=True, slots=True)
class Dossier:
    """A contact and everything about them."""

    contact: Contact
    campaign: Campaign
    attempts: Sequence[Attempt] = ()
    """In order, with the carriers' reports; none that was taken back."""
    agent: Agent | None = None
    caller: str | None = None
    """The address of the sender that reached out last, else of the one that will."""
    held: bool = False
    """They wait until somebody launches them."""


async def dossiers(ledger: Ledger, actor: Actor, contacts: Sequence[Contact]) -> list[Dossier]:
    """Those of contacts of the caller's organisation, in the same order."""
    async with ledger.read() as tx:
        return await gather(tx, actor.organization_id, contacts)


async def dossier(ledger: Ledger, actor: Actor, contact_id: int) -> Dossier:
    """That of one contact, or NotFound."""
    async with ledger.read() as tx:
        contact = await tx.people.get(actor.organization_id, contact_id)
        return (await gather(tx, actor.organization_id, [contact]))[0]


async def gather(tx: Tx, organization_id: int, contacts: Sequence[Contact]) -> list[Dossier]:
    """`dossiers` inside the caller's transaction."""
    if not contacts:
        return []
    campaign_ids = sorted({contact.campaign_id for contact in contacts})
    campaigns = {each: await tx.campaigns.get(organization_id, each) for each in campaign_ids}
    agent_ids = {campaign.agent_id for campaign in campaigns.values() if campaign.agent_id is not None}
    agents = {each: await tx.resources.agent(organization_id, each) for each in sorted(agent_ids)}
    held = {b.id for b in await tx.campaigns.batches_of(campaign_ids) if b.key == held_key(b.campaign_id)}
    tried: dict[int, list[Attempt]] = defaultdict(list)
    for attempt in await tx.reports.attempts_of(organization_id, [c.id for c in contacts if c.tries]):
        tried[attempt.contact_id].append(attempt)
    channels = {campaign.channel for campaign in campaigns.values()}
    senders: dict[int, Sender] = {}
    for channel in sorted(channels):
        found = await tx.resources.senders(organization_id, channel=channel, limit=MOST_SENDERS)
        senders |= {sender.id: sender for sender in found}
    return [
        Dossier(
            contact=contact,
            campaign=(campaign := campaigns[contact.campaign_id]),
            attempts=tried[contact.id],
            agent=None if campaign.agent_id is None else agents[campaign.agent_id],
            caller=_caller(campaign, tried[contact.id], senders),
            held=contact.batch_id in held,
        )
        for contact in contacts
    ]


def _caller(campaign: Campaign, attempts: Sequence[Attempt], senders: Mapping[int, Sender]) -> str | None:
    last = attempts[-1].sender_id if attempts else None
    for sender_id in (last, campaign.sender_id):
        if sender_id is not None and sender_id in senders:
            return senders[sender_id].address
    return next((s.address for s in senders.values() if s.enabled and s.channel is campaign.channel), None)
