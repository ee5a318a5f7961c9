"""Phone numbers: the organisation's senders of calls."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fastapi import APIRouter, Request

from clarion.app.actor import Actor
from clarion.app.agents import all_agents
from clarion.app.numbers import numbers
from clarion.app.ports.resources import Agent, Sender
from clarion.app.refusals import NotFound
from clarion.app.senders import SenderChanges, change_sender, delete_sender, get_sender
from clarion.core.outcomes import Channel
from clarion.surfaces.reception import Api
from clarion.surfaces.vendors.revox.access import ApiDep, Caller, our_id
from clarion.surfaces.vendors.revox.answers import Answer, instant
from clarion.surfaces.vendors.revox.assistant_config import assistant
from clarion.surfaces.vendors.revox.assistants import find
from clarion.surfaces.vendors.revox.bodies import JsonRoute, sent_fields
from clarion.surfaces.vendors.revox.call_shapes import PhoneNumberChange
from clarion.wire.uuids import uuid_of

router = APIRouter(prefix="/api/phone-numbers", tags=["phone numbers"], route_class=JsonRoute)

AGENT = "agent_id"
"""The extra of a sender that says who speaks when somebody calls it."""


@router.get("")
async def list_all(api: ApiDep, caller: Caller) -> Answer:
    """Every number."""
    agents = {agent.id: agent for agent in await all_agents(api.ledger, caller)}
    senders = await numbers(api.ledger, caller, Channel.VOICE)
    return Answer({"phone_numbers": [_answer(sender, agents) for sender in senders]})


@router.patch("/{number_id}")
async def change(request: Request, api: ApiDep, caller: Caller, number_id: str, body: PhoneNumberChange) -> Answer:
    """Change a number's label, or who speaks when it is called."""
    sender = await _find(api, caller, number_id)
    sent = await sent_fields(request, PhoneNumberChange)
    changes: SenderChanges = {}
    if "label" in sent:
        changes["label"] = body.label
    if "inbound_assistant_id" in sent:
        wanted = body.inbound_assistant_id
        agent_id = (await find(api, caller, wanted)).id if wanted is not None else None
        extras = {name: value for name, value in sender.extras.items() if name != AGENT}
        changes["extras"] = extras if agent_id is None else {**extras, AGENT: agent_id}
    sender = await change_sender(api.ledger, api.clock, caller, sender.id, changes)
    agents = {agent.id: agent for agent in await all_agents(api.ledger, caller)}
    return Answer({"phone_number": _answer(sender, agents)})


@router.delete("/{number_id}")
async def delete(api: ApiDep, caller: Caller, number_id: str) -> Answer:
    """Delete a number that nothing uses, or ever used."""
    sender = await _find(api, caller, number_id)
    await delete_sender(api.ledger, caller, sender.id)
    return Answer({"success": True})


async def _find(api: Api, caller: Actor, number_id: str) -> Sender:
    sender = await get_sender(api.ledger, caller, our_id("sender", number_id))
    if sender.channel is not Channel.VOICE:
        raise NotFound("sender", number_id)
    return sender


def _answer(sender: Sender, agents: Mapping[int, Agent]) -> dict[str, Any]:
    agent = agents.get(sender.extras.get(AGENT, 0))
    return {
        "id": uuid_of("sender", sender.id),
        "phone_number": sender.address,
        "label": sender.label,
        "provider": "sip",
        "source": "user_imported",
        "type": "owned_number",
        "inbound_assistant": assistant(agent) if agent else None,
        "inbound_sip_uri": None,
        "livekit_outbound_trunk_id": None,
        "created_at": instant(sender.created_at),
        "created_by": None,
    }
