"""The numbers of a channel, in the form of a carrier's account."""

from __future__ import annotations

from fastapi import APIRouter

from clarion.app.actor import Actor
from clarion.app.numbers import SANDBOX, numbers
from clarion.app.ports.resources import KeptTrunk, Sender
from clarion.app.refusals import Invalid, NotFound, Problem
from clarion.app.senders import change_sender, create_sender
from clarion.app.trunks import get_trunk
from clarion.core.outcomes import Channel
from clarion.surfaces.reception import Api
from clarion.surfaces.vendors.syllable.access import ApiDep, Caller, Json, PathId
from clarion.surfaces.vendors.syllable.channel_shapes import NumberInput, NumberUpdate

router = APIRouter(prefix="/api/v1/channels/twilio/{channel_id}/numbers", tags=["channels.twilio.numbers"])

FICTIONAL = range(100, 180)
"""Of 555-0100 to 555-0199, which are nobody's; the last twenty play tricks in the sandbox."""


@router.get("")
async def list_all(api: ApiDep, caller: Caller, channel_id: PathId) -> Json:
    """The numbers that a channel can call from."""
    await _channel(api, caller, channel_id)
    return {"phone_numbers": [_row(each) for each in await _senders(api, caller, channel_id)]}


@router.post("")
async def add(api: ApiDep, caller: Caller, channel_id: PathId, body: NumberInput) -> Json:
    """Make up a number for the sandbox. Real ones are bought from the carrier, and then added as senders."""
    trunk = (await _channel(api, caller, channel_id)).trunk
    if trunk.driver != SANDBOX:
        message = "Numbers of this channel are bought from its carrier; add yours as a sender of its trunk then."
        raise Invalid([Problem("area_code", "not_sandbox", message)])
    taken = {each.address for each in await numbers(api.ledger, caller, trunk.channel)}
    free = (f"+1{body.area_code}5550{n}" for n in FICTIONAL)
    address = next((each for each in free if each not in taken), None)
    if address is None:
        raise Invalid([Problem("area_code", "taken", f"No number is left in {body.area_code}.")])
    sender = await create_sender(
        api.ledger, api.clock, caller, trunk.channel, address, channel_id, label=body.friendly_name
    )
    return {"phone_number": sender.address}


@router.put("")
async def update(api: ApiDep, caller: Caller, channel_id: PathId, body: NumberUpdate) -> Json:
    """Rename a number."""
    await _channel(api, caller, channel_id)
    for sender in await _senders(api, caller, channel_id):
        if sid_of(sender) == body.phone_sid:
            await change_sender(api.ledger, api.clock, caller, sender.id, {"label": body.friendly_name})
            return {"phone_number": sender.address}
    raise NotFound("number", body.phone_sid)


def sid_of(sender: Sender) -> str:
    """A carrier's way to name a number."""
    return f"PN{sender.id:032x}"


def _row(sender: Sender) -> Json:
    return {
        "sid": sid_of(sender),
        "phone_number": sender.address,
        "friendly_name": sender.label or sender.address,
        "trunk_sid": f"TK{sender.trunk_id or 0:032x}",
    }


async def _channel(api: Api, caller: Actor, channel_id: int) -> KeptTrunk:
    kept = await get_trunk(api.ledger, caller, channel_id)
    if kept.trunk.channel is Channel.EMAIL:
        raise NotFound("channel", channel_id)
    return kept


async def _senders(api: Api, caller: Actor, channel_id: int) -> list[Sender]:
    return [each for each in await numbers(api.ledger, caller) if each.trunk_id == channel_id]
