"""Campaigns: create, list, start and stop, delete. There is no way to change one, here as there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from fastapi import APIRouter

from clarion.app import steer
from clarion.app.actor import Actor
from clarion.app.agents import get_agent
from clarion.app.browse import browse_campaigns
from clarion.app.campaign_content import CampaignContent
from clarion.app.campaigns import edit_campaign, live_campaign, remove_campaign
from clarion.app.numbers import numbers
from clarion.app.organizations import get_organization
from clarion.app.ports.resources import Agent, Sender
from clarion.app.refusals import Invalid, NotFound
from clarion.app.report import campaign_numbers
from clarion.app.set_up import SetUp, set_up_campaign
from clarion.app.single_calls import is_single_calls
from clarion.core.campaigns import Campaign, CampaignStatus
from clarion.core.outcomes import Channel
from clarion.surfaces.reception import Api
from clarion.surfaces.vendors.autocalls.access import ApiDep, Body, Caller, PathId
from clarion.surfaces.vendors.autocalls.errors import NO_OUTBOUND, Answer, invalid, refused
from clarion.surfaces.vendors.autocalls.rules import INVALID
from clarion.surfaces.vendors.autocalls.shapes import CampaignInput, StatusInput
from clarion.surfaces.vendors.autocalls.translate import MOST_PARALLEL, NAME, calls_out, kept_of, read, shown
from clarion.surfaces.vendors.autocalls.words import CAMPAIGN
from clarion.surfaces.vendors.vendor import Place

router = APIRouter(tags=["campaigns"])

NO_LEADS = "No leads to call"
ALREADY = "Campaign is already in progress"
NOT_RUNNING = "Campaign is not running"
NO_NUMBER = "Your agent does not have a phone number setup"
BAD_ACTION = "Invalid action. Must be either 'start' or 'stop'."
AWAITS_START = "awaits_start"
"""Kept with a completed campaign that a new lead has reopened: the start that its client sends next is no mistake."""


@router.post("/api/user/campaign", status_code=201)
@router.post("/api/user/campaigns", status_code=201)
async def create(api: ApiDep, caller: Caller, body: CampaignInput) -> Body:
    """A new draft."""
    settings = (await get_organization(api.ledger, caller)).settings
    agent = await _outbound(api, caller, body.assistant_id)
    place = Place(api.clock.now(), settings.timezone, settings.default_country, agent)
    content = read(body, place, most=settings.max_parallel_calls or MOST_PARALLEL).content
    content = replace(content, agent_id=agent.id, extras={NAME: kept_of(body, content)})
    senders = await _senders(api, caller, body, agent)
    pool = senders if len(senders) > 1 else ()
    if len(senders) == 1:
        content = replace(content, sender_id=senders[0])
    what = SetUp(content, pool=pool, launch=False)
    rules = api.settings.endpoint_rules
    campaign, _ = await set_up_campaign(api.ledger, api.clock, api.seal, rules, caller, what)
    return {"message": "Campaign created successfully", "data": shown(campaign)}


async def _outbound(api: Api, caller: Actor, assistant_id: int) -> Agent:
    try:
        agent = await get_agent(api.ledger, caller, assistant_id)
    except NotFound as missing:
        raise refused(NO_OUTBOUND, 404) from missing
    if agent.archived_at is not None or not calls_out(agent):
        raise refused(NO_OUTBOUND, 404)
    return agent


async def _senders(api: Api, caller: Actor, body: CampaignInput, agent: Agent) -> Sequence[int]:
    """The caller IDs: those that are asked for, else the assistant's; none leaves the choice to the engine."""
    mine = {each.id: each for each in await numbers(api.ledger, caller, Channel.VOICE) if each.enabled}
    wanted = body.phone_number_ids
    if not wanted:
        return number_of_agent(agent, list(mine.values()))
    for place, number_id in enumerate(wanted):
        if number_id not in mine:
            raise invalid(f"phone_number_ids.{place}", INVALID)
    return tuple(wanted)


