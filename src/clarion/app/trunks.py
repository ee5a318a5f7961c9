"""Trunks: accounts with carriers. Their secrets go in and are never shown again."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, TypedDict

from clarion.app.actor import Actor, Role
from clarion.app.ports.channel import Trunk
from clarion.app.ports.clock import Clock
from clarion.app.ports.ledger import Ledger
from clarion.app.ports.resources import KeptTrunk
from clarion.app.refusals import Conflict, Invalid, Problem
from clarion.core.outcomes import Channel
from clarion.wire.secrets import Seal

TrunkCheck = Callable[[Trunk], Sequence[Problem]]
"""What a driver finds wrong with a trunk whose secrets are in clear."""

Drivers = Mapping[tuple[Channel, str], TrunkCheck]
"""The drivers that this installation has, by channel and name."""


class TrunkChanges(TypedDict, total=False):
    """What can be changed of a trunk. `settings` replaces all; `secrets` changes those it names, None removes one."""

    name: str
    settings: Mapping[str, Any]
    secrets: Mapping[str, str | None]
    per_second: float | None
    max_concurrent: int | None
    priority: int
    weight: int
    enabled: bool


async def create_trunk(
    ledger: Ledger,
    clock: Clock,
    actor: Actor,
    seal: Seal,
    drivers: Drivers,
    channel: Channel,
    name: str,
    driver: str,
    changes: TrunkChanges | None = None,
) -> KeptTrunk:
    """Add a trunk; `changes` holds what is not left at its default. Owners only. Raises Invalid."""
    actor.must_be(Role.OWNER)
    if (channel, driver) not in drivers:
        offered = ", ".join(sorted(name for served, name in drivers if served == channel))
        raise Invalid([Problem("driver", "unknown_driver", f"The drivers for {channel} are: {offered}.")])
    now = clock.now()
    async with ledger.write() as tx:
        trunk_id = (await tx.new_ids("trunks"))[0]
        bare = Trunk(trunk_id, actor.organization_id, channel, name, driver)
        kept = KeptTrunk(_checked(drivers, _changed(bare, changes or {}, seal), seal), now, now)
        await tx.resources.add_trunk(kept)
    return kept


async def get_trunk(ledger: Ledger, actor: Actor, trunk_id: int) -> KeptTrunk:
    """One trunk, its secrets sealed."""
    async with ledger.read() as tx:
        return await tx.resources.trunk(actor.organization_id, trunk_id)


async def list_trunks(
    ledger: Ledger, actor: Actor, *, after: int = 0, limit: int = 100, channel: Channel | None = None
) -> list[KeptTrunk]:
    """Trunks by id, their secrets sealed."""
    async with ledger.read() as tx:
        return await tx.resources.list_trunks(actor.organization_id, after=after, limit=limit, channel=channel)


async def change_trunk(
    ledger: Ledger, clock: Clock, actor: Actor, seal: Seal, drivers: Drivers, trunk_id: int, changes: TrunkChanges
) -> KeptTrunk:
    """Change a trunk; the engine sees it with its next release. Owners only. Raises Invalid."""
    actor.must_be(Role.OWNER)
    async with ledger.write() as tx:
        old = await tx.resources.trunk(actor.organization_id, trunk_id)
        trunk = _changed(old.trunk, changes, seal)
        if {"settings", "secrets"} & changes.keys():
            _checked(drivers, trunk, seal)
        kept = KeptTrunk(trunk, old.created_at, clock.now())
        await tx.resources.change_trunk(kept)
    return kept


async def delete_trunk(ledger: Ledger, actor: Actor, trunk_id: int) -> None:
    """Delete a trunk that has no senders and was never used; a used one can be disabled. Owners only."""
    actor.must_be(Role.OWNER)
    async with ledger.write() as tx:
        await tx.resources.trunk(actor.organization_id, trunk_id)
        if await tx.resources.senders(actor.organization_id, trunk_id=trunk_id, limit=1):
            raise Conflict("in_use", "This trunk has senders: move or delete them first.")
        if await tx.resources.was_used(actor.organization_id, trunk_id=trunk_id):
            raise Conflict(
                "in_use", "Attempts were made over this trunk: disable it instead, so the record stays whole."
            )
        await tx.resources.delete_trunk(actor.organization_id, trunk_id)


def _checked(drivers: Drivers, trunk: Trunk, seal: Seal) -> Trunk:
    """The trunk, if its driver has nothing against it: a wrong setting is said now and not by the first attempt."""
    check = drivers.get((trunk.channel, trunk.driver))
    clear = {name: seal.open(sealed) for name, sealed in trunk.secrets.items()}
    problems = check(replace(trunk, secrets=clear)) if check is not None else ()
    if problems:
        raise Invalid(problems)
    return trunk


def _changed(trunk: Trunk, changes: TrunkChanges, seal: Seal) -> Trunk:
    secrets = dict(trunk.secrets)
    for name, value in changes.get("secrets", {}).items():
        if value is None:
            secrets.pop(name, None)
        else:
            secrets[name] = seal.seal(value)
    return replace(
        trunk,
        name=changes.get("name", trunk.name),
        settings=changes.get("settings", trunk.settings),
        secrets=secrets,
        per_second=changes.get("per_second", trunk.per_second),
        max_concurrent=changes.get("max_concurrent", trunk.max_concurrent),
        priority=changes.get("priority", trunk.priority),
        weight=changes.get("weight", trunk.weight),
        enabled=changes.get("enabled", trunk.enabled),
    )
