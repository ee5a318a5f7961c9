"""Assistants: made, listed, changed, deleted, cloned. They are agents."""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import blake2b
from typing import Any

import orjson
from fastapi import APIRouter, Request

from clarion.app.actor import Actor
from clarion.app.agent_hooks import agent_hook, drop_agent_hook, set_agent_hook
from clarion.app.agents import agent_named, all_agents, archive_agent, change_agent, create_agent, live_agent
from clarion.app.campaigns import list_campaigns
from clarion.app.numbers import number_of
from clarion.app.ports.campaigns import CampaignFilters
from clarion.app.ports.resources import Agent
from clarion.app.refusals import Invalid, NotFound
from clarion.app.single_calls import is_single_calls
from clarion.app.standings import standing_of
from clarion.app.steer import cancel_campaign
from clarion.app.webhooks import endpoint_problems
from clarion.core.campaigns import CampaignStatus
from clarion.core.outcomes import Channel
from clarion.surfaces.reception import Api
from clarion.surfaces.vendors.echo import SENT
from clarion.surfaces.vendors.revox.access import ApiDep, Caller, our_id
from clarion.surfaces.vendors.revox.answers import Answer
from clarion.surfaces.vendors.revox.assistant_config import INLINE, REVOX, agent_config, assistant, is_inline
from clarion.surfaces.vendors.revox.assistant_shapes import AssistantChange, NewAssistant
from clarion.surfaces.vendors.revox.bodies import JsonRoute, sent_fields
from clarion.surfaces.vendors.revox.webhooks import hook

router = APIRouter(prefix="/api/assistants", tags=["assistants"], route_class=JsonRoute)

COPY = " (Copy)"
NAME_LENGTH = 255
NAME = "name"
MOST_CAMPAIGNS = 500


@router.post("")
async def create(request: Request, api: ApiDep, caller: Caller, body: NewAssistant) -> Answer:
    """Make an assistant."""
    sent = await sent_fields(request, NewAssistant)
    return Answer({"assistant": assistant(await make(api, caller, body.name, _fields(sent)))})


@router.get("")
async def list_all(api: ApiDep, caller: Caller) -> Answer:
    """Every assistant but those that are steps of others, and those that single calls brought along."""
    agents = await all_agents(api.ledger, caller)
    told = [assistant(agent) for agent in agents if not is_inline(agent)]
    return Answer({"assistants": [each for each in told if each["type"] != "sub-assistant"]})


@router.get("/{assistant_id}")
async def show(api: ApiDep, caller: Caller, assistant_id: str) -> Answer:
    """One assistant: by itself, as SDK 0.5.0 wants it, and below `assistant`, as everything else is answered."""
    told = assistant(await find(api, caller, assistant_id))
    return Answer({**told, "assistant": told})


@router.patch("/{assistant_id}")
async def change(request: Request, api: ApiDep, caller: Caller, assistant_id: str, body: AssistantChange) -> Answer:
    """Change what is sent, and nothing else. Campaigns that were made keep the hours and retries they have."""
    agent = await find(api, caller, assistant_id)
    sent = await sent_fields(request, AssistantChange)
    fields = _fields(sent)
    await _check(api, caller, fields)
    config = agent_config(fields, agent.config)
    name = body.name if NAME in sent else agent.name
    if "webhook_url" in fields:
        await _set_hook(api, caller, agent.id, fields["webhook_url"])
    agent = await change_agent(api.ledger, api.clock, caller, agent.id, {"name": name, "config": config}, seal=api.seal)
    return Answer({"assistant": assistant(agent)})


@router.delete("/{assistant_id}")
async def delete(api: ApiDep, caller: Caller, assistant_id: str) -> Answer:
    """Put it away. Refused while a campaign that is not over uses it."""
    agent = await find(api, caller, assistant_id)
    await _close_single_calls(api, caller, agent.id)
    await archive_agent(api.ledger, api.clock, caller, agent.id)
    await drop_agent_hook(api.ledger, api.clock, caller, agent.id, REVOX)
    return Answer({"success": True})


@router.post("/{assistant_id}/clone")
async def clone(api: ApiDep, caller: Caller, assistant_id: str) -> Answer:
    """A copy with another name. Its webhook is a new one with a secret of its own."""
    agent = await find(api, caller, assistant_id)
    name = agent.name[: NAME_LENGTH - len(COPY)] + COPY
    copy = await create_agent(
        api.ledger, api.clock, caller, name, agent.config, agent.timezone, seal=api.seal, copy_of=agent.id
    )
    own = await agent_hook(api.ledger, caller, agent.id, REVOX)
    if own is not None:
        await _set_hook(api, caller, copy.id, own.url)
    return Answer({"assistant": assistant(copy)})


async def find(api: Api, caller: Actor, assistant_id: str) -> Agent:
    """The agent that a client names. NotFound for one that is not there, or not any more."""
    return await live_agent(api.ledger, caller, our_id("agent", assistant_id))


async def make(api: Api, caller: Actor, name: str, fields: Mapping[str, Any], *, inline: bool = False) -> Agent:
    """A new agent that says `fields`."""
    await _check(api, caller, fields)
    config = agent_config(fields)
    if inline:
        config[REVOX][INLINE] = True
    agent = await create_agent(api.ledger, api.clock, caller, name, config, seal=api.seal)
    if fields.get("webhook_url"):
        await _set_hook(api, caller, agent.id, fields["webhook_url"])
    return agent


async def inline_agent(api: Api, caller: Actor, fields: Mapping[str, Any]) -> Agent:
    """The agent of a call's own body: the one that was made for the first call with an equal body."""
    digest = blake2b(orjson.dumps(fields, option=orjson.OPT_SORT_KEYS), digest_size=12).hexdigest()
    name = f"Inline assistant {digest}"
    try:
        found = await agent_named(api.ledger, caller, name)
    except NotFound:
        return await make(api, caller, name, fields, inline=True)
    same = is_inline(found) and found.config[REVOX][SENT] == fields
    return found if same else await make(api, caller, name, fields, inline=True)


async def _check(api: Api, caller: Actor, fields: Mapping[str, Any]) -> None:
    """Raises Invalid for a webhook that may not be, and for a caller ID that the organisation does not have."""
    if fields.get("webhook_url"):
        problems = endpoint_problems(hook(fields["webhook_url"]), api.settings.endpoint_rules)
        if problems:
            raise Invalid(problems)
    if fields.get("from_phone_number"):
        await number_of(api.ledger, api.clock, caller, Channel.VOICE, fields["from_phone_number"])


async def _close_single_calls(api: Api, caller: Actor, agent_id: int) -> None:
    """Single calls lie in campaigns that never end by themselves: those that have nobody left to call end here."""
    active = CampaignFilters(agent_id=agent_id, statuses=frozenset({CampaignStatus.RUNNING}))
    for campaign in await list_campaigns(api.ledger, caller, active, limit=MOST_CAMPAIGNS):
        if is_single_calls(campaign):
            numbers, _ = await standing_of(api.ledger, caller, campaign)
            if numbers.waiting + numbers.live == 0:
                await cancel_campaign(api.ledger, api.clock, caller, campaign.id)


async def _set_hook(api: Api, caller: Actor, agent_id: int, url: str | None) -> None:
    if url:
        rules = api.settings.endpoint_rules
        await set_agent_hook(api.ledger, api.clock, api.seal, rules, caller, agent_id, hook(url))
    else:
        await drop_agent_hook(api.ledger, api.clock, caller, agent_id, REVOX)


def _fields(sent: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in sent.items() if name != NAME}
