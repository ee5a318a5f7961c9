"""Channels and their targets: a channel is a trunk, a target a sender of it that is linked to an agent."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Annotated

from fastapi import APIRouter, Query

from clarion.app.actor import Actor
from clarion.app.agents import live_agent
from clarion.app.browse import browse_campaigns
from clarion.app.campaign_content import CampaignContent
from clarion.app.campaigns import edit_campaign
from clarion.app.numbers import number_of, numbers
from clarion.app.ports.resources import Agent, KeptTrunk, Sender
from clarion.app.refusals import Invalid, NotFound, Problem
from clarion.app.senders import change_sender, get_sender
from clarion.app.trunks import get_trunk, list_trunks
from clarion.core.lifecycle import OVER
from clarion.core.outcomes import Channel
from clarion.core.schedule import ZonePolicy
from clarion.surfaces.reception import Api
from clarion.surfaces.vendors.syllable.access import NOBODY, ApiDep, Caller, Json, PathId, email_of, place_of
from clarion.surfaces.vendors.syllable.channel_shapes import TargetInput, TargetUpdate
from clarion.surfaces.vendors.syllable.errors import worded
from clarion.surfaces.vendors.syllable.forms import MAX_ID, written
from clarion.surfaces.vendors.syllable.lists import Listing, cut, listing, page_of, searched
from clarion.surfaces.vendors.syllable.reading import NAME, SOURCE, made_here
from clarion.surfaces.vendors.syllable.translate import message_of

router = APIRouter(prefix="/api/v1/channels", tags=["channels"])

AGENT = "agent_id"
"""The extra of a sender that says who speaks from it."""
PAGE = 500
SERVICES: Mapping[Channel, str] = {Channel.VOICE: "sip", Channel.SMS: "twilio", Channel.EMAIL: "email"}
MODES: Mapping[str, Channel] = {"voice": Channel.VOICE, "sms": Channel.SMS, "email": Channel.EMAIL}

PROPERTIES = frozenset({"id", "name", "name_exact", "channel_service", "supported_modes", "config"})
REQUIRED = ("name", "channel_service", "id")
TARGET_PROPERTIES = frozenset(
    {
        *("id", "channel_id", "channel_name", "agent_id", "target", "target_mode", "target_mode_list"),
        *("fallback_target", "is_test", "updated_at", "a2p_verified"),
    }
)
TARGET_REQUIRED = (
    *("agent_id", "channel_id", "target", "target_mode", "id", "channel_name", "updated_at", "last_updated_by"),
)
FREE_PROPERTIES = frozenset({"channel_id", "channel_name", "target"})
FREE_REQUIRED = ("organization_id", "channel_id", "channel_name", "target")

Trunks = Mapping[int, KeptTrunk]


@router.get("/")
async def list_channels(api: ApiDep, caller: Caller, asked: Annotated[Listing, listing(PROPERTIES)]) -> Json:
    """A page of channels: the organisation's trunks."""
    found = [each for each in (await trunks_of(api, caller)).values() if asked.when(each.created_at)]
    rows = searched(
        (
            {
                "id": each.id,
                "name": each.trunk.name,
                "channel_service": SERVICES[each.trunk.channel],
                "supported_modes": str(each.trunk.channel),
                "is_system_channel": True,
                "config": None,
            }
            for each in found
        ),
        asked,
    )
    return page_of(cut(rows, asked), len(rows), asked, REQUIRED)


@router.get("/available-targets")
async def available_targets(api: ApiDep, caller: Caller, asked: Annotated[Listing, listing(FREE_PROPERTIES)]) -> Json:
    """Numbers and addresses that no agent speaks from yet."""
    trunks = await trunks_of(api, caller)
    rows = searched(
        (
            {
                "organization_id": each.organization_id,
                "channel_id": each.trunk_id or 0,
                "channel_name": _trunk_name(each, trunks),
                "target": each.address,
            }
            for each in await numbers(api.ledger, caller)
            if not is_linked(each) and each.enabled and asked.when(each.created_at)
        ),
        asked,
    )
    return page_of(cut(rows, asked), len(rows), asked, FREE_REQUIRED)


@router.get("/targets")
async def list_targets(api: ApiDep, caller: Caller, asked: Annotated[Listing, listing(TARGET_PROPERTIES)]) -> Json:
    """A page of links."""
    trunks = await trunks_of(api, caller)
    found = [each for each in await numbers(api.ledger, caller) if is_linked(each) and asked.when(each.updated_at)]
    rows = searched((target_row(each, trunks) for each in found), asked)
    return page_of(cut(rows, asked), len(rows), asked, TARGET_REQUIRED)


@router.post("/{channel_id}/targets")
async def create_target(api: ApiDep, caller: Caller, channel_id: PathId, body: TargetInput) -> Json:
    """Link a number to an agent; campaigns with this source have that agent from now on."""
    await get_trunk(api.ledger, caller, channel_id)
    return await _link(api, caller, channel_id, body)


@router.get("/{channel_id}/targets/{target_id}")
async def show_target(api: ApiDep, caller: Caller, channel_id: PathId, target_id: PathId) -> Json:
    """One link."""
    sender = await _linked(api, caller, channel_id, target_id)
    return target_row(sender, await trunks_of(api, caller))


