"""Senders, the identities that contacts see, and the pools in which they take turns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, TypedDict

from clarion.app.actor import Actor, Role
from clarion.app.addresses import normal_address
from clarion.app.ports.clock import Clock
from clarion.app.ports.ledger import Ledger, Tx
from clarion.app.ports.resources import Pool, Sender
from clarion.app.refusals import Conflict, Invalid, NotFound, Problem
from clarion.core.campaigns import Rotation
from clarion.core.outcomes import Channel


class SenderChanges(TypedDict, total=False):
    """What can be changed of a sender. Its address and channel cannot: that would be another sender."""

    trunk_id: int
    label: str | None
    daily_cap: int | None
    per_second: float | None
    enabled: bool
    extras: Mapping[str, Any]


class PoolChanges(TypedDict, total=False):
    """What can be changed of a pool."""

    name: str
    rotation: Rotation
    sender_ids: Sequence[int]


async def create_sender(
    ledger: Ledger,
    clock: Clock,
    actor: Actor,
    channel: Channel,
    address: str,
    trunk_id: int,
    *,
    label: str | None = None,
    daily_cap: int | None = None,
    per_second: float | None = None,
    enabled: bool = True,
) -> Sender:
    """Add a sender. Raises Invalid for its address or trunk, Conflict when the organisation has it already."""
    actor.must_be(Role.OPERATOR)
    now = clock.now()
    async with ledger.write() as tx:
        settings = (await tx.organizations.organization(actor.organization_id)).settings
        normal = normal_address(channel, address, settings.default_country)
        await _check_trunk(tx, actor, channel, trunk_id)
        if await tx.resources.senders(actor.organization_id, channel=channel, address=normal, limit=1):
            raise Conflict("address_taken", f"There is a sender {normal} for {channel} already.")
        sender_id = (await tx.new_ids("senders"))[0]
        sender = Sender(
            sender_id,
            actor.organization_id,
            channel,
            normal,
            trunk_id,
            label,
            daily_cap,
            per_second,
            enabled,
            now,
            now,
        )
        await tx.resources.add_sender(sender)
    return sender


async def get_sender(ledger: Ledger, actor: Actor, sender_id: int) -> Sender:
    """One sender."""
    async with ledger.read() as tx:
        return await tx.resources.sender(actor.organization_id, sender_id)


async def list_senders(
    ledger: Ledger,
    actor: Actor,
    *,
    after: int = 0,
    limit: int = 100,
    channel: Channel | None = None,
    trunk_id: int | None = None,
) -> list[Sender]:
    """Senders by id."""
    async with ledger.read() as tx:
        return await tx.resources.senders(
            actor.organization_id, after=after, limit=limit, channel=channel, trunk_id=trunk_id
        )


async def change_sender(ledger: Ledger, clock: Clock, actor: Actor, sender_id: int, changes: SenderChanges) -> Sender:
    """Change a sender; the engine sees it with its next release. Raises Invalid."""
    actor.must_be(Role.OPERATOR)
    async with ledger.write() as tx:
        old = await tx.resources.sender(actor.organization_id, sender_id)
        if "trunk_id" in changes:
            await _check_trunk(tx, actor, old.channel, changes["trunk_id"])
        sender = replace(old, **changes, updated_at=clock.now())
        await tx.resources.change_sender(sender)
    return sender


async def delete_sender(ledger: Ledger, actor: Actor, sender_id: int) -> None:
    """Delete a sender that was never used; a used one can be disabled, so that the record stays whole."""
    actor.must_be(Role.OPERATOR)
    async with ledger.write() as tx:
        await tx.resources.sender(actor.organization_id, sender_id)
        pools = await tx.resources.pools_with(actor.organization_id, sender_id)
        if pools:
            raise Conflict("in_use", f"Pools hold this sender: {', '.join(map(str, pools))}.")
        campaigns = await tx.resources.campaigns_with(actor.organization_id, sender_id=sender_id)
        if campaigns:
            raise Conflict("in_use", f"Campaigns name this sender: {', '.join(map(str, campaigns))}.")
        if await tx.resources.was_used(actor.organization_id, sender_id=sender_id):
            raise Conflict("in_use", "Attempts were made by this sender: disable it instead.")
        await tx.resources.delete_sender(actor.organization_id, sender_id)


async def create_pool(
    ledger: Ledger,
    clock: Clock,
    actor: Actor,
    channel: Channel,
    name: str,
    sender_ids: Sequence[int],
    rotation: Rotation = Rotation.ROUND_ROBIN,
) -> Pool:
    """Add a pool. Raises Invalid when a sender is missing, of another channel, or named twice."""
    actor.must_be(Role.OPERATOR)
    async with ledger.write() as tx:
        return await draft_pool(tx, actor, channel, name, sender_ids, rotation, clock.now())


async def draft_pool(
    tx: Tx,
    actor: Actor,
    channel: Channel,
    name: str,
    sender_ids: Sequence[int],
    rotation: Rotation,
    now: datetime,
) -> Pool:
    """`create_pool` inside the caller's transaction."""
    await _check_members(tx, actor, channel, sender_ids)
    pool_id = (await tx.new_ids("sender_pools"))[0]
    pool = Pool(pool_id, actor.organization_id, channel, name, rotation, tuple(sender_ids), now, now)
    await tx.resources.add_pool(pool)
    return pool


