"""Outbound campaigns. One is launched as it is created: batches decide who is reached when."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Annotated, Any

from fastapi import APIRouter

from clarion.app.actor import Actor
from clarion.app.agents import live_agent
from clarion.app.browse import browse_campaigns
from clarion.app.campaign_content import CampaignContent
from clarion.app.campaigns import edit_campaign, live_campaign, remove_campaign
from clarion.app.numbers import number_of, numbers
from clarion.app.ports.resources import Agent, Sender
from clarion.app.refusals import Invalid, NotFound
from clarion.app.senders import get_sender
from clarion.app.set_up import Hook, SetUp, set_up_campaign
from clarion.app.steer import launch_campaign
from clarion.core.campaigns import Campaign, CampaignStatus
from clarion.core.events import Endpoint
from clarion.core.outcomes import Channel
from clarion.surfaces.reception import Api
from clarion.surfaces.vendors.echo import recall, remember
from clarion.surfaces.vendors.syllable.access import (
    ApiDep,
    Caller,
    Json,
    PathId,
    email_of,
    emails_of,
    place_of,
)
from clarion.surfaces.vendors.syllable.campaign_hooks import (
    check_hooks,
    hooks_by_campaign,
    hooks_of,
    replace_hooks,
)
from clarion.surfaces.vendors.syllable.errors import worded
from clarion.surfaces.vendors.syllable.forms import written
from clarion.surfaces.vendors.syllable.hooks import draft_of_hook, hook_reading, secret_of
from clarion.surfaces.vendors.syllable.lists import Listing, cut, listing, page_of, searched
from clarion.surfaces.vendors.syllable.rates import settle_rates
from clarion.surfaces.vendors.syllable.reading import MADE, NAME, SOURCE, made_here, reading
from clarion.surfaces.vendors.syllable.shapes import CampaignInput
from clarion.surfaces.vendors.syllable.translate import FIELDS, presented_number, revised, sent_fields, translation_of

router = APIRouter(prefix="/api/v1/outbound/campaigns", tags=["outbound.campaigns"])

PROPERTIES = frozenset(
    {
        *("id", "campaign_name", "campaign_variables", "daily_start_time", "daily_end_time", "source", "mode"),
        *("caller_id", "updated_at", "label", "labels", "voicemail_detection"),
    }
)
REQUIRED = ("campaign_name", "campaign_variables", "caller_id", "active_days", "id", "last_updated_by")
NO_SENDER = "no_sender"


@router.get("")
async def list_all(api: ApiDep, caller: Caller, asked: Annotated[Listing, listing(PROPERTIES)]) -> Json:
    """A page of campaigns, the newest first."""
    found = [each for each in await browse_campaigns(api.ledger, caller) if asked.when(each.created_at)]
    total = len(found)
    if asked.plain:
        return page_of(await readings(api, caller, cut(found, asked)), total, asked, REQUIRED)
    rows = searched(await readings(api, caller, found), asked)
    return page_of(cut(rows, asked), len(rows), asked, REQUIRED)


@router.post("")
async def create(api: ApiDep, caller: Caller, body: CampaignInput) -> Json:
    """A new campaign, which runs at once. It stays a draft while there is nobody whom it could call from."""
    with worded(FIELDS):
        source, presented, agent = await _means(api, caller, body)
        asked = translation_of(body, await place_of(api, caller, agent)).content
        content = _placed(asked, body, source, presented, agent)
        hooks = tuple(Hook(draft_of_hook(each), secret_of(each)) for each in body.webhooks)
        campaign = await _set_up(api, caller, SetUp(content, hooks=hooks))
    made = await hooks_of(api, caller, campaign.id) if hooks else []
    address = presented.address if presented is not None else None
    return _row(campaign, address, await email_of(api, caller, caller.user_id), made)


@router.get("/{campaign_id}")
async def show(api: ApiDep, caller: Caller, campaign_id: PathId) -> Json:
    """One campaign."""
    return await _told(api, caller, await live_campaign(api.ledger, caller, campaign_id))


@router.put("/{campaign_id}")
async def update(api: ApiDep, caller: Caller, campaign_id: PathId, body: CampaignInput) -> Json:
    """Replace a campaign. What has not been sent is planned anew."""
    before = await live_campaign(api.ledger, caller, campaign_id)
    with worded(FIELDS):
        source, presented, agent = await _means(api, caller, body)
        asked = translation_of(body, await place_of(api, caller, agent)).content
        hooks = await hooks_of(api, caller, campaign_id)
        address = await address_of(api, caller, before.sender_id)
        sent = sent_fields(body)

        def change(content: CampaignContent) -> CampaignContent:
            plan = revised(content, asked, sent, reading(content, address))
            extras = {**content.extras, NAME: content.extras.get(NAME, {})}
            changed = replace(asked, plan=plan, extras=extras, start_at=content.start_at, end_at=content.end_at)
            return _placed(changed, body, source, presented, agent, before=content)

        check_hooks(api, hooks, body.webhooks)
        campaign = await edit_campaign(api.ledger, api.clock, caller, campaign_id, change)
        await replace_hooks(api, caller, campaign_id, hooks, body.webhooks)
        await settle_rates(api, caller, campaign)
        await launch_if_it_can(api, caller, campaign)
    return await _told(api, caller, await live_campaign(api.ledger, caller, campaign_id))


@router.delete("/{campaign_id}")
async def delete(api: ApiDep, caller: Caller, campaign_id: PathId) -> None:
    """Call a campaign off and put it away."""
    await live_campaign(api.ledger, caller, campaign_id)
    await remove_campaign(api.ledger, api.clock, caller, campaign_id)


async def launch_if_it_can(api: Api, caller: Actor, campaign: Campaign) -> None:
    """A draft of this vendor's making is launched as soon as nothing is in its way."""
    if campaign.status is CampaignStatus.DRAFT and made_here(campaign):
        try:
            await launch_campaign(api.ledger, api.clock, caller, campaign.id)
        except Invalid as refused:
            if any(problem.code != NO_SENDER for problem in refused.problems):
                raise


