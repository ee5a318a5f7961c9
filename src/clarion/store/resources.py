"""Agents, trunks, senders, pools, on SQLAlchemy Core."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import orjson
from sqlalchemy import ColumnElement, Row, Table, delete, insert, or_, select, update

from clarion.app.ports.channel import Trunk
from clarion.app.ports.resources import Agent, KeptTrunk, Pool, Sender
from clarion.app.refusals import NotFound
from clarion.core.campaigns import CampaignStatus, Rotation
from clarion.core.outcomes import Channel
from clarion.store.columns import dump
from clarion.store.schema import agents, attempts, campaigns, sender_pools, senders, trunks
from clarion.store.session import Session
from clarion.wire.agent_secrets import masked

ACTIVE = (CampaignStatus.SCHEDULED, CampaignStatus.RUNNING, CampaignStatus.PAUSED)


class StoredResourceRows:
    """Implements `clarion.app.ports.resources.ResourceRows`."""

    def __init__(self, session: Session) -> None:
        """`session` is the open transaction."""
        self._session = session

    async def agent(self, organization_id: int, agent_id: int) -> Agent:
        """See the port."""
        return _agent(await self._one(agents, organization_id, agent_id, "agent"))

    async def sealed_config(self, organization_id: int, agent_id: int) -> Mapping[str, Any]:
        """See the port."""
        found: Mapping[str, Any] = (await self._one(agents, organization_id, agent_id, "agent")).config
        return found

    async def agents(
        self, organization_id: int, *, after: int = 0, limit: int = 100, archived: bool = False, name: str | None = None
    ) -> list[Agent]:
        """See the port."""
        conditions: list[ColumnElement[bool]] = [
            agents.c.archived_at.is_not(None) if archived else agents.c.archived_at.is_(None)
        ]
        if name is not None:
            conditions.append(agents.c.name.icontains(name, autoescape=True))
        return [_agent(row) for row in await self._page(agents, organization_id, after, limit, conditions)]

    async def add_agent(self, agent: Agent) -> None:
        """See the port."""
        await self._session.execute(insert(agents), _agent_row(agent))

    async def change_agent(self, agent: Agent) -> None:
        """See the port."""
        await self._change(agents, agent.organization_id, agent.id, _agent_row(agent))

    async def trunk(self, organization_id: int, trunk_id: int) -> KeptTrunk:
        """See the port."""
        return _kept_trunk(await self._one(trunks, organization_id, trunk_id, "trunk"))

    async def list_trunks(
        self, organization_id: int, *, after: int = 0, limit: int = 100, channel: Channel | None = None
    ) -> list[KeptTrunk]:
        """See the port."""
        conditions = [] if channel is None else [trunks.c.channel == channel]
        return [_kept_trunk(row) for row in await self._page(trunks, organization_id, after, limit, conditions)]

    async def trunks(self, organization_id: int) -> list[Trunk]:
        """See the port."""
        mine = trunks.c.organization_id == organization_id
        found = await self._session.execute(select(trunks).where(mine, trunks.c.enabled).order_by(trunks.c.id))
        return [_trunk(row) for row in found]

    async def add_trunk(self, kept: KeptTrunk) -> None:
        """See the port."""
        await self._session.execute(insert(trunks), _trunk_row(kept))

    async def change_trunk(self, kept: KeptTrunk) -> None:
        """See the port."""
        await self._change(trunks, kept.trunk.organization_id, kept.id, _trunk_row(kept))

    async def delete_trunk(self, organization_id: int, trunk_id: int) -> None:
        """See the port."""
        await self._delete(trunks, organization_id, trunk_id)

    async def sender(self, organization_id: int, sender_id: int) -> Sender:
        """See the port."""
        return _sender(await self._one(senders, organization_id, sender_id, "sender"))

    async def senders(
        self,
        organization_id: int,
        *,
        after: int = 0,
        limit: int = 100,
        channel: Channel | None = None,
        trunk_id: int | None = None,
        address: str | None = None,
    ) -> list[Sender]:
        """See the port."""
        wanted = {"channel": channel, "trunk_id": trunk_id, "address": address}
        conditions = [senders.c[name] == value for name, value in wanted.items() if value is not None]
        return [_sender(row) for row in await self._page(senders, organization_id, after, limit, conditions)]

    async def senders_for(
        self, organization_id: int, channel: Channel, sender_id: int | None, pool_id: int | None
    ) -> tuple[Rotation, list[Sender]]:
        """See the port."""
        enabled = (
            select(senders)
            .outerjoin(trunks, trunks.c.id == senders.c.trunk_id)
            .where(
                senders.c.organization_id == organization_id,
                senders.c.channel == channel,
                senders.c.enabled,
                or_(senders.c.trunk_id.is_(None), trunks.c.enabled),
            )
            .order_by(senders.c.id)
        )
        if sender_id is not None:
            found = await self._session.execute(enabled.where(senders.c.id == sender_id))
            return Rotation.ROUND_ROBIN, [_sender(row) for row in found]
        if pool_id is None:
            found = await self._session.execute(enabled)
            return Rotation.ROUND_ROBIN, [_sender(row) for row in found]
        pools = await self._session.execute(
            select(sender_pools.c.rotation, sender_pools.c.sender_ids).where(
                sender_pools.c.organization_id == organization_id, sender_pools.c.id == pool_id
            )
        )
        pool = pools.one_or_none()
        if pool is None:
            return Rotation.ROUND_ROBIN, []
        found = await self._session.execute(enabled.where(senders.c.id.in_(pool.sender_ids)))
        by_id = {row.id: _sender(row) for row in found}
        return pool.rotation, [by_id[each] for each in pool.sender_ids if each in by_id]

    async def add_sender(self, sender: Sender) -> None:
        """See the port."""
        await self._session.execute(insert(senders), _sender_row(sender))

    async def change_sender(self, sender: Sender) -> None:
        """See the port."""
        await self._change(senders, sender.organization_id, sender.id, _sender_row(sender))

    async def delete_sender(self, organization_id: int, sender_id: int) -> None:
        """See the port."""
        await self._delete(senders, organization_id, sender_id)

    async def pool(self, organization_id: int, pool_id: int) -> Pool:
        """See the port."""
        return _pool(await self._one(sender_pools, organization_id, pool_id, "pool"))

    async def pools(
        self, organization_id: int, *, after: int = 0, limit: int = 100, channel: Channel | None = None
    ) -> list[Pool]:
        """See the port."""
        conditions = [] if channel is None else [sender_pools.c.channel == channel]
        return [_pool(row) for row in await self._page(sender_pools, organization_id, after, limit, conditions)]

    async def pools_with(self, organization_id: int, sender_id: int) -> list[int]:
        """See the port. An organisation has few pools, so their lists are read and searched."""
        found = await self._session.execute(
            select(sender_pools.c.id, sender_pools.c.sender_ids)
            .where(sender_pools.c.organization_id == organization_id)
            .order_by(sender_pools.c.id)
        )
        return [row.id for row in found if sender_id in row.sender_ids]

    async def add_pool(self, pool: Pool) -> None:
        """See the port."""
        await self._session.execute(insert(sender_pools), _pool_row(pool))

    async def change_pool(self, pool: Pool) -> None:
        """See the port."""
        await self._change(sender_pools, pool.organization_id, pool.id, _pool_row(pool))

    async def delete_pool(self, organization_id: int, pool_id: int) -> None:
        """See the port."""
        await self._delete(sender_pools, organization_id, pool_id)

    async def campaigns_with(
        self,
        organization_id: int,
        *,
        agent_id: int | None = None,
        sender_id: int | None = None,
        pool_ids: Sequence[int] = (),
        active: bool = False,
    ) -> list[int]:
        """See the port."""
        named: list[ColumnElement[bool]] = [campaigns.c.pool_id.in_(pool_ids)]
        if agent_id is not None:
            named.append(campaigns.c.agent_id == agent_id)
        if sender_id is not None:
            named.append(campaigns.c.sender_id == sender_id)
        query = select(campaigns.c.id).where(campaigns.c.organization_id == organization_id, or_(*named))
        if active:
            query = query.where(campaigns.c.status.in_(ACTIVE))
        return list((await self._session.execute(query.order_by(campaigns.c.id).limit(10))).scalars())

    async def was_used(
        self, organization_id: int, *, sender_id: int | None = None, trunk_id: int | None = None
    ) -> bool:
        """See the port. Reads the organisation's attempts until it finds one: a rare question of an operator's."""
        column, value = (attempts.c.sender_id, sender_id) if sender_id is not None else (attempts.c.trunk_id, trunk_id)
        query = select(attempts.c.id).where(attempts.c.organization_id == organization_id, column == value).limit(1)
        return (await self._session.execute(query)).first() is not None

    async def _one(self, table: Table, organization_id: int, row_id: int, kind: str) -> Row[Any]:
        query = select(table).where(table.c.organization_id == organization_id, table.c.id == row_id)
        row = (await self._session.execute(query)).one_or_none()
        if row is None:
            raise NotFound(kind, row_id)
        return row

    async def _page(
        self, table: Table, organization_id: int, after: int, limit: int, conditions: Sequence[ColumnElement[bool]]
    ) -> Sequence[Row[Any]]:
        query = select(table).where(table.c.organization_id == organization_id, table.c.id > after, *conditions)
        return (await self._session.execute(query.order_by(table.c.id).limit(limit))).all()

    async def _change(self, table: Table, organization_id: int, row_id: int, values: dict[str, Any]) -> None:
        kept = {name: value for name, value in values.items() if name not in ("id", "organization_id", "created_at")}
        statement = update(table).where(table.c.organization_id == organization_id, table.c.id == row_id)
        await self._session.execute(statement.values(kept))

    async def _delete(self, table: Table, organization_id: int, row_id: int) -> None:
        mine = table.c.organization_id == organization_id
        await self._session.execute(delete(table).where(mine, table.c.id == row_id))


def _agent(row: Row[Any]) -> Agent:
    return Agent(**{**row._mapping, "config": masked(row.config)})


def _agent_row(agent: Agent) -> dict[str, Any]:
    return {
        "id": agent.id,
        "organization_id": agent.organization_id,
        "name": agent.name,
        "timezone": agent.timezone,
        "config": agent.config,
        "created_at": agent.created_at,
        "updated_at": agent.updated_at,
        "archived_at": agent.archived_at,
    }


def _trunk(row: Row[Any]) -> Trunk:
    return Trunk(
        id=row.id,
        organization_id=row.organization_id,
        channel=row.channel,
        name=row.name,
        driver=row.driver,
        settings=row.settings,
        secrets=orjson.loads(row.sealed_secrets) if row.sealed_secrets else {},
        per_second=row.per_second,
        max_concurrent=row.max_concurrent,
        priority=row.priority,
        weight=row.weight,
        enabled=row.enabled,
    )


def _kept_trunk(row: Row[Any]) -> KeptTrunk:
    return KeptTrunk(_trunk(row), row.created_at, row.updated_at)


def _trunk_row(kept: KeptTrunk) -> dict[str, Any]:
    trunk = kept.trunk
    return {
        "id": trunk.id,
        "organization_id": trunk.organization_id,
        "channel": trunk.channel,
        "name": trunk.name,
        "driver": trunk.driver,
        "settings": trunk.settings,
        "sealed_secrets": dump(trunk.secrets) if trunk.secrets else None,
        "per_second": trunk.per_second,
        "max_concurrent": trunk.max_concurrent,
        "priority": trunk.priority,
        "weight": trunk.weight,
        "enabled": trunk.enabled,
        "created_at": kept.created_at,
        "updated_at": kept.updated_at,
    }


def _sender(row: Row[Any]) -> Sender:
    return Sender(**row._mapping)


def _sender_row(sender: Sender) -> dict[str, Any]:
    return {
        "id": sender.id,
        "organization_id": sender.organization_id,
        "channel": sender.channel,
        "address": sender.address,
        "label": sender.label,
        "trunk_id": sender.trunk_id,
        "daily_cap": sender.daily_cap,
        "per_second": sender.per_second,
        "enabled": sender.enabled,
        "extras": sender.extras,
        "created_at": sender.created_at,
        "updated_at": sender.updated_at,
    }


def _pool(row: Row[Any]) -> Pool:
    values = dict(row._mapping)
    return Pool(**values | {"sender_ids": tuple(values["sender_ids"])})


def _pool_row(pool: Pool) -> dict[str, Any]:
    return {
        "id": pool.id,
        "organization_id": pool.organization_id,
        "channel": pool.channel,
        "name": pool.name,
        "rotation": pool.rotation,
        "sender_ids": list(pool.sender_ids),
        "created_at": pool.created_at,
        "updated_at": pool.updated_at,
    }
