"""Campaigns and batches, on SQLAlchemy Core."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row, Select, Text, func, insert, literal, select, type_coerce, update
from sqlalchemy.dialects import postgresql, sqlite

from clarion.app.ports.campaigns import BatchFilters, CampaignFilters
from clarion.app.refusals import NotFound
from clarion.core.campaigns import Batch, BatchStatus, Campaign, CampaignStatus
from clarion.core.lifecycle import OVER
from clarion.core.pacing import Pacing
from clarion.store.columns import Instant, dump
from clarion.store.plans import read_pacing, read_plan, write_pacing, write_plan
from clarion.store.schema import agents, batches, campaigns, organizations
from clarion.store.session import Session

ACTIVE = (CampaignStatus.SCHEDULED, CampaignStatus.RUNNING)
ENDED = (CampaignStatus.COMPLETED, CampaignStatus.CANCELLED)


class StoredCampaignRows:
    """Implements `clarion.app.ports.campaigns.CampaignRows`."""

    def __init__(self, session: Session) -> None:
        """`session` is the open transaction."""
        self._session = session

    async def get(self, organization_id: int, campaign_id: int) -> Campaign:
        """See the port."""
        return await self._one_campaign(_campaigns(), organization_id, campaign_id)

    async def lock(self, organization_id: int, campaign_id: int) -> Campaign:
        """See the port. Weaker than a row lock on its key: batches may still be added to the campaign."""
        statement = _campaigns().with_for_update(key_share=True, of=campaigns)
        return await self._one_campaign(statement, organization_id, campaign_id)

    async def insert(self, campaign: Campaign, *, created_by: int | None = None) -> None:
        """See the port."""
        row = _content(campaign) | {
            "id": campaign.id,
            "organization_id": campaign.organization_id,
            "status": campaign.status,
            "started_at": campaign.started_at,
            "finished_at": campaign.finished_at,
            "created_by": created_by,
            "updated_by": created_by,
            "created_at": campaign.created_at,
        }
        await self._session.execute(insert(campaigns).values(row))

    async def update(self, campaign: Campaign, *, updated_by: int | None = None) -> None:
        """See the port."""
        await self._session.execute(
            update(campaigns)
            .where(campaigns.c.organization_id == campaign.organization_id, campaigns.c.id == campaign.id)
            .values(_content(campaign) | {"updated_by": updated_by})
        )

    async def set_status(self, campaign_id: int, old: CampaignStatus, new: CampaignStatus, now: datetime) -> bool:
        """See the port."""
        values: dict[str, Any] = {"status": new, "updated_at": now, "finished_at": now if new in ENDED else None}
        if old in ENDED:
            values["planned_version"] = 0  # what was swept is swept; who comes in from now on is planned anew
        if new is CampaignStatus.RUNNING:
            values["started_at"] = func.coalesce(campaigns.c.started_at, literal(now, Instant))
        result = await self._session.execute(
            update(campaigns)
            .where(campaigns.c.id == campaign_id, campaigns.c.status == old)
            .values(values)
            .returning(campaigns.c.id)
        )
        return result.first() is not None

    async def page(
        self, organization_id: int, filters: CampaignFilters, cursor: int | None, limit: int
    ) -> Sequence[Campaign]:
        """See the port."""
        statement = _campaigns().where(campaigns.c.organization_id == organization_id)
        archived = campaigns.c.archived_at
        statement = statement.where(archived.is_not(None) if filters.archived else archived.is_(None))
        if filters.statuses:
            statement = statement.where(campaigns.c.status.in_(sorted(filters.statuses)))
        if filters.channel is not None:
            statement = statement.where(campaigns.c.channel == filters.channel)
        if filters.agent_id is not None:
            statement = statement.where(campaigns.c.agent_id == filters.agent_id)
        if filters.label is not None:
            statement = statement.where(_holds(campaigns.c.labels, filters.label))
        if filters.name is not None:
            statement = statement.where(campaigns.c.name.icontains(filters.name, autoescape=True))
        if cursor is not None:
            statement = statement.where(campaigns.c.id < cursor)
        rows = await self._session.execute(statement.order_by(campaigns.c.id.desc()).limit(limit))
        return [_campaign(row) for row in rows]

    async def unfinished(self, organization_id: int) -> int:
        """See the port. They are few: what marks single calls lies in their extras."""
        found = await self._session.execute(
            select(campaigns.c.extras).where(
                campaigns.c.organization_id == organization_id,
                campaigns.c.archived_at.is_(None),
                campaigns.c.status.not_in(OVER),
            )
        )
        return sum("single_calls" not in (extras or {}) for extras in found.scalars())

    async def active(self) -> Sequence[Campaign]:
        """See the port."""
        # the words stand in the statement as they stand in the partial index, so that the planner can use it
        running = campaigns.c.status.in_([word.value for word in ACTIVE])
        rows = await self._session.execute(_campaigns().where(running).order_by(campaigns.c.id))
        return [_campaign(row) for row in rows]

    async def unswept(self) -> Sequence[Campaign]:
        """See the port."""
        over = campaigns.c.status.in_([word.value for word in ENDED])
        rows = await self._session.execute(_campaigns().where(over, campaigns.c.planned_version >= 0))
        return [_campaign(row) for row in rows]

    async def set_planned(self, campaign_id: int, version: int) -> None:
        """See the port."""
        await self._session.execute(
            update(campaigns).where(campaigns.c.id == campaign_id).values(planned_version=version)
        )

    async def clear_bands(self, batch_id: int) -> None:
        """See the port."""
        await self._session.execute(update(batches).where(batches.c.id == batch_id).values(bands=0))

    async def get_batch(self, organization_id: int, key: str, *, lock: bool = False) -> Batch:
        """See the port."""
        statement = select(batches).where(batches.c.organization_id == organization_id, batches.c.key == key)
        if lock:
            statement = statement.with_for_update(key_share=True)
        row = (await self._session.execute(statement)).first()
        if row is None:
            raise NotFound("batch", key)
        return _batch(row)

    async def batch_by_id(self, organization_id: int, batch_id: int) -> Batch:
        """See the port."""
        statement = select(batches).where(batches.c.organization_id == organization_id, batches.c.id == batch_id)
        row = (await self._session.execute(statement)).first()
        if row is None:
            raise NotFound("batch", batch_id)
        return _batch(row)

    async def insert_batch(self, batch: Batch) -> bool:
        """See the port."""
        row = _lane(batch) | {
            "id": batch.id,
            "organization_id": batch.organization_id,
            "campaign_id": batch.campaign_id,
            "key": batch.key,
            "bands": batch.bands,
            "updated_by": batch.updated_by,
            "created_at": batch.created_at,
        }
        build = postgresql.insert if self._session.is_postgres else sqlite.insert
        statement = build(batches).values(row).on_conflict_do_nothing(index_elements=["organization_id", "key"])
        return (await self._session.execute(statement.returning(batches.c.id))).first() is not None

    async def update_batch(self, batch: Batch, *, updated_by: int | None = None) -> None:
        """See the port."""
        await self._session.execute(
            update(batches)
            .where(batches.c.organization_id == batch.organization_id, batches.c.id == batch.id)
            .values(_lane(batch) | {"updated_by": updated_by})
        )

    async def add_bands(self, batch_id: int, bands: int) -> None:
        """See the port."""
        await self._session.execute(
            update(batches)
            .where(batches.c.id == batch_id, batches.c.bands.bitwise_and(bands) != bands)
            .values(bands=batches.c.bands.bitwise_or(bands))
        )

    async def get_or_create_default_batch(self, organization_id: int, campaign_id: int, now: datetime) -> Batch:
        """See the port."""
        key = f"campaign-{campaign_id}"
        try:
            return await self.get_batch(organization_id, key)
        except NotFound:
            batch = Batch(
                id=(await self._session.new_ids("batches"))[0],
                organization_id=organization_id,
                campaign_id=campaign_id,
                key=key,
                status=BatchStatus.ACTIVE,
                pacing=Pacing(),
                created_at=now,
                updated_at=now,
            )
            if await self.insert_batch(batch):
                return batch
            return await self.get_batch(organization_id, key)  # another worker was faster

    async def batches_of(self, campaign_ids: Collection[int]) -> Sequence[Batch]:
        """See the port."""
        if not campaign_ids:
            return []
        statement = select(batches).where(batches.c.campaign_id.in_(sorted(campaign_ids))).order_by(batches.c.id)
        return [_batch(row) for row in await self._session.execute(statement)]

    async def batch_page(
        self, organization_id: int, filters: BatchFilters, cursor: int | None, limit: int
    ) -> Sequence[Batch]:
        """See the port."""
        statement = select(batches).where(batches.c.organization_id == organization_id)
        if filters.campaign_id is not None:
            statement = statement.where(batches.c.campaign_id == filters.campaign_id)
        if filters.statuses:
            statement = statement.where(batches.c.status.in_(sorted(filters.statuses)))
        if not filters.deleted:
            statement = statement.where(batches.c.deleted_at.is_(None))
        if cursor is not None:
            statement = statement.where(batches.c.id < cursor)
        rows = await self._session.execute(statement.order_by(batches.c.id.desc()).limit(limit))
        return [_batch(row) for row in rows]

    async def _one_campaign(self, statement: Select[Any], organization_id: int, campaign_id: int) -> Campaign:
        statement = statement.where(campaigns.c.organization_id == organization_id, campaigns.c.id == campaign_id)
        row = (await self._session.execute(statement)).first()
        if row is None:
            raise NotFound("campaign", campaign_id)
        return _campaign(row)


def _campaigns() -> Select[Any]:
    return (
        select(campaigns, agents.c.timezone.label("agent_zone"), organizations.c.settings)
        .join_from(campaigns, organizations, organizations.c.id == campaigns.c.organization_id)
        .join(agents, agents.c.id == campaigns.c.agent_id, isouter=True)
    )


def _holds(labels: Any, label: str) -> Any:
    """Labels are JSON text: a label is in it as its own JSON string, quotes included."""
    return type_coerce(labels, Text).contains(dump(label), autoescape=True)


def _content(campaign: Campaign) -> dict[str, Any]:
    return {
        "name": campaign.name,
        "description": campaign.description,
        "channel": campaign.channel,
        "plan": write_plan(campaign.plan),
        "plan_version": campaign.plan_version,
        "agent_id": campaign.agent_id,
        "sender_id": campaign.sender_id,
        "pool_id": campaign.pool_id,
        "variables": dict(campaign.variables),
        "labels": list(campaign.labels),
        "start_at": campaign.start_at,
        "end_at": campaign.end_at,
        "archived_at": campaign.archived_at,
        "updated_at": campaign.updated_at,
        "extras": dict(campaign.extras),
    }


def _campaign(row: Row[Any]) -> Campaign:
    return Campaign(
        id=row.id,
        organization_id=row.organization_id,
        name=row.name,
        channel=row.channel,
        status=row.status,
        plan=read_plan(row.plan),
        plan_version=row.plan_version,
        agent_id=row.agent_id,
        agent_zone=row.agent_zone or row.settings.get("timezone"),
        sender_id=row.sender_id,
        pool_id=row.pool_id,
        variables=row.variables,
        labels=tuple(row.labels),
        description=row.description,
        start_at=row.start_at,
        end_at=row.end_at,
        started_at=row.started_at,
        finished_at=row.finished_at,
        archived_at=row.archived_at,
        created_at=row.created_at,
        updated_at=row.updated_at,
        extras=row.extras,
        planned_version=row.planned_version,
        updated_by=row.updated_by,
    )


def _lane(batch: Batch) -> dict[str, Any]:
    return {
        "status": batch.status,
        "pacing": write_pacing(batch.pacing),
        "expires_at": batch.expires_at,
        "extras": dict(batch.extras),
        "updated_at": batch.updated_at,
        "deleted_at": batch.deleted_at,
        "deleted_reason": batch.deleted_reason,
    }


def _batch(row: Row[Any]) -> Batch:
    return Batch(
        id=row.id,
        organization_id=row.organization_id,
        campaign_id=row.campaign_id,
        key=row.key,
        status=row.status,
        pacing=read_pacing(row.pacing),
        expires_at=row.expires_at,
        bands=row.bands,
        created_at=row.created_at,
        updated_at=row.updated_at,
        deleted_at=row.deleted_at,
        deleted_reason=row.deleted_reason,
        extras=row.extras,
        updated_by=row.updated_by,
    )