async def _set_up(api: Api, caller: Actor, what: SetUp) -> Campaign:
    rules = api.settings.endpoint_rules
    try:
        campaign, _ = await set_up_campaign(api.ledger, api.clock, api.seal, rules, caller, what)
    except Invalid as refused:
        if any(problem.code != NO_SENDER for problem in refused.problems):
            raise
        draft = replace(what, launch=False)
        campaign, _ = await set_up_campaign(api.ledger, api.clock, api.seal, rules, caller, draft)
    return campaign


async def _means(api: Api, caller: Actor, body: CampaignInput) -> tuple[Sender | None, Sender | None, Agent | None]:
    """The sender that the source names, the one that people see, and the agent that speaks."""
    channel = Channel(body.mode or Channel.VOICE)
    source = await _sender(api, caller, channel, body.source, "source")
    presented = source
    if presented_number(body, channel) != (body.source or "").strip():
        presented = await _sender(api, caller, channel, body.caller_id, "caller_id")
    agent = await agent_of(api, caller, source or presented)
    return source or presented, presented, agent


async def _sender(api: Api, caller: Actor, channel: Channel, text: str | None, field: str) -> Sender | None:
    if not (text or "").strip():
        return None
    with worded({"number": field}):
        return await number_of(api.ledger, api.clock, caller, channel, str(text))


async def agent_of(api: Api, caller: Actor, sender: Sender | None) -> Agent | None:
    """The agent that speaks from a number."""
    agent_id = sender.extras.get("agent_id") if sender is not None else None
    if not isinstance(agent_id, int):
        return None
    try:
        return await live_agent(api.ledger, caller, agent_id)
    except NotFound:
        return None


def _placed(
    content: CampaignContent,
    body: CampaignInput,
    source: Sender | None,
    presented: Sender | None,
    agent: Agent | None,
    before: CampaignContent | None = None,
) -> CampaignContent:
    """With its sender and its agent, and what the client sent to be given back.

    One of another make keeps its own as long as it is the same number, or none, that people see.
    """
    sender_id = presented.id if presented is not None else None
    placed = replace(content, sender_id=sender_id, pool_id=None, agent_id=agent.id if agent is not None else None)
    here = before is None or made_here(before)
    if before is not None and not here and before.sender_id == sender_id:
        placed = replace(placed, pool_id=before.pool_id, agent_id=before.agent_id)
    kept = remember(sent_fields(body), reading(placed, presented.address if presented is not None else None))
    kept |= {SOURCE: source.id if source is not None else None, MADE: here}
    return replace(placed, extras={**content.extras, NAME: kept})


# how they are told


async def address_of(api: Api, caller: Actor, sender_id: int | None) -> str | None:
    """What people see of a sender."""
    return None if sender_id is None else (await get_sender(api.ledger, caller, sender_id)).address


async def _told(api: Api, caller: Actor, campaign: Campaign) -> Json:
    address = await address_of(api, caller, campaign.sender_id)
    hooks = await hooks_of(api, caller, campaign.id)
    return _row(campaign, address, await email_of(api, caller, campaign.updated_by), hooks)


async def readings(api: Api, caller: Actor, campaigns: Sequence[Campaign]) -> list[Json]:
    """Campaigns as the vendor tells them."""
    if not campaigns:
        return []
    addresses = {sender.id: sender.address for sender in await numbers(api.ledger, caller)}
    hooks = await hooks_by_campaign(api, caller)
    emails = await emails_of(api, caller, [campaign.updated_by for campaign in campaigns])
    return [
        _row(each, addresses.get(each.sender_id or 0), emails[each.updated_by], hooks.get(each.id, []))
        for each in campaigns
    ]


def _row(campaign: Campaign, address: str | None, email: str, hooks: Sequence[Endpoint]) -> Json:
    kept: Any = campaign.extras.get(NAME)
    return {
        **recall(kept if isinstance(kept, Mapping) else None, reading(campaign, address)),
        "id": campaign.id,
        "agent_id": campaign.agent_id,
        "created_at": written(campaign.created_at),
        "updated_at": written(campaign.updated_at),
        "last_updated_by": email,
        "webhooks": [hook_reading(each) for each in hooks],
    }
