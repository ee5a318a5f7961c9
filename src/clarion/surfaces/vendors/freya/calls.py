"""Single calls, and the list of all calls."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Response

from clarion.app.actor import Actor
from clarion.app.add_contacts import add_contacts
from clarion.app.agents import get_agent, live_agent
from clarion.app.browse import attempts_of, browse_attempts
from clarion.app.campaigns import get_campaign, live_campaign
from clarion.app.contacts import get_contact
from clarion.app.numbers import number_of, numbers
from clarion.app.ports.reports import AttemptFilters
from clarion.app.ports.resources import Agent, Sender
from clarion.app.refusals import Conflict, Invalid, NotFound, Problem
from clarion.app.report import get_attempt
from clarion.app.single_calls import EXTRAS, SingleCall, is_single_calls, place_call
from clarion.core.campaigns import Campaign, Plan
from clarion.core.contacts import Attempt, Contact
from clarion.core.outcomes import AttemptState, Channel
from clarion.core.retries import Retries
from clarion.surfaces.reception import Api
from clarion.surfaces.vendors.freya.agent_config import with_agent
from clarion.surfaces.vendors.freya.call_shapes import NewCall
from clarion.surfaces.vendors.freya.calls_reading import Scene, awaited_object, call_object
from clarion.surfaces.vendors.freya.door import ApiDep, Caller, Limit, Offset, Workspace, the_id
from clarion.surfaces.vendors.freya.errors import answer
from clarion.surfaces.vendors.freya.translate import ANY_COUNTRY
from clarion.surfaces.vendors.freya.words import CALL_FILTERS
from clarion.wire.contact_drafts import ContactDraft
from clarion.wire.phones import Phone, parse_phone
from clarion.wire.uuids import id_of, uuid_of

router = APIRouter(prefix="/api/v2/call", tags=["calls"])

ONCE = Plan(retries=Retries(max_attempts=1, max_faults=1, fault_as_miss=True))
"""A single call: as soon as the law allows, and not again; another trunk is tried when one fails."""
StatusFilter = Annotated[Literal["queued", "in-progress", "completed", "failed"] | None, Query()]


@router.post("", status_code=201)
async def place(api: ApiDep, caller: Caller, body: NewCall) -> Response:
    """Call somebody: by itself, or as one more customer of a campaign. The call id answers `GET /call/{id}` at once."""
    number = body.phoneNumber or body.dest
    if number is None:
        raise Invalid([Problem("phoneNumber", "required", "Give the number to call.")])
    if body.agentExt is not None:
        message = "Calls are spoken by an agent; no extension is rung first."
        raise Invalid([Problem("agentExt", "not_supported", message)])
    if body.skipE164Normalization:
        _must_be_e164(number)
    extras = {"externalCallId": body.externalCallId} if body.externalCallId is not None else {}
    draft = ContactDraft(number, variables=body.properties)
    if body.campaignId is not None:
        contact_id = await _join(api, caller, body, draft, extras)
    else:
        contact_id = (await _alone(api, caller, body, draft, extras)).id
    call_id = uuid_of("contact", contact_id)
    message = "Call initiated"
    result = {
        "success": True,
        "callId": call_id,
        "jobUuid": call_id,
        "job_uuid": call_id,
        "message": message,
        "error": None,
    }
    return answer(message, result, 201)


def _must_be_e164(number: str) -> None:
    phone = parse_phone(number, ANY_COUNTRY)
    if not isinstance(phone, Phone) or phone.e164 != number:
        message = "Without normalization the number must be in E.164 already: +14155551234."
        raise Invalid([Problem("phoneNumber", "not_e164", message)])


async def _join(api: Api, caller: Actor, body: NewCall, draft: ContactDraft, extras: dict[str, Any]) -> int:
    """One more customer of a campaign; who is there already is called once more in their own right."""
    campaign = await live_campaign(api.ledger, caller, the_id("campaign", body.campaignId or ""))
    if body.assistantId is not None and id_of("agent", body.assistantId) != campaign.agent_id:
        message = "A campaign's calls are spoken by its own assistant; leave this out, or name that one."
        raise Invalid([Problem("assistantId", "other_agent", message)])
    if extras:
        draft = replace(draft, variables={**draft.variables, EXTRAS: extras})
    report = await add_contacts(api.ledger, api.clock, caller, campaign.id, None, [draft], allow_duplicates=True)
    if report.bad:
        bad = report.bad[0]
        raise Invalid([Problem(bad.field or "address", bad.code, bad.message)])
    (contact_id,) = report.ids
    if contact_id is None:
        raise Conflict("duplicate", "The campaign has this customer already")
    return contact_id


async def _alone(api: Api, caller: Actor, body: NewCall, draft: ContactDraft, extras: dict[str, Any]) -> Contact:
    written = body.callerNumber or body.from_
    if written is None:
        message = "A call outside of a campaign needs the number that it comes from."
        raise Invalid([Problem("callerNumber", "required", message)])
    try:
        sender = await number_of(api.ledger, api.clock, caller, Channel.VOICE, written)
    except Invalid as refused:
        raise Invalid([replace(each, field="callerNumber") for each in refused.problems]) from refused
    agent = await _speaker(api, caller, body, sender)
    call = SingleCall(draft, None if agent is None else agent.id, sender.id, with_agent(ONCE, agent), extras=extras)
    return await place_call(api.ledger, api.clock, caller, call)


async def _speaker(api: Api, caller: Actor, body: NewCall, sender: Sender) -> Agent:
    if body.assistantId is not None:
        return await live_agent(api.ledger, caller, the_id("agent", body.assistantId))
    own = sender.extras.get("agent_id")
    if isinstance(own, int):
        return await live_agent(api.ledger, caller, own)
    message = "Give assistantId, or a callerNumber that has an outbound agent."
    raise Invalid([Problem("assistantId", "required", message)])


@router.get("")
async def list_all(
    api: ApiDep,
    caller: Caller,
    limit: Limit = 50,
    offset: Offset = 0,
    campaignId: Annotated[str | None, Query(max_length=1_000)] = None,
    status: StatusFilter = None,
    phoneNumber: Annotated[str | None, Query(max_length=80, pattern=r"^[^\x00]*$")] = None,
    workspaceId: Workspace = None,
) -> Response:
    """Calls that were begun, the newest first. Those that wait for their turn are in the campaign's customers."""
    filters = AttemptFilters(channel=Channel.VOICE, address_part=phoneNumber)
    if campaignId is not None:
        campaign = await live_campaign(api.ledger, caller, the_id("campaign", campaignId))
        filters = replace(filters, campaign_id=campaign.id)
    if status is not None:
        states, outcomes = CALL_FILTERS[status]
        filters = replace(filters, states=states, outcomes=outcomes)
    found, total = await browse_attempts(api.ledger, caller, filters, offset=offset, limit=limit)
    scenes = await _scenes(api, caller, found)
    result = {
        "calls": [call_object(each, scenes[each.id]) for each in found],
        "total": total,
        "limit": limit,
        "offset": offset,
    }
    return answer("Calls retrieved successfully", result)