async def get_pool(ledger: Ledger, actor: Actor, pool_id: int) -> Pool:
    """One pool."""
    async with ledger.read() as tx:
        return await tx.resources.pool(actor.organization_id, pool_id)


async def list_pools(
    ledger: Ledger, actor: Actor, *, after: int = 0, limit: int = 100, channel: Channel | None = None
) -> list[Pool]:
    """Pools by id."""
    async with ledger.read() as tx:
        return await tx.resources.pools(actor.organization_id, after=after, limit=limit, channel=channel)


async def change_pool(ledger: Ledger, clock: Clock, actor: Actor, pool_id: int, changes: PoolChanges) -> Pool:
    """Change a pool; the engine sees it with its next release. Raises Invalid."""
    actor.must_be(Role.OPERATOR)
    async with ledger.write() as tx:
        old = await tx.resources.pool(actor.organization_id, pool_id)
        if "sender_ids" in changes:
            await _check_members(tx, actor, old.channel, changes["sender_ids"])
        pool = replace(
            old,
            name=changes.get("name", old.name),
            rotation=changes.get("rotation", old.rotation),
            sender_ids=tuple(changes.get("sender_ids", old.sender_ids)),
            updated_at=clock.now(),
        )
        await tx.resources.change_pool(pool)
    return pool


async def delete_pool(ledger: Ledger, actor: Actor, pool_id: int) -> None:
    """Delete a pool that no campaign names."""
    actor.must_be(Role.OPERATOR)
    async with ledger.write() as tx:
        await tx.resources.pool(actor.organization_id, pool_id)
        campaigns = await tx.resources.campaigns_with(actor.organization_id, pool_ids=[pool_id])
        if campaigns:
            raise Conflict("in_use", f"Campaigns name this pool: {', '.join(map(str, campaigns))}.")
        await tx.resources.delete_pool(actor.organization_id, pool_id)


async def _check_trunk(tx: Tx, actor: Actor, channel: Channel, trunk_id: int) -> None:
    try:
        kept = await tx.resources.trunk(actor.organization_id, trunk_id)
    except NotFound as missing:
        raise Invalid([Problem("trunk_id", "not_found", str(missing))]) from missing
    if kept.trunk.channel is not channel:
        message = f"Trunk {trunk_id} is for {kept.trunk.channel}, not for {channel}."
        raise Invalid([Problem("trunk_id", "other_channel", message)])


async def _check_members(tx: Tx, actor: Actor, channel: Channel, sender_ids: Sequence[int]) -> None:
    problems = []
    for index, sender_id in enumerate(sender_ids):
        field = f"sender_ids.{index}"
        if sender_id in sender_ids[:index]:
            problems.append(Problem(field, "duplicate", f"Sender {sender_id} is named twice."))
            continue
        try:
            sender = await tx.resources.sender(actor.organization_id, sender_id)
        except NotFound as missing:
            problems.append(Problem(field, "not_found", str(missing)))
            continue
        if sender.channel is not channel:
            message = f"Sender {sender_id} is for {sender.channel}, not for {channel}."
            problems.append(Problem(field, "other_channel", message))
    if problems:
        raise Invalid(problems)
