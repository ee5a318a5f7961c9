"""Agents: who speaks in a conversation. Their configuration is kept whole; the fields that we know are checked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, TypedDict

import orjson

from clarion.app.actor import Actor, Role
from clarion.app.ports.clock import Clock
from clarion.app.ports.ledger import Ledger
from clarion.app.ports.resources import Agent
from clarion.app.refusals import Conflict, Invalid, NotFound, Problem
from clarion.app.zones import zone_problems

CONFIG_BYTES = 256 * 1024
MOST = 10_000


class AgentChanges(TypedDict, total=False):
    """What can be changed of an agent. `config` replaces the whole of it."""

    name: str
    timezone: str | None
    config: Mapping[str, Any]


async def create_agent(
    ledger: Ledger, clock: Clock, actor: Actor, name: str, config: Mapping[str, Any], timezone: str | None = None
) -> Agent:
    """Add an agent. Raises Invalid."""
    actor.must_be(Role.OPERATOR)
    now = clock.now()
    _refuse(zone_problems("timezone", timezone) + config_problems(config))
    async with ledger.write() as tx:
        agent_id = (await tx.new_ids("agents"))[0]
        agent = Agent(agent_id, actor.organization_id, name, timezone, config, now, now)
        await tx.resources.add_agent(agent)
    return agent


async def get_agent(ledger: Ledger, actor: Actor, agent_id: int) -> Agent:
    """One agent, archived or not."""
    async with ledger.read() as tx:
        return await tx.resources.agent(actor.organization_id, agent_id)


async def list_agents(
    ledger: Ledger, actor: Actor, *, after: int = 0, limit: int = 100, archived: bool = False, name: str | None = None
) -> list[Agent]:
    """Agents by id; `name` is part of their name."""
    async with ledger.read() as tx:
        return await tx.resources.agents(actor.organization_id, after=after, limit=limit, archived=archived, name=name)


async def all_agents(ledger: Ledger, actor: Actor) -> Sequence[Agent]:
    """Every agent that is not archived, by id."""
    async with ledger.read() as tx:
        return await tx.resources.agents(actor.organization_id, limit=MOST)


async def live_agent(ledger: Ledger, actor: Actor, agent_id: int) -> Agent:
    """One agent that is not archived, or NotFound."""
    agent = await get_agent(ledger, actor, agent_id)
    if agent.archived_at is not None:
        raise NotFound("agent", agent_id)
    return agent


async def agent_named(ledger: Ledger, actor: Actor, name: str) -> Agent:
    """The agent with exactly this name; of several the first made. NotFound when there is none."""
    async with ledger.read() as tx:
        found = await tx.resources.agents(actor.organization_id, name=name, limit=MOST)
    for agent in found:
        if agent.name == name:
            return agent
    raise NotFound("agent", name)


async def change_agent(ledger: Ledger, clock: Clock, actor: Actor, agent_id: int, changes: AgentChanges) -> Agent:
    """Change an agent; attempts released from now on see it. Raises Invalid."""
    actor.must_be(Role.OPERATOR)
    _refuse(zone_problems("timezone", changes.get("timezone")) + config_problems(changes.get("config", {})))
    async with ledger.write() as tx:
        old = await tx.resources.agent(actor.organization_id, agent_id)
        agent = replace(old, **changes, updated_at=clock.now())
        await tx.resources.change_agent(agent)
    return agent


async def archive_agent(ledger: Ledger, clock: Clock, actor: Actor, agent_id: int) -> Agent:
    """Put it away: it stays for the record and is offered no more. Conflict while an active campaign uses it."""
    actor.must_be(Role.OPERATOR)
    async with ledger.write() as tx:
        old = await tx.resources.agent(actor.organization_id, agent_id)
        users = await tx.resources.campaigns_with(actor.organization_id, agent_id=agent_id, active=True)
        if users:
            raise Conflict("in_use", f"Active campaigns use this agent: {', '.join(map(str, users))}.")
        agent = replace(old, archived_at=old.archived_at or clock.now(), updated_at=clock.now())
        await tx.resources.change_agent(agent)
    return agent


async def restore_agent(ledger: Ledger, clock: Clock, actor: Actor, agent_id: int) -> Agent:
    """Take it out of the archive."""
    actor.must_be(Role.OPERATOR)
    async with ledger.write() as tx:
        old = await tx.resources.agent(actor.organization_id, agent_id)
        agent = replace(old, archived_at=None, updated_at=clock.now())
        await tx.resources.change_agent(agent)
    return agent


def config_problems(config: Mapping[str, Any]) -> list[Problem]:
    """What is wrong with an agent's configuration. Its types are the surfaces' business; its size is ours."""
    if len(orjson.dumps(dict(config))) > CONFIG_BYTES:
        return [
            Problem("config", "too_large", f"An agent's configuration may have {CONFIG_BYTES // 1024} KiB as JSON.")
        ]
    return []


def _refuse(problems: list[Problem]) -> None:
    if problems:
        raise Invalid(problems)
