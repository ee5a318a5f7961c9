"""Phone numbers, as ours are told. None is sold here, and trunks are set up elsewhere."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from fastapi import APIRouter

from clarion.app import senders as use
from clarion.app import trunks
from clarion.app.actor import Actor
from clarion.app.numbers import numbers
from clarion.app.ports.resources import KeptTrunk, Sender
from clarion.app.refusals import Conflict, NotFound
from clarion.core.outcomes import Channel
from clarion.surfaces.reception import Api
from clarion.surfaces.vendors.autocalls.access import ApiDep, Body, Caller, PathId
from clarion.surfaces.vendors.autocalls.dates import stamp
from clarion.surfaces.vendors.autocalls.errors import Answer
from clarion.surfaces.vendors.autocalls.shapes import NicknameInput, PurchaseInput
from clarion.wire.phones import Phone, parse_phone

router = APIRouter(tags=["phone numbers"])

NICKNAME_LENGTH = 50
TOO_LONG = f"The nickname must not exceed {NICKNAME_LENGTH} characters."
NOT_SOLD = "This server does not sell phone numbers. Add a trunk of your carrier, and its numbers as senders."
NOT_FOR_SALE = "This phone number is not available for purchase. This server does not sell phone numbers."
TRUNKS_ELSEWHERE = "SIP trunks are set up by this server's own API and command line, not here."
KINDS: Mapping[str, tuple[str, str]] = {"sip": ("sip", "SIP Trunk")}
USUAL_KIND = ("normal", "Dedicated Number")
"""What a number is called by the driver of its trunk."""
TRUNK_PAGE = 500


def country_of(number: str) -> str | None:
    """ISO 3166, of a number in E.164."""
    phone = parse_phone(number, "US")
    return phone.region if isinstance(phone, Phone) else None


def available(sender: Sender) -> Body:
    """A number that an assistant can have."""
    return {
        "id": sender.id,
        "phone_number": sender.address,
        "country_code": country_of(sender.address),
        "type_label": USUAL_KIND[1],
        "is_available": sender.enabled,
    }


async def _drivers(api: Api, caller: Actor) -> Mapping[int, str]:
    return {kept.id: kept.trunk.driver for kept in await _trunks(api, caller)}


async def _trunks(api: Api, caller: Actor) -> Sequence[KeptTrunk]:
    return await trunks.list_trunks(api.ledger, caller, limit=TRUNK_PAGE, channel=Channel.VOICE)


async def _all(api: Api, caller: Actor) -> list[Body]:
    drivers = await _drivers(api, caller)
    texting = {each.address for each in await numbers(api.ledger, caller, Channel.SMS) if each.enabled}
    voices = [each for each in await numbers(api.ledger, caller, Channel.VOICE) if each.enabled]
    return [_whole(each, drivers, texting) for each in voices]


def _whole(sender: Sender, drivers: Mapping[int, str], texting: set[str]) -> Body:
    kind, label = KINDS.get(drivers.get(sender.trunk_id or 0, ""), USUAL_KIND)
    return {
        "id": sender.id,
        "phone_number": sender.address,
        "nickname": sender.label,
        "country_code": country_of(sender.address),
        "type": kind,
        "type_label": label,
        "sms_capable": sender.address in texting,
        "region": None,
        "has_active_subscription": True,
        "created_at": stamp(sender.created_at),
    }


@router.get("/api/user/phone-numbers/all")
async def list_all(api: ApiDep, caller: Caller) -> Body:
    """Every number that calls can be made from."""
    return {"data": await _all(api, caller)}


@router.get("/api/user/phone-numbers")
async def list_texting(api: ApiDep, caller: Caller) -> Body:
    """The older list: numbers that can send texts as well."""
    return {"data": [each for each in await _all(api, caller) if each["sms_capable"]]}


@router.get("/api/user/phone-numbers/search")
async def search(caller: Caller) -> Body:
    """Numbers for sale: there are none."""
    raise Answer(400, {"error": NOT_SOLD})


@router.post("/api/user/phone-numbers/purchase")
async def purchase(caller: Caller, body: PurchaseInput) -> Body:
    """Buy a number: none is sold here."""
    raise Answer(400, {"error": NOT_FOR_SALE})


@router.put("/api/user/phone-numbers/{number_id}")
async def rename(api: ApiDep, caller: Caller, number_id: PathId, body: NicknameInput) -> Body:
    """Give a number another nickname."""
    await _mine(api, caller, number_id)
    if body.nickname is not None and len(body.nickname) > NICKNAME_LENGTH:
        raise Answer(422, {"message": TOO_LONG, "errors": {"nickname": [TOO_LONG]}})
    sender = await use.change_sender(api.ledger, api.clock, caller, number_id, {"label": body.nickname})
    whole = _whole(sender, await _drivers(api, caller), set())
    data = {name: whole[name] for name in ("id", "phone_number", "nickname", "country_code", "type")}
    return {"message": "Phone number updated successfully.", "data": data}


async def _mine(api: Api, caller: Actor, number_id: int) -> Sender:
    """A number for calls that has not been released. Raises NotFound."""
    sender = await use.get_sender(api.ledger, caller, number_id)
    if not sender.enabled or sender.channel is not Channel.VOICE:
        raise NotFound("phone number", number_id)
    return sender


@router.delete("/api/user/phone-numbers/{number_id}")
async def release(api: ApiDep, caller: Caller, number_id: PathId) -> Body:
    """Give a number up: one that was used is disabled, so that the record stays whole."""
    await _mine(api, caller, number_id)
    try:
        await use.delete_sender(api.ledger, caller, number_id)
    except Conflict:
        await use.change_sender(api.ledger, api.clock, caller, number_id, {"enabled": False})
    return {"message": "Phone number deleted successfully."}


@router.get("/api/user/phone-numbers/sip-trunks")
async def list_trunks(api: ApiDep, caller: Caller) -> Body:
    """The trunks that calls go over, without their secrets."""
    senders = await numbers(api.ledger, caller, Channel.VOICE)
    return {"data": [_trunk(kept, senders) for kept in await _trunks(api, caller)]}


@router.get("/api/user/phone-numbers/sip-trunks/{trunk_id}")
async def show_trunk(api: ApiDep, caller: Caller, trunk_id: PathId) -> Body:
    """One trunk, without its secrets."""
    kept = await _voice_trunk(api, caller, trunk_id)
    senders = await numbers(api.ledger, caller, Channel.VOICE)
    return {"data": {**_trunk(kept, senders), "inbound_trunk_id": None, "outbound_trunk_id": str(kept.id)}}


async def _voice_trunk(api: Api, caller: Actor, trunk_id: int) -> KeptTrunk:
    kept = await trunks.get_trunk(api.ledger, caller, trunk_id)
    if kept.trunk.channel is not Channel.VOICE:
        raise NotFound("SIP trunk", trunk_id)
    return kept


def _trunk(kept: KeptTrunk, senders: Sequence[Sender]) -> Body:
    trunk = kept.trunk
    first = next((each.address for each in senders if each.trunk_id == trunk.id), None)
    return {
        "id": trunk.id,
        "phone_number": first,
        "nickname": trunk.name,
        "sip_username": _text(trunk.settings, "username"),
        "sip_address": _text(trunk.settings, "host"),
        "sip_calling_format": "+e164",
        "inbound_authorization_type": "auth",
        "allowed_inbound_ips": None,
        "outbound_proxy": bool(trunk.settings.get("proxy")),
        "country_code": None if first is None else country_of(first),
        "created_at": stamp(kept.created_at),
        "updated_at": stamp(kept.updated_at),
    }


def _text(settings: Mapping[str, Any], name: str) -> str | None:
    value = settings.get(name)
    return value if isinstance(value, str) else None


@router.post("/api/user/phone-numbers/sip-trunks")
async def create_trunk(caller: Caller) -> Body:
    """Trunks are not made by this API."""
    raise Answer(400, {"error": TRUNKS_ELSEWHERE})


@router.put("/api/user/phone-numbers/sip-trunks/{trunk_id}")
async def change_trunk(api: ApiDep, caller: Caller, trunk_id: PathId) -> Body:
    """Nor are they changed by it."""
    await _voice_trunk(api, caller, trunk_id)
    raise Answer(400, {"error": TRUNKS_ELSEWHERE})
