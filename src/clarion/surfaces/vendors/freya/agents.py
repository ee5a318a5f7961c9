"""Agents: who speaks."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Response

from clarion.app import agents as use
from clarion.app.actor import Actor
from clarion.app.agent_hooks import agent_hook, drop_agent_hook, set_agent_hook
from clarion.app.ports.resources import Agent
from clarion.app.refusals import Invalid
from clarion.app.webhooks import EndpointDraft, endpoint_problems
from clarion.core.events import EventType
from clarion.surfaces.reception import Api
from clarion.surfaces.vendors.freya.agent_config import REPORT, config_of, config_of_agent, report_url
from clarion.surfaces.vendors.freya.agent_shapes import AgentChange, AgentConfig, NewAgent
from clarion.surfaces.vendors.freya.door import ApiDep, Caller, Limit, Offset, Workspace, the_id
from clarion.surfaces.vendors.freya.errors import answer
from clarion.wire.uuids import uuid_of

router = APIRouter(prefix="/api/v2/agents", tags=["agents"])


@router.post("", status_code=201)
async def create(api: ApiDep, caller: Caller, body: NewAgent) -> Response:
    """Add an agent. Its `server.url` (or `webhookUrl`) gets an end-of-call report after each of its calls."""
    theirs = _sent(body.config)
    hook = _hook(api, theirs)
    agent = await use.create_agent(api.ledger, api.clock, caller, body.name, config_of(theirs, {}), seal=api.seal)
    if hook is not None:
        await _set_hook(api, caller, agent, hook)
    return answer("Agent created successfully", {"agent": await _object(api, caller, agent)}, 201)


@router.get("")
async def list_all(
    api: ApiDep,
    caller: Caller,
    workspaceId: Workspace = None,
    entityType: Annotated[Literal["workflow", "agent", "all"], Query(description="There are no workflows.")] = "all",
    limit: Limit = 50,
    offset: Offset = 0,
) -> Response:
    """Agents, in the order in which they were made."""
    found = () if entityType == "workflow" else await use.all_agents(api.ledger, caller)
    page = [
        {
            "id": uuid_of("agent", agent.id),
            "name": agent.name,
            "createdAt": agent.created_at,
            "updatedAt": agent.updated_at,
            "entityType": "agent",
        }
        for agent in found[offset : offset + limit]
    ]
    result = {"agents": page, "total": len(found), "limit": limit, "offset": offset}
    return answer("Agents retrieved successfully", result)


@router.get("/{agentId}")
async def show(api: ApiDep, caller: Caller, agentId: str) -> Response:
    """One agent with its configuration."""
    agent = await use.live_agent(api.ledger, caller, the_id("agent", agentId))
    return answer("Agent retrieved successfully", {"agent": await _object(api, caller, agent)})


@router.put("/{agentId}")
@router.patch("/{agentId}")
async def change(api: ApiDep, caller: Caller, agentId: str, body: AgentChange) -> Response:
    """Change an agent; sections of the config that are given replace those there are."""
    agent = await use.live_agent(api.ledger, caller, the_id("agent", agentId))
    theirs = _sent(body.config)
    hook = _hook(api, theirs)
    changes: use.AgentChanges = {}
    if body.name is not None:
        changes["name"] = body.name
    if theirs:
        changes["config"] = config_of(theirs, agent.config)
    if changes:
        agent = await use.change_agent(api.ledger, api.clock, caller, agent.id, changes, seal=api.seal)
    if hook is not None:
        await _set_hook(api, caller, agent, hook)
    elif theirs.keys() & {"server", "webhookUrl"}:
        await drop_agent_hook(api.ledger, api.clock, caller, agent.id, REPORT)
    return answer("Agent updated successfully", {"agent": await _object(api, caller, agent)})


@router.delete("/{agentId}")
async def remove(api: ApiDep, caller: Caller, agentId: str) -> Response:
    """Put an agent away; refused while an active campaign uses it."""
    agent = await use.live_agent(api.ledger, caller, the_id("agent", agentId))
    await use.archive_agent(api.ledger, api.clock, caller, agent.id)
    return answer("Agent deleted successfully", {"id": uuid_of("agent", agent.id), "deleted": True})


def _sent(config: AgentConfig | None) -> dict[str, Any]:
    return {} if config is None else config.model_dump(exclude_unset=True)


def _hook(api: Api, theirs: dict[str, Any]) -> EndpointDraft | None:
    """The webhook that a config asks for, checked before anything is written. Raises Invalid."""
    url = report_url(theirs)
    if url is None:
        return None
    draft = EndpointDraft(url=url, events=(EventType.ATTEMPT_ENDED,), format=REPORT)
    problems = endpoint_problems(draft, api.settings.endpoint_rules)
    if problems:
        raise Invalid(problems)
    return draft


async def _set_hook(api: Api, caller: Actor, agent: Agent, draft: EndpointDraft) -> None:
    rules = api.settings.endpoint_rules
    await set_agent_hook(api.ledger, api.clock, api.seal, rules, caller, agent.id, draft)


async def _object(api: Api, caller: Actor, agent: Agent) -> dict[str, Any]:
    hook = await agent_hook(api.ledger, caller, agent.id, REPORT)
    return {
        "id": uuid_of("agent", agent.id),
        "workspaceId": uuid_of("organization", agent.organization_id),
        "name": agent.name,
        "config": config_of_agent(agent.config, None if hook is None else hook.url),
        "entityType": "agent",
        "createdAt": agent.created_at,
        "updatedAt": agent.updated_at,
    }
