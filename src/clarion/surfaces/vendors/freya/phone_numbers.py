"""Phone numbers: the organisation's own, by which calls go out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fastapi import APIRouter, Response

from clarion.app.agents import all_agents, live_agent
from clarion.app.numbers import number_of, numbers
from clarion.app.ports.resources import Sender
from clarion.app.refusals import NotFound
from clarion.app.senders import SenderChanges, change_sender, get_sender
from clarion.core.outcomes import Channel
from clarion.surfaces.vendors.freya.call_shapes import NewNumber
from clarion.surfaces.vendors.freya.door import ApiDep, Caller, Limit, Offset, Workspace, the_id
from clarion.surfaces.vendors.freya.errors import answer
from clarion.surfaces.vendors.freya.translate import FREYA
from clarion.wire.uuids import uuid_of

router = APIRouter(prefix="/api/v2/phone-numbers", tags=["phone numbers"])

AGENT = "agent_id"
"""The extra of a sender that names the agent who speaks by it."""


@router.post("", status_code=201)
async def create(api: ApiDep, caller: Caller, body: NewNumber) -> Response:
    """Make a number of the organisation known under a name and with an agent. It must be a sender of one of its trunks;
    where all of them are sandboxes it is made. Given again, it is changed.
    """
    config = body.config
    outbound = None if config is None or config.outboundAgentId is None else the_id("agent", config.outboundAgentId)
    inbound = None if config is None or config.inboundAgentId is None else the_id("agent", config.inboundAgentId)
    for agent_id in {each for each in (outbound, inbound) if each is not None}:
        await live_agent(api.ledger, caller, agent_id)
    sender = await number_of(api.ledger, api.clock, caller, Channel.VOICE, body.number)
    extras: dict[str, Any] = {**sender.extras}
    if config is not None and "outboundAgentId" in config.model_fields_set:
        extras[AGENT] = outbound
    if config is not None and "inboundAgentId" in config.model_fields_set:
        extras[FREYA] = {"inbound_agent_id": inbound}
    changes: SenderChanges = {"extras": extras}
    if body.friendlyName is not None:
        changes["label"] = body.friendlyName
    if config is not None and config.sipOutbound is not None and config.sipOutbound.enabled is not None:
        changes["enabled"] = config.sipOutbound.enabled
    sender = await change_sender(api.ledger, api.clock, caller, sender.id, changes)
    names = {agent.id: agent.name for agent in await all_agents(api.ledger, caller)}
    return answer("Phone number created successfully", {"phoneNumber": _object(sender, names)}, 201)


@router.get("")
async def list_all(
    api: ApiDep, caller: Caller, limit: Limit = 50, offset: Offset = 0, workspaceId: Workspace = None
) -> Response:
    """The organisation's numbers."""
    found = await numbers(api.ledger, caller, Channel.VOICE)
    names = {agent.id: agent.name for agent in await all_agents(api.ledger, caller)}
    page = [_object(sender, names) for sender in found[offset : offset + limit]]
    result = {"phoneNumbers": page, "total": len(found), "limit": limit, "offset": offset}
    return answer("Phone numbers retrieved successfully", result)


@router.get("/{phoneNumberId}")
async def show(api: ApiDep, caller: Caller, phoneNumberId: str) -> Response:
    """One number."""
    sender = await get_sender(api.ledger, caller, the_id("sender", phoneNumberId))
    if sender.channel is not Channel.VOICE:
        raise NotFound("sender", phoneNumberId)
    names = {agent.id: agent.name for agent in await all_agents(api.ledger, caller)}
    return answer("Phone number retrieved successfully", {"phoneNumber": _object(sender, names)})


def _object(sender: Sender, names: Mapping[int, str]) -> dict[str, Any]:
    outbound = sender.extras.get(AGENT)
    kept = sender.extras.get(FREYA)
    inbound = kept.get("inbound_agent_id") if isinstance(kept, Mapping) else None
    return {
        "id": uuid_of("sender", sender.id),
        "number": sender.address,
        "workspaceId": uuid_of("organization", sender.organization_id),
        "friendlyName": sender.label,
        "config": {
            "capabilities": {"voice": True, "sms": False},
            "outboundAgentId": None if outbound is None else uuid_of("agent", outbound),
            "inboundAgentId": None if inbound is None else uuid_of("agent", inbound),
            "sipOutbound": {"enabled": sender.enabled},
        },
        "outboundAgentName": names.get(outbound or 0),
        "inboundAgentName": names.get(inbound or 0),
        "createdAt": sender.created_at,
        "updatedAt": sender.updated_at,
    }
