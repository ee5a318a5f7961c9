"""Campaigns: made, listed, changed, deleted; launched as a whole, paused, resumed, cancelled."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from fastapi import APIRouter, Request

from clarion.app.actor import Actor
from clarion.app.agents import all_agents, get_agent
from clarion.app.browse import browse_campaigns
from clarion.app.campaigns import edit_campaign, live_campaign, remove_campaign
from clarion.app.numbers import number_of, numbers
from clarion.app.organizations import get_organization
from clarion.app.ports.resources import Agent, Sender
from clarion.app.refusals import Conflict, Invalid, NotFound, Problem
from clarion.app.report import Numbers
from clarion.app.set_up import SetUp, set_up_campaign
from clarion.app.single_calls import is_single_calls
from clarion.app.standings import standing_of, standings_of
from clarion.app.steer import cancel_campaign, launch_campaign, pause_campaign, resume_campaign, unschedule_campaign
from clarion.core.campaigns import Campaign, CampaignStatus
from clarion.core.outcomes import Channel
from clarion.surfaces.reception import Api
from clarion.surfaces.vendors.revox.access import ApiDep, Body, Caller, Release, ReleaseDep, our_id
from clarion.surfaces.vendors.revox.answers import Answer, instant
from clarion.surfaces.vendors.revox.assistant_config import assistant
from clarion.surfaces.vendors.revox.assistants import find
from clarion.surfaces.vendors.revox.bodies import JsonRoute
from clarion.surfaces.vendors.revox.campaign_shapes import CampaignChange, NewCampaign
from clarion.surfaces.vendors.revox.launching import launch_everybody
from clarion.surfaces.vendors.revox.row_stats import row_stats, talked
from clarion.surfaces.vendors.revox.statistics import hot_leads
from clarion.surfaces.vendors.revox.translate import (
    Beginning,
    begins,
    changed,
    refuse_jump_in,
    seated,
    sent_of,
    status_word,
    told,
    translate,
)
from clarion.surfaces.vendors.vendor import Place
from clarion.wire.uuids import uuid_of

router = APIRouter(prefix="/api/campaigns", tags=["campaigns"], route_class=JsonRoute)


@router.post("")
async def create(request: Request, api: ApiDep, caller: Caller, release: ReleaseDep, body: NewCampaign) -> Answer:
    """Make a campaign with its contacts. `launch` says whether they are called, wait in a draft, or are held."""
    agent = await find(api, caller, body.assistant_id)
    settings = (await get_organization(api.ledger, caller)).settings
    place = Place(api.clock.now(), settings.timezone, settings.default_country, agent)
    became = translate(body, sent_of(await request.json(), NewCampaign), place, release)
    sender = await _sender(api, caller, became.numbers)
    content = seated(became.content, _seat(sender), agent)
    held = not became.launch and body.launch is None
    what = SetUp(content, became.drafts, held=held, launch=became.launch or (held and bool(became.drafts)))
    campaign, _ = await set_up_campaign(api.ledger, api.clock, api.seal, api.settings.endpoint_rules, caller, what)
    standing = await standing_of(api.ledger, caller, campaign)
    senders = {sender.id: sender} if sender else {}
    return Answer({"campaign": _answer(campaign, standing, senders, agent, release)})


@router.get("")
async def list_all(api: ApiDep, caller: Caller, release: ReleaseDep) -> Answer:
    """Every campaign of calls, the newest first, whoever made it."""
    found = [each for each in await browse_campaigns(api.ledger, caller) if each.channel is Channel.VOICE]
    standings = await standings_of(api.ledger, caller, found)
    senders = {sender.id: sender for sender in await numbers(api.ledger, caller, Channel.VOICE)}
    agents = {agent.id: agent for agent in await all_agents(api.ledger, caller)}
    for agent_id in {each.agent_id for each in found if each.agent_id is not None} - agents.keys():
        agents[agent_id] = await get_agent(api.ledger, caller, agent_id)  # one that was put away
    return Answer(
        {
            "campaigns": [
                _answer(each, standings[each.id], senders, agents.get(each.agent_id or 0), release) for each in found
            ]
        }
    )


@router.get("/{campaign_id}")
async def show(api: ApiDep, caller: Caller, release: ReleaseDep, campaign_id: str) -> Answer:
    """One campaign with its numbers."""
    return Answer({"campaign": await answer(api, caller, await find_campaign(api, caller, campaign_id), release)})


@router.patch("/{campaign_id}")
async def change(
    request: Request, api: ApiDep, caller: Caller, release: ReleaseDep, campaign_id: str, body: CampaignChange
) -> Answer:
    """Change what is sent. It holds for every call that has not been made yet."""
    campaign = await find_campaign(api, caller, campaign_id)
    sent = sent_of(await request.json(), CampaignChange)
    assistant_id = body.assistant_id if "assistant_id" in body.model_fields_set else None
    refuse_jump_in(body.type)
    if body.contacts is not None:
        raise Invalid([Problem("contacts", "not_supported", "Add contacts with POST /campaigns/{id}/rows.")])
    if campaign.status is not CampaignStatus.DRAFT and ("scheduled_at" in sent or assistant_id is not None):
        raise Conflict("not_a_draft", "Only a draft can change its assistant or its start.")
    agent = await _agent_after(api, caller, campaign, assistant_id)
    asked = body.from_phone_number or (agent.config.get("from_number") if agent else None)
    sender: tuple[int | None, str | None] = (campaign.sender_id, None)
    if "from_phone_number" in sent:
        sender = _seat(await _sender(api, caller, (asked,) if asked else ()))
    campaign = await edit_campaign(
        api.ledger,
        api.clock,
        caller,
        campaign.id,
        lambda content: replace(
            changed(content, body, sent, agent, sender), agent_id=agent.id if agent else content.agent_id
        ),
    )
    return Answer({"campaign": await answer(api, caller, campaign, release)})


@router.delete("/{campaign_id}")
async def delete(api: ApiDep, caller: Caller, campaign_id: str) -> Answer:
    """Call it off and put it away: it is found no more. Calls that run go on."""
    campaign = await find_campaign(api, caller, campaign_id)
    await remove_campaign(api.ledger, api.clock, caller, campaign.id)
    return Answer({"success": True})


@router.post("/{campaign_id}/launch")
async def launch(api: ApiDep, caller: Caller, release: ReleaseDep, campaign_id: str) -> Answer:
    """Launch a draft (clients of 0.3). Contacts that are held are launched too; what runs already goes on."""
    campaign = await find_campaign(api, caller, campaign_id)
    if campaign.status is CampaignStatus.DRAFT:
        campaign = await launch_campaign(api.ledger, api.clock, caller, campaign.id)
    elif campaign.status is CampaignStatus.CANCELLED:
        raise Conflict("cancelled", "The campaign was cancelled.")
    await launch_everybody(api, caller, campaign)
    return Answer({"campaign": await answer(api, caller, campaign, release)})


@router.post("/{campaign_id}/pause")
async def pause(api: ApiDep, caller: Caller, campaign_id: str) -> Answer:
    """Call nobody until it is resumed. Calls that run go on, and times to call again keep running."""
    campaign = await find_campaign(api, caller, campaign_id)
    if campaign.status is CampaignStatus.SCHEDULED:
        await unschedule_campaign(api.ledger, api.clock, caller, campaign.id)
    else:
        await pause_campaign(api.ledger, api.clock, caller, campaign.id)
    return Answer({"success": True})


@router.post("/{campaign_id}/resume")
async def resume(api: ApiDep, caller: Caller, campaign_id: str) -> Answer:
    """Go on. Who was due meanwhile is called in the next window."""
    campaign = await find_campaign(api, caller, campaign_id)
    match campaign.status:
        case CampaignStatus.DRAFT:
            await launch_campaign(api.ledger, api.clock, caller, campaign.id)
        case CampaignStatus.SCHEDULED:
            pass
        case _:
            await resume_campaign(api.ledger, api.clock, caller, campaign.id)
    return Answer({"success": True})


@router.post("/{campaign_id}/cancel")
async def cancel(api: ApiDep, caller: Caller, campaign_id: str) -> Answer:
    """Call it off for good. Calls that run go on, and the rows stay."""
    campaign = await find_campaign(api, caller, campaign_id)
    await cancel_campaign(api.ledger, api.clock, caller, campaign.id)
    return Answer({"success": True})


async def find_campaign(api: Api, caller: Actor, campaign_id: str) -> Campaign:
    """The campaign that a client names. NotFound for one that is not there, not any more, or not of calls."""
    campaign = await live_campaign(api.ledger, caller, our_id("campaign", campaign_id))
    if campaign.channel is not Channel.VOICE or is_single_calls(campaign):
        raise NotFound("campaign", campaign_id)
    return campaign


async def answer(api: Api, caller: Actor, campaign: Campaign, release: Release) -> Body:
    """A campaign with its numbers."""
    standing = await standing_of(api.ledger, caller, campaign)
    senders = {sender.id: sender for sender in await numbers(api.ledger, caller, Channel.VOICE)}
    agent = None if campaign.agent_id is None else await get_agent(api.ledger, caller, campaign.agent_id)
    return _answer(campaign, standing, senders, agent, release)


def _answer(
    campaign: Campaign,
    standing: tuple[Numbers, Numbers],
    senders: Mapping[int, Sender],
    agent: Agent | None,
    release: Release,
) -> Body:
    total, held = standing
    sender = senders.get(campaign.sender_id) if campaign.sender_id is not None else None
    return {
        **told(campaign, sender.address if sender else None),
        "id": uuid_of("campaign", campaign.id),
        "assistant_id": "" if campaign.agent_id is None else uuid_of("agent", campaign.agent_id),
        "assistant": assistant(agent) if agent else None,
        "created_at": instant(campaign.created_at),
        "updated_at": instant(campaign.updated_at),
        "created_by": None,
        "is_cancelled": campaign.status is CampaignStatus.CANCELLED,
        "organization_id": uuid_of("organization", campaign.organization_id),
        "status": status_word(campaign, release),
        "funnel_stats": {
            "total_leads": total.contacts,
            "talked_to_human": talked(total.standing),
            "hot": hot_leads(total),
        },
        "metadata_keys": [],
        "row_stats": row_stats(total.standing, held.standing, campaign.status),
        "structured_output_extraction": "none",
    }


async def _sender(api: Api, caller: Actor, wanted: Sequence[str]) -> Sender | None:
    """Who calls: the number that is asked for, else the organisation's first that is enabled."""
    if wanted:
        return await number_of(api.ledger, api.clock, caller, Channel.VOICE, wanted[0])
    return next((each for each in await numbers(api.ledger, caller, Channel.VOICE) if each.enabled), None)


def _seat(sender: Sender | None) -> tuple[int | None, str | None]:
    return (sender.id, sender.address) if sender else (None, None)


async def _agent_after(api: Api, caller: Actor, campaign: Campaign, assistant_id: str | None) -> Agent | None:
    if assistant_id is not None:
        return await find(api, caller, assistant_id)
    return None if campaign.agent_id is None else await get_agent(api.ledger, caller, campaign.agent_id)


def holds_back(campaign: Campaign) -> bool:
    """Whether contacts that join are to wait until they are launched."""
    return begins(campaign) is Beginning.HELD