@router.put("/{channel_id}/targets/{target_id}")
async def update_target(api: ApiDep, caller: Caller, channel_id: PathId, target_id: PathId, body: TargetUpdate) -> Json:
    """Replace a link. With another target the old one has no agent any more."""
    before = await _linked(api, caller, channel_id, target_id)
    told = await _link(api, caller, channel_id, body)
    if told["id"] != before.id:
        await _unlink(api, caller, before)
    return told


@router.delete("/{channel_id}")
async def delete_target(
    api: ApiDep, caller: Caller, channel_id: PathId, target_id: Annotated[int, Query(ge=-MAX_ID, le=MAX_ID)]
) -> None:
    """Take a link away. The number stays."""
    await _unlink(api, caller, await _linked(api, caller, channel_id, target_id))


async def trunks_of(api: Api, caller: Actor) -> Trunks:
    """The organisation's trunks by id."""
    return {each.id: each for each in await list_trunks(api.ledger, caller, limit=PAGE)}


def is_linked(sender: Sender, agent_id: int | None = None) -> bool:
    """Whether an agent (or this one) speaks from it."""
    linked = sender.extras.get(AGENT)
    return isinstance(linked, int) and agent_id in (None, linked)


def target_row(sender: Sender, trunks: Trunks) -> Json:
    """A link as the vendor tells it. Its id is the sender's."""
    kept = sender.extras.get(NAME)
    known = kept if isinstance(kept, Mapping) else {}
    return {
        "id": sender.id,
        "agent_id": sender.extras.get(AGENT),
        "channel_id": sender.trunk_id or 0,
        "channel_name": _trunk_name(sender, trunks),
        "target": sender.address,
        "target_mode": str(sender.channel),
        "fallback_target": known.get("fallback_target"),
        "is_test": bool(known.get("is_test")),
        "a2p_verified": None,
        "updated_at": written(sender.updated_at),
        "last_updated_by": known.get("by", NOBODY),
    }


def _trunk_name(sender: Sender, trunks: Trunks) -> str:
    trunk = trunks.get(sender.trunk_id or 0)
    return trunk.trunk.name if trunk is not None else ""


async def _linked(api: Api, caller: Actor, channel_id: int, target_id: int) -> Sender:
    sender = await get_sender(api.ledger, caller, target_id)
    if sender.trunk_id != channel_id or not is_linked(sender):
        raise NotFound("target", target_id)
    return sender


async def _link(api: Api, caller: Actor, channel_id: int, body: TargetInput) -> Json:
    channel = MODES.get(body.target_mode)
    if channel is None:
        raise Invalid([Problem("target_mode", "unknown", f"There is no channel for {body.target_mode} here.")])
    try:
        agent = await live_agent(api.ledger, caller, body.agent_id)
    except NotFound as missing:
        raise Invalid([Problem("agent_id", "not_found", str(missing))]) from missing
    with worded({"number": "target"}):
        sender = await number_of(api.ledger, api.clock, caller, channel, body.target)
    if sender.trunk_id != channel_id:
        message = f"{sender.address} belongs to channel {sender.trunk_id}."
        raise Invalid([Problem("target", "other_channel", message)])
    kept = {
        "fallback_target": body.fallback_target,
        "is_test": body.is_test,
        "by": await email_of(api, caller, caller.user_id),
    }
    extras = {**sender.extras, AGENT: body.agent_id, NAME: kept}
    sender = await change_sender(api.ledger, api.clock, caller, sender.id, {"extras": extras})
    await _follow(api, caller, sender, agent)
    return target_row(sender, await trunks_of(api, caller))


async def _unlink(api: Api, caller: Actor, sender: Sender) -> None:
    extras = {name: value for name, value in sender.extras.items() if name not in (AGENT, NAME)}
    await change_sender(api.ledger, api.clock, caller, sender.id, {"extras": extras})


async def _follow(api: Api, caller: Actor, sender: Sender, agent: Agent) -> None:
    """Give the campaigns of this vendor's making that have this source the agent that speaks from it now."""
    place = await place_of(api, caller, agent)
    for campaign in await browse_campaigns(api.ledger, caller):
        kept = campaign.extras.get(NAME)
        if not made_here(campaign) or campaign.status in OVER or campaign.agent_id == agent.id:
            continue
        if not isinstance(kept, Mapping) or kept.get(SOURCE) != sender.id:
            continue

        def change(content: CampaignContent) -> CampaignContent:
            schedule, old = content.plan.schedule, content.plan.message
            own = agent.timezone is not None
            schedule = replace(
                schedule,
                zone_policy=ZonePolicy.AGENT if own else ZonePolicy.CAMPAIGN,
                zone=None if own else place.timezone,
            )
            said = message_of(content.channel, agent, None)
            if old is not None and said is not None:
                said = replace(said, session_ttl=old.session_ttl)
            plan = replace(content.plan, schedule=schedule, message=said or old)
            return replace(content, agent_id=agent.id, plan=plan)

        await edit_campaign(api.ledger, api.clock, caller, campaign.id, change)
