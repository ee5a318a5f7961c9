"""Agents: who speaks in a conversation. Their configuration is kept whole; the fields that we know are checked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, TypedDict

import orjson

from clarion.app.actor import Actor, Role
from clarion.app.ports.clock import Clock
from clarion.app.ports.ledger import Ledger, Tx
from clarion.app.ports.resources import Agent
from clarion.app.ports.seal import Seal
from clarion.app.refusals import Conflict, Invalid, NotFound, Problem
from clarion.app.zones import zone_problems
from clarion.wire.agent_secrets import masked, sealed

CONFIG_BYTES = 256 * 1024
MOST = 10_000


class AgentChanges(TypedDict, total=False):
    """What can be changed of an agent. `config` replaces the whole of it."""

    name: str
    timezone: str | None
    config: Mapping[str, Any]


async def create_agent(
    ledger: Ledger,
    clock: Clock,
    actor: Actor,
    name: str,
    config: Mapping[str, Any],
    timezone: str | None = None,
    *,
    seal: Seal | None = None,
    copy_of: int | None = None,
) -> Agent:
    """Add an agent. Raises Invalid.

    Secrets in its configuration are sealed with `seal` and read as a mask from then on; a mask in the configuration of
    a `copy_of` another agent stands for that one's secret.
    """
    actor.must_be(Role.OPERATOR)
    now = clock.now()
    _refuse(zone_problems("timezone", timezone) + config_problems(config))
    async with ledger.write() as tx:
        before = None if copy_of is None else await tx.resources.sealed_config(actor.organization_id, copy_of)
        agent_id = (await tx.new_ids("agents"))[0]
        agent = Agent(agent_id, actor.organization_id, name, timezone, sealed(config, seal, before), now, now)
        await tx.resources.add_agent(agent)
    return replace(agent, config=masked(agent.config))


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


async def change_agent(
    ledger: Ledger,
    clock: Clock,
    actor: Actor,
    agent_id: int,
    changes: AgentChanges,
    *,
    seal: Seal | None = None,
) -> Agent:
    """Change an agent; attempts released from now on see it. A mask in its configuration keeps the secret that it
    stands for, see `create_agent`. Raises Invalid."""
    actor.must_be(Role.OPERATOR)
    _refuse(zone_problems("timezone", changes.get("timezone")) + config_problems(changes.get("config", {})))
    async with ledger.write() as tx:
        old = await tx.resources.agent(actor.organization_id, agent_id)
        before = await tx.resources.sealed_config(actor.organization_id, agent_id)
        agent = replace(old, **changes, updated_at=clock.now())
        await tx.resources.change_agent(replace(agent, config=sealed(agent.config, seal, before)))
    return replace(agent, config=masked(agent.config))


async def archive_agent(ledger: Ledger, clock: Clock, actor: Actor, agent_id: int) -> Agent:
    """Put it away: it stays for the record and is offered no more. Conflict while an active campaign uses it."""
    actor.must_be(Role.OPERATOR)
    async with ledger.write() as tx:
        old = await tx.resources.agent(actor.organization_id, agent_id)
        users = await tx.resources.campaigns_with(actor.organization_id, agent_id=agent_id, active=True)
        if users:
            raise Conflict("in_use", f"Active campaigns use this agent: {', '.join(map(str, users))}.")
        agent = replace(old, archived_at=old.archived_at or clock.now(), updated_at=clock.now())
        await _write(tx, agent)
    return agent


async def restore_agent(ledger: Ledger, clock: Clock, actor: Actor, agent_id: int) -> Agent:
    """Take it out of the archive."""
    actor.must_be(Role.OPERATOR)
    async with ledger.write() as tx:
        old = await tx.resources.agent(actor.organization_id, agent_id)
        agent = replace(old, archived_at=None, updated_at=clock.now())
        await _write(tx, agent)
    return agent


async def _write(tx: Tx, agent: Agent) -> None:
    """An agent whose configuration stays as it is stored."""
    kept = await tx.resources.sealed_config(agent.organization_id, agent.id)
    await tx.resources.change_agent(replace(agent, config=kept))


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
