"""Voices: those that the organisation's assistants speak with. clarion has no catalogue of voices of its own."""

from __future__ import annotations

from typing import Any, Literal, get_args

from fastapi import APIRouter

from clarion.app.actor import Actor
from clarion.app.agents import all_agents
from clarion.app.refusals import Conflict, NotFound
from clarion.surfaces.reception import Api
from clarion.surfaces.vendors.revox.access import ApiDep, Caller
from clarion.surfaces.vendors.revox.answers import Answer
from clarion.surfaces.vendors.revox.assistant_config import read_config
from clarion.surfaces.vendors.revox.bodies import JsonRoute

router = APIRouter(prefix="/api/voices", tags=["voices"], route_class=JsonRoute)

Provider = Literal["cartesia", "elevenlabs", "gradium"]
Language = Literal["en", "fr", "es", "de", "it", "pt", "ru", "zh"]


@router.get("")
async def list_all(api: ApiDep, caller: Caller) -> Answer:
    """Every voice that an assistant speaks with."""
    return Answer({"voices": list((await _voices(api, caller)).values())})


@router.post("/clone")
async def clone(_caller: Caller) -> Answer:
    """Not here."""
    raise Conflict("not_supported", "Voices are cloned at their provider; an assistant may then name them by id.")


@router.post("/preview")
async def preview(_caller: Caller) -> Answer:
    """Not here."""
    raise Conflict("not_supported", "Voices are listened to at their provider; clarion keeps no samples of them.")


@router.get("/{voice_id}")
async def show(api: ApiDep, caller: Caller, voice_id: str, provider: Provider) -> Answer:
    """One of them."""
    found = (await _voices(api, caller)).get((provider, voice_id))
    if found is None:
        raise NotFound("voice", voice_id)
    return Answer({"voice": {name: found[name] for name in ("id", "name", "description")}})


@router.delete("/{voice_id}")
async def delete(api: ApiDep, caller: Caller, voice_id: str) -> Answer:
    """Only cloned voices could be deleted, and there are none."""
    if any(id_ == voice_id for _, id_ in await _voices(api, caller)):
        raise Conflict("in_use", "The voice is an assistant's, and it is kept by its provider.")
    raise NotFound("voice", voice_id)


async def _voices(api: Api, caller: Actor) -> dict[tuple[str, str], dict[str, Any]]:
    found: dict[tuple[str, str], dict[str, Any]] = {}
    for agent in await all_agents(api.ledger, caller):
        voice = read_config(agent.config)["voice"]
        if voice is None:
            continue
        spoken = str(agent.config.get("language") or "en").lower()[:2]
        found.setdefault(
            (voice["provider"], voice["id"]),
            {
                "id": voice["id"],
                "provider": voice["provider"],
                "name": voice["id"],
                "description": f"The voice of {agent.name}",
                "language": spoken if spoken in get_args(Language) else "en",
                "accent": None,
                "gender": None,
                "isCloned": False,
            },
        )
    return found