@router.get("/{callId}")
async def show(api: ApiDep, caller: Caller, callId: str) -> Response:
    """One call, with all that was said. The id of a call that was only just asked for works as well."""
    return answer("Call retrieved successfully", {"call": await _call(api, caller, callId)})


async def _call(api: Api, caller: Actor, written: str) -> dict[str, Any]:
    attempt_id = id_of("attempt", written)
    if attempt_id is not None:
        attempt = await get_attempt(api.ledger, caller, attempt_id)
        if attempt.state is AttemptState.TAKEN_BACK or attempt.channel is not Channel.VOICE:
            raise NotFound("call", written)
        scene = (await _scenes(api, caller, [attempt]))[attempt.id]
        contact = await get_contact(api.ledger, caller, attempt.contact_id)
        return call_object(attempt, replace(scene, contact=contact))
    contact = await get_contact(api.ledger, caller, the_id("contact", written))
    campaign = await get_campaign(api.ledger, caller, contact.campaign_id)
    if campaign.channel is not Channel.VOICE:
        raise NotFound("call", written)
    attempts = (await attempts_of(api.ledger, caller, [contact.id])).get(contact.id, ())
    if not attempts:
        agent = None if campaign.agent_id is None else await get_agent(api.ledger, caller, campaign.agent_id)
        return awaited_object(contact, Scene(campaign, agent, None, contact))
    # what was asked for by itself is one call, over whichever trunks it was tried
    chosen = attempts[-1] if is_single_calls(campaign) else attempts[0]
    attempt = await get_attempt(api.ledger, caller, chosen.id)
    scene = (await _scenes(api, caller, [attempt]))[attempt.id]
    return call_object(attempt, replace(scene, contact=contact), uuid_of("contact", contact.id))


async def _scenes(api: Api, caller: Actor, attempts: Sequence[Attempt]) -> dict[int, Scene]:
    """What each of these calls belongs to."""
    campaigns: dict[int, Campaign] = {}
    agents: dict[int, Agent] = {}
    for campaign_id in {each.campaign_id for each in attempts}:
        campaigns[campaign_id] = campaign = await get_campaign(api.ledger, caller, campaign_id)
        if campaign.agent_id is not None and campaign.agent_id not in agents:
            agents[campaign.agent_id] = await get_agent(api.ledger, caller, campaign.agent_id)
    senders = {each.id: each for each in await numbers(api.ledger, caller, Channel.VOICE)} if attempts else {}
    return {
        each.id: Scene(
            campaigns[each.campaign_id],
            agents.get(campaigns[each.campaign_id].agent_id or 0),
            senders.get(each.sender_id or 0),
        )
        for each in attempts
    }