def number_of_agent(agent: Agent, senders: Sequence[Sender]) -> tuple[int, ...]:
    """The id of the number that an agent calls from, if it has one that may be used."""
    return tuple(each.id for each in senders if each.address == agent.config.get("from_number"))


@router.get("/api/user/campaigns")
async def list_all(api: ApiDep, caller: Caller) -> list[Body]:
    """Every campaign, the newest first: a bare array."""
    return [shown(campaign) for campaign in await browse_campaigns(api.ledger, caller)]


@router.post("/api/user/campaigns/update-status")
async def update_status(api: ApiDep, caller: Caller, body: StatusInput) -> Body:
    """Start or stop a campaign."""
    campaign = await campaign_of_leads(api, caller, body.campaign_id)
    match body.action:
        case "start":
            campaign, message = await _start(api, caller, campaign), "Campaign started successfully."
        case "stop":
            campaign, message = await _stop(api, caller, campaign), "Campaign stopped successfully."
        case _:
            raise _no(BAD_ACTION)
    data = {"campaign_id": campaign.id, "status": CAMPAIGN[campaign.status]}
    return {"message": message, "success": True, "data": data}


@router.delete("/api/user/campaign/{campaign_id}")
async def delete(api: ApiDep, caller: Caller, campaign_id: PathId) -> Body:
    """Stop a campaign for good and put it away, its leads with it."""
    await campaign_of_leads(api, caller, campaign_id)
    await remove_campaign(api.ledger, api.clock, caller, campaign_id)
    return {"message": "Campaign deleted successfully"}


async def campaign_of_leads(api: Api, caller: Actor, campaign_id: int) -> Campaign:
    """A campaign as this API knows them: neither put away nor made for single calls. Raises NotFound."""
    campaign = await live_campaign(api.ledger, caller, campaign_id)
    if is_single_calls(campaign):
        raise NotFound("campaign", campaign_id)
    return campaign


def _no(message: str) -> Answer:
    return Answer(400, {"message": message, "success": False})


async def _start(api: Api, caller: Actor, campaign: Campaign) -> Campaign:
    status = campaign.status
    if status is CampaignStatus.RUNNING and campaign.extras.get(NAME, {}).get(AWAITS_START):
        return await expect_start(api, caller, campaign, expected=False)
    if status in (CampaignStatus.RUNNING, CampaignStatus.SCHEDULED):
        raise _no(ALREADY)
    standing = (await campaign_numbers(api.ledger, caller, campaign.id)).total
    if status is CampaignStatus.COMPLETED or standing.waiting + standing.live == 0:
        raise _no(NO_LEADS)
    try:
        if status is CampaignStatus.PAUSED:
            return await steer.resume_campaign(api.ledger, api.clock, caller, campaign.id)
        return await steer.launch_campaign(api.ledger, api.clock, caller, campaign.id)
    except Invalid as no:
        first = no.problems[0]
        raise _no(NO_NUMBER if first.code == "no_sender" else first.message) from no


async def _stop(api: Api, caller: Actor, campaign: Campaign) -> Campaign:
    match campaign.status:
        case CampaignStatus.RUNNING:
            return await steer.pause_campaign(api.ledger, api.clock, caller, campaign.id)
        case CampaignStatus.SCHEDULED:
            return await steer.unschedule_campaign(api.ledger, api.clock, caller, campaign.id)
        case _:
            raise _no(NOT_RUNNING)


async def expect_start(api: Api, caller: Actor, campaign: Campaign, *, expected: bool) -> Campaign:
    """Keep with a campaign whether a start that finds it running is to be taken for granted."""

    def marked(content: CampaignContent) -> CampaignContent:
        kept: Mapping[str, Any] = content.extras.get(NAME, {})
        rest = {name: value for name, value in kept.items() if name != AWAITS_START}
        return replace(content, extras={**content.extras, NAME: {**rest, AWAITS_START: True} if expected else rest})

    return await edit_campaign(api.ledger, api.clock, caller, campaign.id, marked)
