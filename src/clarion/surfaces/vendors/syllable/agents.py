"""Agents: who speaks. A campaign's agent is the one that its source number is linked to."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from fastapi import APIRouter, Query

from clarion.app import agents as use
from clarion.app.actor import Actor
from clarion.app.numbers import numbers
from clarion.app.organizations import get_organization
from clarion.app.ports.resources import Agent
from clarion.app.ports.texts import Text
from clarion.app.refusals import Invalid, NotFound, Problem
from clarion.app.texts import get_text
from clarion.surfaces.reception import Api
from clarion.surfaces.vendors.syllable.access import NOBODY, ApiDep, Caller, Json, PathId, email_of
from clarion.surfaces.vendors.syllable.agent_config import (
    GREETING,
    PROMPT,
    agent_fields,
    config_of,
    greeting_of,
    prompt_of,
)
from clarion.surfaces.vendors.syllable.agent_shapes import AgentInput, AgentUpdate
from clarion.surfaces.vendors.syllable.errors import worded
from clarion.surfaces.vendors.syllable.forms import written
from clarion.surfaces.vendors.syllable.lists import Listing, cut, listing, page_of, searched
from clarion.surfaces.vendors.syllable.reading import NAME
from clarion.surfaces.vendors.syllable.targets import is_linked, target_row, trunks_of
from clarion.surfaces.vendors.syllable.texts import VERSION, message_row, prompt_row, refresh_messages, text_or_none

router = APIRouter(prefix="/api/v1/agents", tags=["agents"])

PROPERTIES = frozenset(
    {
        *("id", "name", "name_exact", "description", "label", "labels", "name_description", "type", "timezone"),
        *("prompt_id", "prompt_id_list", "custom_message_id", "languages", "variables", "prompt_tool_defaults"),
        *("tool_headers", "updated_at", "last_updated_by", "lifecycle_status"),
    }
)
REQUIRED = (
    *("name", "type", "prompt_id", "timezone", "variables", "tool_headers", "id", "updated_at", "last_updated_by"),
)
BY = "by"
"""Beside what is kept for this vendor: the mail address of who wrote it last."""
FIELDS = {"config": "variables"}


@router.get("/")
async def list_all(api: ApiDep, caller: Caller, asked: Annotated[Listing, listing(PROPERTIES)]) -> Json:
    """A page of agents."""
    zone = (await get_organization(api.ledger, caller)).settings.timezone
    found = [each for each in await use.all_agents(api.ledger, caller) if asked.when(each.updated_at)]
    rows = searched((_row(each, zone) for each in found), asked)
    return page_of(cut(rows, asked), len(rows), asked, REQUIRED)


@router.post("/")
async def create(api: ApiDep, caller: Caller, body: AgentInput) -> Json:
    """A new agent."""
    prompt, greeting = await _texts(api, caller, body)
    config = await _signed(api, caller, config_of(body, prompt, greeting, {}, body.timezone))
    with worded(FIELDS):
        agent = await use.create_agent(api.ledger, api.clock, caller, body.name, config, body.timezone, seal=api.seal)
    return await _told(api, caller, agent)


@router.get("/{agent_id}")
async def show(api: ApiDep, caller: Caller, agent_id: PathId) -> Json:
    """One agent with its prompt, its custom message and the numbers that it is linked to."""
    return await _told(api, caller, await use.live_agent(api.ledger, caller, agent_id))


@router.put("/")
async def update(api: ApiDep, caller: Caller, body: AgentUpdate) -> Json:
    """Replace an agent; attempts from now on have the new one."""
    before = await use.live_agent(api.ledger, caller, body.id)
    prompt, greeting = await _texts(api, caller, body)
    config = await _signed(api, caller, config_of(body, prompt, greeting, before.config, body.timezone))
    changes: use.AgentChanges = {"name": body.name, "timezone": body.timezone, "config": config}
    with worded(FIELDS):
        agent = await use.change_agent(api.ledger, api.clock, caller, body.id, changes, seal=api.seal)
    await refresh_messages(api, caller, agent)
    return await _told(api, caller, agent)


@router.delete("/{agent_id}")
async def delete(
    api: ApiDep, caller: Caller, agent_id: PathId, reason: Annotated[str, Query(max_length=1_000)]
) -> None:
    """Put an agent away, unless a campaign that is not over has it."""
    await use.live_agent(api.ledger, caller, agent_id)
    await use.archive_agent(api.ledger, api.clock, caller, agent_id)


async def _texts(api: Api, caller: Actor, body: AgentInput) -> tuple[Text, Text | None]:
    """The prompt and the custom message that are referred to. Raises Invalid."""
    prompt = await _text(api, caller, PROMPT, body.prompt_id, "prompt_id")
    pinned = body.prompt_version_number
    if pinned is not None and pinned != prompt.extras.get(VERSION, 1):
        message = f"Prompt {prompt.id} is at version {prompt.extras.get(VERSION, 1)}; older versions are not kept."
        raise Invalid([Problem("prompt_version_number", "unknown", message)])
    if body.custom_message_id is None:
        return prompt, None
    return prompt, await _text(api, caller, GREETING, body.custom_message_id, "custom_message_id")


async def _text(api: Api, caller: Actor, kind: str, text_id: int, field: str) -> Text:
    try:
        return await get_text(api.ledger, caller, kind, text_id)
    except NotFound as missing:
        raise Invalid([Problem(field, "not_found", str(missing))]) from missing


async def _signed(api: Api, caller: Actor, config: Json) -> Json:
    return {**config, NAME: {**config[NAME], BY: await email_of(api, caller, caller.user_id)}}


def _row(agent: Agent, zone: str) -> Json:
    kept = agent.config.get(NAME)
    return {
        **agent_fields(agent, zone),
        "id": agent.id,
        "updated_at": written(agent.updated_at),
        "last_updated_by": kept.get(BY, NOBODY) if isinstance(kept, dict) else NOBODY,
    }


async def _told(api: Api, caller: Actor, agent: Agent) -> Json:
    zone = (await get_organization(api.ledger, caller)).settings.timezone
    prompt = await text_or_none(api, caller, PROMPT, prompt_of(agent))
    greeting = await text_or_none(api, caller, GREETING, greeting_of(agent))
    agents: Sequence[Agent] = await use.all_agents(api.ledger, caller)
    trunks = await trunks_of(api, caller)
    linked = [each for each in await numbers(api.ledger, caller) if is_linked(each, agent.id)]
    return {
        **_row(agent, zone),
        "prompt": prompt_row(prompt, agents) if prompt is not None else None,
        "custom_message": message_row(greeting, agents) if greeting is not None else None,
        "channel_targets": [target_row(each, trunks) for each in linked],
        "tools": None,
        "language_group": None,
    }
