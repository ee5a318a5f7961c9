"""Campaigns: Freya's create, and what its public pages do not show, after its own conventions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Response

from clarion.app.actor import Actor
from clarion.app.agents import agent_named, live_agent
from clarion.app.browse import attempts_of, browse_campaigns, browse_contacts
from clarion.app.campaign_content import CampaignContent
from clarion.app.campaigns import edit_campaign, live_campaign, remove_campaign
from clarion.app.numbers import number_of
from clarion.app.ports.people import ContactFilters
from clarion.app.ports.resources import Agent, Sender
from clarion.app.refusals import Conflict, Invalid, NotFound, Problem
from clarion.app.report import overview
from clarion.app.set_up import Hook, SetUp, set_up_campaign
from clarion.app.steer import cancel_campaign, pause_campaign, resume_campaign
from clarion.app.webhooks import (
    change_endpoint,
    create_endpoint,
    delete_endpoint,
    draft_of,
    endpoint_problems,
    list_endpoints,
)
from clarion.core.campaigns import Campaign, CampaignStatus
from clarion.core.outcomes import Channel
from clarion.surfaces.reception import Api
from clarion.surfaces.vendors.freya.calls_reading import customer_object
from clarion.surfaces.vendors.freya.door import ApiDep, Caller, Limit, Offset, Workspace, the_id
from clarion.surfaces.vendors.freya.errors import answer
from clarion.surfaces.vendors.freya.shapes import CampaignChange, CampaignFields, NewCampaign
from clarion.surfaces.vendors.freya.surroundings import campaign_object, look_around
from clarion.surfaces.vendors.freya.translate import (
    ANY_COUNTRY,
    DEFAULT_ZONE,
    FREYA,
    Around,
    changed,
    kept,
    kept_anew,
    outcome_hook,
    translate,
)
from clarion.surfaces.vendors.freya.words import CAMPAIGN_WORDS, CUSTOMER_FILTERS, PARTIALLY, campaign_word
from clarion.surfaces.vendors.vendor import Place
from clarion.wire.uuids import uuid_of

router = APIRouter(prefix="/api/v2/campaign", tags=["campaigns"])

StatusFilter = Annotated[
    Literal["draft", "scheduled", "active", "paused", "completed", "partially_completed", "cancelled"] | None, Query()
]
CustomerFilter = Annotated[Literal["pending", "calling", "completed", "failed"] | None, Query()]


@router.post("", status_code=201)
async def create(api: ApiDep, caller: Caller, body: NewCampaign) -> Response:
    """Create a campaign and schedule its calls: at once, or from the first window of its start date."""
    sender = await _number(api, caller, body.phoneNumber)
    agent = await _speaker(api, caller, body, sender)
    if sender is None and isinstance(agent.config.get("from_number"), str):
        sender = await _number(api, caller, agent.config["from_number"])
    wanted = translate(body, Place(api.clock.now(), DEFAULT_ZONE, ANY_COUNTRY, agent))
    content = replace(wanted.content, agent_id=agent.id, sender_id=None if sender is None else sender.id)
    around = Around(agent, sender, body.webhookUrl)
    content = replace(content, extras=kept(body, content, around))
    what = SetUp(content, wanted.drafts, hooks=[Hook(draft) for draft in wanted.webhooks], launch=wanted.launch)
    try:
        campaign, _ = await set_up_campaign(api.ledger, api.clock, api.seal, api.settings.endpoint_rules, caller, what)
    except Invalid as refused:
        raise Invalid(_placed(refused.problems, len(body.customers or ()))) from refused
    return answer("Campaign created successfully", _stand(campaign, campaign_object(campaign, around)), 201)


@router.get("")
async def list_all(
    api: ApiDep,
    caller: Caller,
    limit: Limit = 50,
    offset: Offset = 0,
    status: StatusFilter = None,
    workspaceId: Workspace = None,
) -> Response:
    """Campaigns, the newest first."""
    voice = [each for each in await browse_campaigns(api.ledger, caller) if each.channel is Channel.VOICE]
    if status is not None:
        voice = await _that_stand(api, caller, voice, status)
    page = voice[offset : offset + limit]
    near = await look_around(api, caller, page)
    found = [campaign_object(each, near.around(each), near.reasons.get(each.id)) for each in page]
    result = {"campaigns": found, "total": len(voice), "limit": limit, "offset": offset}
    return answer("Campaigns retrieved successfully", result)


@router.get("/{campaignId}")
async def show(api: ApiDep, caller: Caller, campaignId: str) -> Response:
    """One campaign."""
    campaign = await _campaign(api, caller, campaignId)
    return answer("Campaign retrieved successfully", {"campaign": await _object(api, caller, campaign)})


@router.patch("/{campaignId}")
async def change(api: ApiDep, caller: Caller, campaignId: str, body: CampaignChange) -> Response:
    """Change a campaign; what has not been called yet follows the new rules. Its customers stay."""
    campaign = await _campaign(api, caller, campaignId)
    if "startDate" in body.model_fields_set and campaign.status not in (CampaignStatus.DRAFT, CampaignStatus.SCHEDULED):
        raise Conflict("started", "The campaign has started already")
    if body.webhookUrl is not None:
        problems = endpoint_problems(outcome_hook(body.webhookUrl), api.settings.endpoint_rules)
        if problems:
            raise Invalid(problems)
    around = (await look_around(api, caller, [campaign])).around(campaign)
    sender = await _number(api, caller, body.phoneNumber) if "phoneNumber" in body.model_fields_set else around.sender
    agent = await _speaker(api, caller, body, None) if body.assistantId or body.assistantName else None
    hook = body.webhookUrl if "webhookUrl" in body.model_fields_set else around.webhook_url

    def onto(content: CampaignContent) -> CampaignContent:
        after = changed(content, body, around, agent)
        if campaign.status is CampaignStatus.SCHEDULED and after.start_at is None:
            after = replace(after, start_at=api.clock.now())
        after = replace(after, sender_id=None if sender is None else sender.id)
        return kept_anew(content, body, after, around, Around(agent or around.agent, sender, hook))

    campaign = await edit_campaign(api.ledger, api.clock, caller, campaign.id, onto)
    if "webhookUrl" in body.model_fields_set:
        await _hook(api, caller, campaign, body.webhookUrl)
    return answer("Campaign updated successfully", {"campaign": await _object(api, caller, campaign)})


@router.delete("/{campaignId}")
async def remove(api: ApiDep, caller: Caller, campaignId: str) -> Response:
    """Cancel a campaign if it is not over, and put it away for good."""
    campaign = await _campaign(api, caller, campaignId)
    await remove_campaign(api.ledger, api.clock, caller, campaign.id)
    return answer("Campaign deleted successfully", {"id": uuid_of("campaign", campaign.id), "deleted": True})


@router.post("/{campaignId}/pause")
async def pause(api: ApiDep, caller: Caller, campaignId: str) -> Response:
    """Call nobody until it is resumed; calls that run go on."""
    campaign = await _campaign(api, caller, campaignId)
    campaign = await pause_campaign(api.ledger, api.clock, caller, campaign.id)
    return answer("Campaign paused successfully", _stand(campaign, await _object(api, caller, campaign)))


@router.post("/{campaignId}/resume")
async def resume(api: ApiDep, caller: Caller, campaignId: str) -> Response:
    """Go on after a pause."""
    campaign = await _campaign(api, caller, campaignId)
    campaign = await resume_campaign(api.ledger, api.clock, caller, campaign.id)
    return answer("Campaign resumed successfully", _stand(campaign, await _object(api, caller, campaign)))


@router.post("/{campaignId}/cancel")
async def cancel(api: ApiDep, caller: Caller, campaignId: str) -> Response:
    """Call it off for good."""
    campaign = await _campaign(api, caller, campaignId)
    campaign = await cancel_campaign(api.ledger, api.clock, caller, campaign.id)
    return answer("Campaign cancelled successfully", _stand(campaign, await _object(api, caller, campaign)))


@router.get("/{campaignId}/customers")
async def customers(
    api: ApiDep,
    caller: Caller,
    campaignId: str,
    limit: Limit = 50,
    offset: Offset = 0,
    status: CustomerFilter = None,
) -> Response:
    """Whom a campaign calls, in the order in which they were given, and where each stands."""
    campaign = await _campaign(api, caller, campaignId)
    filters = replace(CUSTOMER_FILTERS[status] if status else ContactFilters(), campaign_id=campaign.id)
    found, total = await browse_contacts(api.ledger, caller, filters, offset=offset, limit=limit, newest_first=False)
    tried = await attempts_of(api.ledger, caller, [contact.id for contact in found])
    result = {
        "customers": [customer_object(contact, tried.get(contact.id, ())) for contact in found],
        "total": total,
        "limit": limit,
        "offset": offset,
    }
    return answer("Customers retrieved successfully", result)


async def _campaign(api: Api, caller: Actor, written: str) -> Campaign:
    """The campaign of a path. NotFound for one that is archived, foreign, or no voice campaign."""
    campaign = await live_campaign(api.ledger, caller, the_id("campaign", written))
    if campaign.channel is not Channel.VOICE:
        raise NotFound("campaign", written)
    return campaign


async def _object(api: Api, caller: Actor, campaign: Campaign) -> dict[str, Any]:
    near = await look_around(api, caller, [campaign])
    return campaign_object(campaign, near.around(campaign), near.reasons.get(campaign.id))


def _stand(campaign: Campaign, told: Mapping[str, Any]) -> dict[str, Any]:
    """The result of whatever may change where a campaign stands."""
    scheduled = campaign.status is CampaignStatus.SCHEDULED
    return {"status": told["status"], "isScheduled": scheduled, "campaign": told}


async def _that_stand(api: Api, caller: Actor, campaigns: Sequence[Campaign], status: str) -> list[Campaign]:
    """Those that have a status in Freya's words."""
    reasons: dict[int, Mapping[str, int]] = {}
    if status in (CAMPAIGN_WORDS[CampaignStatus.COMPLETED], PARTIALLY):
        reasons = {each.id: n.reasons for each, n in (await overview(api.ledger, caller)).campaigns}
    return [each for each in campaigns if campaign_word(each.status, reasons.get(each.id, {})) == status]


