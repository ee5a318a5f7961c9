"""Calls as phone services list them: an attempt with whom it was made to, in what campaign, by whom, from where.

A call that was asked for by itself (see `single_calls.py`) is there before its attempt is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from clarion.app.actor import Actor
from clarion.app.ports.campaigns import CampaignFilters
from clarion.app.ports.ledger import Ledger, Tx
from clarion.app.ports.reports import AttemptFilters
from clarion.app.ports.resources import Agent, Sender
from clarion.app.refusals import NotFound
from clarion.app.single_calls import is_single_calls
from clarion.core.campaigns import Campaign
from clarion.core.contacts import Attempt, Contact
from clarion.core.outcomes import FinishReason

PAGE = 500


@dataclass(frozen=True, slots=True)
class Call:
    """A call with all that is told of it. `attempt` has the carrier's report; None: it has not been made yet."""

    attempt: Attempt | None
    contact: Contact
    campaign: Campaign
    agent: Agent | None
    sender: Sender | None

    @property
    def single(self) -> bool:
        """Whether it was asked for by itself."""
        return is_single_calls(self.campaign)


async def browse_calls(
    ledger: Ledger, actor: Actor, filters: AttemptFilters, *, offset: int = 0, limit: int = 15
) -> tuple[Sequence[Call], int]:
    """The calls of a page that have been made, the newest first, and how many there are."""
    async with ledger.read() as tx:
        attempts, total = await tx.reports.browse_attempts(actor.organization_id, filters, offset, limit)
        return await calls_of(tx, actor.organization_id, attempts), total


async def call_of_attempt(ledger: Ledger, actor: Actor, attempt_id: int) -> Call:
    """One call, or NotFound."""
    async with ledger.read() as tx:
        attempt = await tx.reports.attempt(actor.organization_id, attempt_id)
        (call,) = await calls_of(tx, actor.organization_id, [attempt])
        return call


async def single_call(ledger: Ledger, actor: Actor, contact_id: int) -> Call:
    """A call that was asked for by itself, by the contact that stands for it. NotFound also when it was removed."""
    async with ledger.read() as tx:
        contact = await tx.people.get(actor.organization_id, contact_id)
        campaign = await tx.campaigns.get(actor.organization_id, contact.campaign_id)
        if not is_single_calls(campaign) or contact.finish_reason is FinishReason.REMOVED:
            raise NotFound("call", contact_id)
        attempts = await tx.reports.attempts_of(actor.organization_id, [contact_id])
        if attempts:
            return (await calls_of(tx, actor.organization_id, attempts[-1:]))[0]
        agent = campaign.agent_id and await tx.resources.agent(actor.organization_id, campaign.agent_id)
        sender = campaign.sender_id and await tx.resources.sender(actor.organization_id, campaign.sender_id)
        return Call(None, contact, campaign, agent or None, sender or None)


async def calls_of(tx: Tx, organization_id: int, attempts: Sequence[Attempt]) -> list[Call]:
    """These attempts as calls, in their order. What several share is looked up once."""
    contacts = {each.id: each for each in await tx.queue.contacts(sorted({a.contact_id for a in attempts}))}
    campaigns = {n: await tx.campaigns.get(organization_id, n) for n in sorted({a.campaign_id for a in attempts})}
    agent_ids = sorted({each.agent_id for each in campaigns.values() if each.agent_id is not None})
    agents = {n: await tx.resources.agent(organization_id, n) for n in agent_ids}
    sender_ids = sorted({a.sender_id for a in attempts if a.sender_id is not None})
    senders = {n: await tx.resources.sender(organization_id, n) for n in sender_ids}
    return [
        Call(
            attempt=attempt,
            contact=contacts[attempt.contact_id],
            campaign=campaigns[attempt.campaign_id],
            agent=agents.get(campaigns[attempt.campaign_id].agent_id or 0),
            sender=senders.get(attempt.sender_id or 0),
        )
        for attempt in attempts
    ]


async def campaigns_of_agent(ledger: Ledger, actor: Actor, agent_id: int) -> frozenset[int]:
    """Every campaign in which an agent speaks, those of single calls and those that were put away among them."""
    found: set[int] = set()
    async with ledger.read() as tx:
        for archived in (False, True):
            filters = CampaignFilters(agent_id=agent_id, archived=archived)
            cursor: int | None = None
            while page := await tx.campaigns.page(actor.organization_id, filters, cursor, PAGE):
                found |= {campaign.id for campaign in page}
                cursor = page[-1].id
    return frozenset(found)
