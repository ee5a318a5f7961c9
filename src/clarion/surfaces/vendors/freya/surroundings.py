"""What campaigns and calls refer to, looked up for a whole page at once: agents, numbers, webhooks, how it ended."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from clarion.app.actor import Actor
from clarion.app.agents import get_agent
from clarion.app.numbers import numbers
from clarion.app.ports.resources import Agent, Sender
from clarion.app.report import campaign_numbers
from clarion.app.senders import get_sender
from clarion.app.webhooks import list_endpoints
from clarion.core.campaigns import Campaign, CampaignStatus
from clarion.core.events import Endpoint
from clarion.core.outcomes import Channel
from clarion.surfaces.reception import Api
from clarion.surfaces.vendors.freya.translate import FREYA, Around, fields_of
from clarion.surfaces.vendors.freya.words import campaign_word
from clarion.wire.uuids import uuid_of

ENDPOINTS_PAGE = 500


@dataclass(frozen=True, slots=True)
class Surroundings:
    """Look-ups by our ids."""

    agents: Mapping[int, Agent]
    senders: Mapping[int, Sender]
    webhooks: Mapping[int, str]
    """By campaign."""
    reasons: Mapping[int, Mapping[str, int]]
    """Campaign -> finish reason -> customers, of campaigns that are completed."""

    def around(self, campaign: Campaign) -> Around:
        """What one campaign refers to."""
        return Around(
            agent=self.agents.get(campaign.agent_id or 0),
            sender=self.senders.get(campaign.sender_id or 0),
            webhook_url=self.webhooks.get(campaign.id),
        )


async def look_around(api: Api, caller: Actor, campaigns: Sequence[Campaign]) -> Surroundings:
    """The surroundings of some campaigns. For one campaign only what it refers to is read."""
    agent_ids = {campaign.agent_id for campaign in campaigns if campaign.agent_id is not None}
    sender_ids = {campaign.sender_id for campaign in campaigns if campaign.sender_id is not None}
    done = [campaign for campaign in campaigns if campaign.status is CampaignStatus.COMPLETED]
    return Surroundings(
        agents={agent_id: await get_agent(api.ledger, caller, agent_id) for agent_id in agent_ids},
        senders=await _senders(api, caller, sender_ids),
        webhooks=_hooks(await _endpoints(api, caller, campaigns)),
        reasons={each.id: (await campaign_numbers(api.ledger, caller, each.id)).total.reasons for each in done},
    )


async def _senders(api: Api, caller: Actor, ids: set[int]) -> dict[int, Sender]:
    if len(ids) <= 1:
        return {sender_id: await get_sender(api.ledger, caller, sender_id) for sender_id in ids}
    return {sender.id: sender for sender in await numbers(api.ledger, caller, Channel.VOICE)}


async def _endpoints(api: Api, caller: Actor, campaigns: Sequence[Campaign]) -> list[Endpoint]:
    if len(campaigns) == 1:
        return await list_endpoints(api.ledger, caller, campaign_id=campaigns[0].id)
    found: list[Endpoint] = []
    while campaigns:
        page = await list_endpoints(api.ledger, caller, after=found[-1].id if found else 0, limit=ENDPOINTS_PAGE)
        found += page
        if len(page) < ENDPOINTS_PAGE:
            break
    return found


def _hooks(endpoints: Iterable[Endpoint]) -> dict[int, str]:
    return {each.campaign_id: each.url for each in endpoints if each.format == FREYA and each.campaign_id is not None}


def campaign_object(campaign: Campaign, around: Around, reasons: Mapping[str, int] | None = None) -> dict[str, Any]:
    """A campaign as Freya's API answers it. `reasons`: of a completed one, finish reason -> customers."""
    return {
        "id": uuid_of("campaign", campaign.id),
        "workspaceId": uuid_of("organization", campaign.organization_id),
        **fields_of(campaign, around),
        "status": campaign_word(campaign.status, reasons or {}),
        "phoneNumberId": None if campaign.sender_id is None else uuid_of("sender", campaign.sender_id),
        "createdAt": campaign.created_at,
        "updatedAt": campaign.updated_at,
    }