async def _number(api: Api, caller: Actor, written: str | None) -> Sender | None:
    if written is None:
        return None
    return await number_of(api.ledger, api.clock, caller, Channel.VOICE, written)


async def _speaker(api: Api, caller: Actor, body: CampaignFields, sender: Sender | None) -> Agent:
    """Who is to speak: by id, by name, or the one of the number. NotFound for an agent that there is not."""
    if body.assistantId is not None:
        agent = await live_agent(api.ledger, caller, the_id("agent", body.assistantId))
        if body.assistantName is not None and body.assistantName != agent.name:
            message = f"Assistant {body.assistantId} has another name; give one of the two."
            raise Invalid([Problem("assistantName", "other_agent", message)])
        return agent
    if body.assistantName is not None:
        return await agent_named(api.ledger, caller, body.assistantName)
    own = None if sender is None else sender.extras.get("agent_id")
    if isinstance(own, int):
        return await live_agent(api.ledger, caller, own)
    message = "Give assistantId or assistantName, or a phoneNumber that has an outbound agent."
    raise Invalid([Problem("assistantId", "required", message)])


def _placed(problems: Sequence[Problem], customers: int) -> list[Problem]:
    """Problems of contacts by where they were written: first come the customers, then the plain numbers."""
    placed = []
    for problem in problems:
        head, _, rest = problem.field.partition(".")
        place, _, _ = rest.partition(".")
        if head == "contacts" and place.isdecimal() and int(place) >= customers:
            problem = replace(problem, field=f"phoneNumbers.{int(place) - customers}")
        placed.append(problem)
    return placed


async def _hook(api: Api, caller: Actor, campaign: Campaign, url: str | None) -> None:
    """Make `url` where the campaign's outcomes go; None: nowhere."""
    endpoints = await list_endpoints(api.ledger, caller, campaign_id=campaign.id)
    old = next((each for each in endpoints if each.format == FREYA), None)
    rules = api.settings.endpoint_rules
    if url is None:
        if old is not None:
            await delete_endpoint(api.ledger, api.clock, caller, old.id)
    elif old is None:
        draft = replace(outcome_hook(url), campaign_id=campaign.id)
        await create_endpoint(api.ledger, api.clock, api.seal, caller, draft, rules)
    else:
        await change_endpoint(api.ledger, api.clock, caller, old.id, replace(draft_of(old), url=url), rules)
