"""Attempts in the queue: held, pulled, ended, taken back, adopted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Select, or_, select, update

from clarion.app.ports.queue import Ending, Live
from clarion.core.campaigns import BatchStatus, CampaignStatus
from clarion.core.contacts import Attempt, Contact
from clarion.core.outcomes import AttemptState, Channel, ContactState, FinishReason, Outcome
from clarion.store.queue_columns import (
    ATTEMPT_COLUMNS,
    BOTH,
    LIVE,
    attempt_of,
    contact_of,
    contacts_query,
    lives_query,
)
from clarion.store.queue_lines import LineRows
from clarion.store.schema import attempts, batches, campaigns, queue, workers


class AttemptRows(LineRows):
    """The part of the queue that follows an attempt from its release to its end."""

    async def hold_live(self, attempt_ids: Sequence[int]) -> dict[int, Outcome | None]:
        """See the port."""
        if not attempt_ids:
            return {}
        theirs = self._session.among(attempts.c.id, attempt_ids)
        asked = (
            await self._session.execute(select(attempts.c.id, attempts.c.contact_id, attempts.c.outcome).where(theirs))
        ).all()
        # By primary keys alone, with what is live sorted out here: a planner that believes that hardly anybody is live
        # would rather walk through everybody who is or was.
        statement = (
            select(queue.c.attempt_id, queue.c.state)
            .where(self._session.among(queue.c.contact_id, sorted({row.contact_id for row in asked})))
            .order_by(queue.c.contact_id)
            .with_for_update()
        )
        rows = await self._session.execute(statement)
        live = {attempt_id for attempt_id, state in rows if state is ContactState.RELEASED}
        return {row.id: row.outcome for row in asked if row.id in live}

    async def live(self, attempt_ids: Sequence[int]) -> list[Live]:
        """See the port."""
        return await self._read_lives(lives_query().where(self._session.among(attempts.c.id, attempt_ids)))

    async def attempts(self, attempt_ids: Sequence[int], *, lock: bool = False) -> list[Attempt]:
        """See the port."""
        statement = (
            select(*ATTEMPT_COLUMNS).where(self._session.among(attempts.c.id, attempt_ids)).order_by(attempts.c.id)
        )
        if lock:
            statement = statement.with_for_update()
        return [attempt_of(row) for row in await self._session.execute(statement)]

    async def contacts(self, contact_ids: Sequence[int], *, lock: bool = False) -> list[Contact]:
        """See the port."""
        statement = (
            contacts_query().where(self._session.among(queue.c.contact_id, contact_ids)).order_by(queue.c.contact_id)
        )
        if lock:
            statement = statement.with_for_update(of=queue)
        return [contact_of(row) for row in await self._session.execute(statement)]

    async def by_provider_id(self, provider_id: str) -> Attempt | None:
        """See the port."""
        statement = select(*ATTEMPT_COLUMNS).where(attempts.c.provider_id == provider_id)
        row = (await self._session.execute(statement)).first()
        return attempt_of(row) if row else None

    async def mark_accepted(self, accepted: Sequence[tuple[int, str | None, datetime]]) -> None:
        """See the port."""
        await self._session.update_many(
            attempts,
            [
                {"id": n, "state": AttemptState.ACCEPTED, "provider_id": provider_id, "accepted_at": at}
                for n, provider_id, at in accepted
            ],
            key=["id"],
            guard="t.state = 'begun'",
        )

    async def end(self, endings: Sequence[Ending]) -> None:
        """See the port."""
        names = Ending._fields
        rows = [
            {"id": e.attempt_id} | {name: getattr(e, name) for name in names if name != "attempt_id"} for e in endings
        ]
        await self._session.update_many(attempts, rows, key=["id"])

    async def pull(self, channel: Channel, limit: int, since: datetime) -> list[Live]:
        """See the port."""
        ready = (
            attempts.c.state == AttemptState.RELEASED,
            attempts.c.channel == channel,
            attempts.c.released_at >= since,
            campaigns.c.status == CampaignStatus.RUNNING,
            batches.c.status == BatchStatus.ACTIVE,
        )
        statement = (
            lives_query()
            .join(campaigns, campaigns.c.id == queue.c.campaign_id)
            .join(batches, batches.c.id == queue.c.batch_id)
            .where(*ready)
            .order_by(attempts.c.id)
            .limit(limit)
            .with_for_update(of=BOTH, skip_locked=True)
        )
        return await self._read_lives(statement)

    async def begin(self, begun: Sequence[tuple[int, int]], worker_id: int, now: datetime) -> None:
        """See the port."""
        await self._session.update_many(
            attempts,
            [{"id": n, "state": AttemptState.BEGUN, "worker_id": worker_id, "begun_at": now} for n, _ in begun],
            key=["id"],
        )
        await self._session.update_many(
            queue, [{"contact_id": contact_id, "worker_id": worker_id} for _, contact_id in begun], key=["contact_id"]
        )

    async def take_back(
        self,
        campaign_id: int,
        now: datetime,
        batch_id: int | None = None,
        *,
        released_before: datetime | None = None,
    ) -> int:
        """See the port."""
        which = [queue.c.campaign_id == campaign_id, attempts.c.state == AttemptState.RELEASED]
        if batch_id is not None:
            which.append(queue.c.batch_id == batch_id)
        if released_before is not None:
            which.append(attempts.c.released_at < released_before)
        statement = (
            select(attempts.c.id, queue.c.contact_id, queue.c.tries, queue.c.batch_id)
            .join_from(queue, attempts, attempts.c.id == queue.c.attempt_id)
            .where(LIVE, *which)
            .order_by(queue.c.contact_id)
            .with_for_update(of=BOTH)
        )
        rows = (await self._session.execute(statement)).all()
        if not rows:
            return 0
        await self._session.update_many(
            queue,
            [
                {
                    "contact_id": contact_id,
                    "attempt_id": None,
                    "state": ContactState.WAITING,
                    "tries": tries - 1,
                    "worker_id": None,
                    "updated_at": now,
                }
                for _, contact_id, tries, _ in rows
            ],
            key=["contact_id"],
            guard="t.state = 'released'",
        )
        await self._session.update_many(
            attempts,
            [{"id": n, "state": AttemptState.TAKEN_BACK, "burns": False, "ended_at": now} for n, *_ in rows],
            key=["id"],
            guard="t.state = 'released'",
        )
        undone = Counter[tuple[int, int, str]]()
        for _, _, tries, its_batch in rows:
            undone[campaign_id, its_batch, "attempts"] -= 1
            undone[campaign_id, its_batch, "first_attempts" if tries == 1 else "retries"] -= 1
        await self.count(0, undone)
        return len(rows)

    async def revise(self, contact: Contact, reason: FinishReason, outcome: Outcome, goal: bool, now: datetime) -> None:
        """See the port."""
        await self._session.execute(
            update(queue)
            .where(queue.c.contact_id == contact.id, queue.c.state == ContactState.FINISHED)
            .values(
                finish_reason=reason, last_outcome=outcome, goal_reached=contact.goal_reached or goal, updated_at=now
            )
        )

    async def reach_goal(self, contact_ids: Sequence[int], now: datetime) -> None:
        """See the port."""
        await self._session.update_many(
            queue,
            [{"contact_id": n, "goal_reached": True, "updated_at": now} for n in contact_ids],
            key=["contact_id"],
        )

    async def orphans(self, limit: int) -> list[Live]:
        """See the port."""
        alive = select(workers.c.id).where(workers.c.fenced_at.is_(None), workers.c.stopped_at.is_(None))
        statement = (
            lives_query()
            .where(or_(queue.c.worker_id.is_(None), queue.c.worker_id.not_in(alive)))
            .order_by(queue.c.contact_id)
            .limit(limit)
            .with_for_update(of=BOTH, skip_locked=True)
        )
        return await self._read_lives(statement)

    async def held_by(self, worker_id: int) -> list[Live]:
        """See the port."""
        return await self._read_lives(lives_query().where(queue.c.worker_id == worker_id).order_by(queue.c.contact_id))

    async def adopt(self, adopted: Sequence[tuple[int, AttemptState]], worker_id: int) -> None:
        """See the port."""
        if not adopted:
            return
        await self._session.update_many(
            attempts, [{"id": n, "state": state, "worker_id": worker_id} for n, state in adopted], key=["id"]
        )
        await self._session.execute(
            update(queue)
            .where(self._session.among(queue.c.attempt_id, [n for n, _ in adopted]), LIVE)
            .values(worker_id=worker_id)
            .execution_options(synchronize_session=False)
        )

    async def _read_lives(self, statement: Select[Any]) -> list[Live]:
        cut = len(ATTEMPT_COLUMNS)
        return [Live(attempt_of(row[:cut]), contact_of(row[cut:])) for row in await self._session.execute(statement)]
