"""The webhook of an agent: where the APIs that have one on the agent, and not on the campaign, tell of its calls."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from clarion.app.actor import Actor, Role
from clarion.app.ports.clock import Clock
from clarion.app.ports.ledger import Ledger, Tx
from clarion.app.ports.seal import Seal
from clarion.app.refusals import Invalid
from clarion.app.webhooks import (
    EndpointDraft,
    EndpointRules,
    add_endpoint,
    draft_of,
    endpoint_problems,
    redraw_endpoint,
)
from clarion.core.events import Endpoint


async def set_agent_hook(
    ledger: Ledger,
    clock: Clock,
    seal: Seal,
    rules: EndpointRules,
    actor: Actor,
    agent_id: int,
    draft: EndpointDraft,
    *,
    secret: str | None = None,
) -> Endpoint:
    """Make `draft` the agent's one webhook of its format; its `agent_id` is filled in. Raises Invalid.

    The endpoint stays the same one when it only changes, so its secret and its log stay too.
    """
    actor.must_be(Role.OPERATOR)
    problems = endpoint_problems(draft, rules, secret)
    if problems:
        raise Invalid(problems)
    now = clock.now()
    async with ledger.write() as tx:
        return await put_agent_hook(tx, seal, actor, agent_id, draft, now, secret)


async def put_agent_hook(
    tx: Tx, seal: Seal, actor: Actor, agent_id: int, draft: EndpointDraft, now: datetime, secret: str | None = None
) -> Endpoint:
    """`set_agent_hook` inside the caller's transaction, for a draft without problems."""
    draft = replace(draft, agent_id=agent_id)
    old = await _find(tx, actor, agent_id, draft.format)
    if old is None or secret is not None:
        if old is not None:
            await tx.outbox.delete_endpoint(actor.organization_id, old.id, now)
        return (await add_endpoint(tx, seal, actor, draft, now, secret)).endpoint
    if draft_of(old) == draft and old.disabled_at is None:
        return old
    return await redraw_endpoint(tx, actor, replace(old, disabled_at=None, disabled_reason=None), draft, now)


async def drop_agent_hook(ledger: Ledger, clock: Clock, actor: Actor, agent_id: int, format: str) -> None:
    """Take the agent's webhook of a format away; nothing happens when there is none."""
    actor.must_be(Role.OPERATOR)
    async with ledger.write() as tx:
        old = await _find(tx, actor, agent_id, format)
        if old is not None:
            await tx.outbox.delete_endpoint(actor.organization_id, old.id, clock.now())


async def agent_hook(ledger: Ledger, actor: Actor, agent_id: int, format: str) -> Endpoint | None:
    """The agent's webhook of a format, disabled or not."""
    async with ledger.read() as tx:
        return await _find(tx, actor, agent_id, format)


async def _find(tx: Tx, actor: Actor, agent_id: int, format: str) -> Endpoint | None:
    found = await tx.outbox.endpoints(actor.organization_id, agent_id=agent_id, limit=100)
    return next((endpoint for endpoint in found if endpoint.format == format), None)
