"""The queue on SQLAlchemy Core: claims with SKIP LOCKED where the database has it, batch writes, fences."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import select, update

from clarion.app.ports.queue import Due, Move
from clarion.core.contacts import Attempt, Contact
from clarion.core.outcomes import ContactState
from clarion.store.queue_attempts import AttemptRows
from clarion.store.queue_columns import WAITING, contact_of, contacts_query
from clarion.store.queue_limits import LimitRows
from clarion.store.schema import attempts, queue, workers


class StoredQueueRows(LimitRows, AttemptRows):
    """Implements `clarion.app.ports.queue.QueueRows`."""

    # claims

    async def due(self, batch_id: int, band: int, until: datetime, limit: int) -> list[Contact]:
        """See the port."""
        statement = (
            contacts_query()
            .where(WAITING, queue.c.batch_id == batch_id, queue.c.band == band, queue.c.next_at <= until)
            .order_by(queue.c.next_at, queue.c.contact_id)
            .limit(limit)
            .with_for_update(skip_locked=True, of=queue)
        )
        return [contact_of(row) for row in await self._session.execute(statement)]

    async def next_due(self, lanes: Mapping[int, int]) -> dict[int, datetime]:
        """See the port."""
        found: dict[int, datetime] = {}
        for batch_id, mask in lanes.items():
            for band in _bands(mask):
                statement = (
                    select(queue.c.next_at)
                    .where(WAITING, queue.c.batch_id == batch_id, queue.c.band == band)
                    .order_by(queue.c.next_at)
                    .limit(1)
                )
                at = (await self._session.execute(statement)).scalar()
                if at is not None and (batch_id not in found or at < found[batch_id]):
                    found[batch_id] = at
        return found

    async def release(self, released: Sequence[Attempt]) -> None:
        """See the port."""
        await self._session.insert_many(
            attempts,
            [
                {
                    "id": a.id,
                    "organization_id": a.organization_id,
                    "campaign_id": a.campaign_id,
                    "batch_id": a.batch_id,
                    "contact_id": a.contact_id,
                    "number": a.number,
                    "channel": a.channel,
                    "address": a.address,
                    "person": a.person,
                    "state": a.state,
                    "sender_id": a.sender_id,
                    "trunk_id": a.trunk_id,
                    "worker_id": a.worker_id,
                    "burns": a.burns,
                    "sandbox": a.sandbox,
                    "released_at": a.released_at,
                    "begun_at": a.begun_at,
                }
                for a in released
            ],
        )
        await self._session.update_many(
            queue,
            [
                {
                    "contact_id": a.contact_id,
                    "state": ContactState.RELEASED,
                    "attempt_id": a.id,
                    "trunk_id": a.trunk_id,
                    "sender_id": a.sender_id,
                    "worker_id": a.worker_id,
                    "tries": a.number,
                    "updated_at": a.released_at,
                }
                for a in released
            ],
            key=["contact_id"],
        )

    async def due_regions(self, batch_id: int, band: int, until: datetime, limit: int) -> list[Due]:
        """See the port."""
        statement = (
            select(queue.c.contact_id, queue.c.region_key, queue.c.next_at, queue.c.not_before)
            .where(WAITING, queue.c.batch_id == batch_id, queue.c.band == band, queue.c.next_at <= until)
            .order_by(queue.c.next_at, queue.c.contact_id)
            .limit(limit)
            .with_for_update(skip_locked=True)
        )
        return [Due(*row) for row in await self._session.execute(statement)]

    async def defer(self, openings: Sequence[tuple[int, datetime]], now: datetime) -> None:
        """See the port."""
        await self._session.update_many(
            queue,
            [{"contact_id": n, "next_at": at, "updated_at": now} for n, at in openings],
            key=["contact_id"],
            guard="t.state = 'waiting'",
        )

    async def move(self, moves: Sequence[Move], now: datetime) -> None:
        """See the port."""
        for fenced in (True, False):
            rows = [
                {
                    "contact_id": m.contact_id,
                    **({"attempt_id": m.fence} if fenced else {}),
                    "state": m.state,
                    "band": m.band,
                    "address_index": m.address_index,
                    "region_key": m.region_key,
                    "next_at": m.next_at,
                    "not_before": m.not_before,
                    "tries": m.tries,
                    "burned": m.burned,
                    "faults": m.faults,
                    "last_outcome": m.last_outcome,
                    "finish_reason": m.finish_reason,
                    "goal_reached": m.goal_reached,
                    "updated_at": now,
                }
                for m in moves
                if (m.fence is not None) == fenced
            ]
            await self._session.update_many(
                queue,
                rows,
                key=["contact_id", "attempt_id"] if fenced else ["contact_id"],
                guard="t.state = 'released'" if fenced else "t.state = 'waiting'",
            )

    # sweeps

    async def sweep(self, batch_id: int, limit: int) -> list[Contact]:
        """See the port."""
        statement = (
            contacts_query()
            .where(WAITING, queue.c.batch_id == batch_id)
            .limit(limit)
            .with_for_update(skip_locked=True, of=queue)
        )
        return [contact_of(row) for row in await self._session.execute(statement)]

    async def deferred(self, batch_id: int, after: int, now: datetime, limit: int) -> list[Contact]:
        """See the port."""
        statement = (
            contacts_query()
            .where(WAITING, queue.c.batch_id == batch_id, queue.c.contact_id > after, queue.c.next_at > now)
            .order_by(queue.c.contact_id)
            .limit(limit)
            .with_for_update(of=queue)
        )
        return [contact_of(row) for row in await self._session.execute(statement)]

    async def has_waiting(self, lanes: Mapping[int, int]) -> bool:
        """See the port."""
        return bool(await self.next_due(lanes))

    # workers

    async def enlist(self, worker_id: int, name: str, roles: str, version: str, now: datetime, until: datetime) -> None:
        """See the port."""
        await self._session.insert_many(
            workers,
            [
                {
                    "id": worker_id,
                    "name": name,
                    "roles": roles,
                    "version": version,
                    "started_at": now,
                    "heartbeat_at": now,
                    "lease_until": until,
                }
            ],
        )

    async def renew(self, worker_id: int, now: datetime, until: datetime) -> bool:
        """See the port."""
        result = await self._session.execute(
            update(workers)
            .where(workers.c.id == worker_id, workers.c.fenced_at.is_(None))
            .values(heartbeat_at=now, lease_until=until)
        )
        return bool(result.rowcount)

    async def retire(self, worker_id: int, now: datetime) -> None:
        """See the port."""
        await self._session.execute(
            update(workers).where(workers.c.id == worker_id).values(stopped_at=now, lease_until=now)
        )

    async def fence_lost(self, now: datetime, keep: int, everyone: bool) -> list[int]:
        """See the port."""
        lost = [workers.c.id != keep, workers.c.fenced_at.is_(None), workers.c.stopped_at.is_(None)]
        if not everyone:
            lost.append(workers.c.lease_until < now)
        statement = update(workers).where(*lost).values(fenced_at=now).returning(workers.c.id)
        return [row[0] for row in await self._session.execute(statement)]


def _bands(mask: int) -> list[int]:
    return [band for band in range(mask.bit_length() - 1, -1, -1) if mask >> band & 1]
