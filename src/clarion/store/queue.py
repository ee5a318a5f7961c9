"""The queue on SQLAlchemy Core: claims with SKIP LOCKED where the database has it, batch writes, fences."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

import orjson
from sqlalchemy import BigInteger, Select, String, Text, func, or_, select, text, type_coerce, update

from clarion.app.ports.queue import Due, Ending, Heads, InFlight, Live, Move
from clarion.app.refusals import NotFound
from clarion.core.campaigns import BatchStatus, CampaignStatus
from clarion.core.contacts import Address, Attempt, Contact, Decision
from clarion.core.outcomes import AttemptState, Channel, ContactState, FinishReason, Outcome
from clarion.core.pacing import Account
from clarion.store import schema
from clarion.store.columns import EPOCH
from clarion.store.session import Session

accounts, attempts, batches, campaigns = schema.accounts, schema.attempts, schema.batches, schema.campaigns
contacts, decisions, queue, tallies, workers = (
    schema.contacts,
    schema.decisions,
    schema.queue,
    schema.tallies,
    schema.workers,
)

WAITING = text("queue.state = 'waiting'")
"""Spelled as in the partial index, so that SQLite's planner sees that the index serves."""
LIVE = text("queue.state = 'released'")

BOTH = (queue, attempts)
"""What is decided by an attempt's state locks its row too: PostgreSQL looks anew only at rows that it locks."""

CONTACT_COLUMNS = (
    queue.c.contact_id,
    queue.c.organization_id,
    queue.c.campaign_id,
    queue.c.batch_id,
    contacts.c.reference_id,
    contacts.c.address,
    queue.c.region_key,
    contacts.c.person,
    type_coerce(queue.c.state, String),
    contacts.c.line_type,
    type_coerce(contacts.c.fallbacks, Text),
    queue.c.address_index,
    type_coerce(contacts.c.variables, Text),
    contacts.c.zone,
    contacts.c.postal_code,
    contacts.c.priority,
    queue.c.tries,
    queue.c.burned,
    queue.c.faults,
    type_coerce(queue.c.not_before, BigInteger),
    type_coerce(queue.c.next_at, BigInteger),
    queue.c.attempt_id,
    type_coerce(queue.c.last_outcome, String),
    type_coerce(queue.c.finish_reason, String),
    queue.c.goal_reached,
    type_coerce(contacts.c.created_at, BigInteger),
    type_coerce(queue.c.updated_at, BigInteger),
    contacts.c.region_key,
    queue.c.trunk_id,
)
"""Read bare, and made into values by `contact_of`: contacts are read by the hundred in each release."""

STATES = {word.value: word for word in ContactState}
OUTCOMES = {word.value: word for word in Outcome}
REASONS = {word.value: word for word in FinishReason}

ATTEMPT_COLUMNS = tuple(attempts.c[name] for name in Attempt.__dataclass_fields__)


def contacts_query() -> Select[Any]:
    """Contacts with where they stand; rows of it become values by `contact_of`."""
    return select(*CONTACT_COLUMNS).join_from(queue, contacts, contacts.c.id == queue.c.contact_id)


def contact_of(row: Sequence[Any]) -> Contact:
    """A row of `contacts_query` as a value."""
    values: list[Any] = [*row]
    values[8] = STATES[row[8]]
    values[10] = tuple(Address(**one) for one in orjson.loads(row[10])) if row[10] else ()
    values[12] = orjson.loads(row[12]) if row[12] else {}
    values[22] = OUTCOMES[row[22]] if row[22] else None
    values[23] = REASONS[row[23]] if row[23] else None
    for place in (19, 20, 25, 26):
        if row[place] is not None:
            values[place] = EPOCH + timedelta(microseconds=row[place])
    return Contact(*values)


def attempt_of(row: Sequence[Any]) -> Attempt:
    """A row of the ATTEMPT_COLUMNS as a value."""
    values: list[Any] = [*row]
    values[-2:] = row[-2] or {}, row[-1] or {}
    return Attempt(*values)


class StoredQueueRows:
    """Implements `clarion.app.ports.queue.QueueRows`."""

    def __init__(self, session: Session) -> None:
        """`session` is the open transaction."""
        self._session = session

    # limits

    async def lock_accounts(self, lead: str | None, others: Iterable[str]) -> dict[str, Account] | None:
        """See the port."""
        first: dict[str, Account] = {}
        if lead is not None:
            first = await self._lock([lead], skip=True)
            if not first:
                await self._open([lead])
                first = await self._lock([lead], skip=True)
                if not first:
                    return None
        rest = sorted(set(others) - {lead})
        if rest:
            found = await self._lock(rest, skip=False)
            missing = [scope for scope in rest if scope not in found]
            if missing:
                await self._open(missing)
                found |= await self._lock(missing, skip=False)
            first |= found
        return first

    async def _open(self, scopes: Sequence[str]) -> None:
        await self._session.insert_many(
            accounts, [{"scope": s, "day_first": 0, "day_all": 0} for s in scopes], ignore=True
        )

    async def _lock(self, scopes: Sequence[str], *, skip: bool) -> dict[str, Account]:
        statement = (
            _accounts_query(scopes).order_by(accounts.c.scope).with_for_update(skip_locked=skip)
        )  # SQLite has one writer and leaves the clause out
        return {row.scope: _account_of(row) for row in await self._session.execute(statement)}

    async def save_accounts(self, changed: Iterable[Account]) -> None:
        """See the port."""
        rows = [
            {
                "scope": a.scope,
                "next_slot": a.next_slot,
                "day": a.day.isoformat() if a.day else None,
                "day_first": a.day_first,
                "day_all": a.day_all,
                "ramp_from": a.ramp_from,
                "last_used": a.last_used,
                "last_first": a.last_first,
            }
            for a in changed
        ]
        await self._session.update_many(accounts, rows, key=["scope"])

    async def accounts(self, scopes: Iterable[str]) -> dict[str, Account]:
        """See the port."""
        rows = await self._session.execute(_accounts_query(list(scopes)))
        return {row.scope: _account_of(row) for row in rows}

    async def heads(self, campaign_id: int) -> Heads:
        """See the port."""
        statement = (
            select(campaigns.c.status, campaigns.c.plan_version, batches.c.id, batches.c.status)
            .join_from(campaigns, batches, batches.c.campaign_id == campaigns.c.id, isouter=True)
            .where(campaigns.c.id == campaign_id)
        )
        rows = (await self._session.execute(statement)).all()
        if not rows:
            raise NotFound("campaign", campaign_id)
        return Heads(rows[0][0], rows[0][1], {row[2]: row[3] for row in rows if row[2] is not None})

    async def in_flight(self, campaign_id: int | None = None) -> list[InFlight]:
        """See the port."""
        by = (queue.c.organization_id, queue.c.campaign_id, queue.c.batch_id, queue.c.trunk_id, queue.c.sender_id)
        statement = select(*by, func.count()).where(LIVE).group_by(*by)
        if campaign_id is not None:
            statement = statement.where(queue.c.campaign_id == campaign_id)
        rows = await self._session.execute(statement)
        return [InFlight(*row) for row in rows]

    async def touches(self, organization_id: int, people: Sequence[str], since: datetime) -> dict[str, list[datetime]]:
        """See the port."""
        statement = (
            select(attempts.c.person, attempts.c.released_at)
            .where(
                attempts.c.organization_id == organization_id,
                self._session.among(attempts.c.person, people),
                attempts.c.released_at >= since,
                attempts.c.state != AttemptState.TAKEN_BACK,
            )
            .order_by(attempts.c.released_at)
        )
        found: dict[str, list[datetime]] = {}
        for person, at in await self._session.execute(statement):
            found.setdefault(person, []).append(at)
        return found

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

    # attempts

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
        return await self._read_lives(_lives().where(self._session.among(attempts.c.id, attempt_ids)))

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
            _lives()
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

    async def decide(self, lines: Sequence[Decision]) -> None:
        """See the port."""
        if not lines:
            return
        ids = await self._session.new_ids("decisions", len(lines))
        await self._session.insert_many(
            decisions,
            [
                {
                    "id": n,
                    "organization_id": d.organization_id,
                    "campaign_id": d.campaign_id,
                    "batch_id": d.batch_id,
                    "contact_id": d.contact_id,
                    "region_key": d.region_key,
                    "attempt_id": d.attempt_id,
                    "at": d.at,
                    "verdict": d.verdict,
                    "rule": d.rule,
                    "next_at": d.next_at,
                    "inputs": d.inputs or None,
                }
                for n, d in zip(ids, lines, strict=True)
            ],
        )

    async def count(self, slot: int, increments: Mapping[tuple[int, int, str], int]) -> None:
        """See the port."""
        rows = [
            {"batch_id": batch_id, "slot": slot, "key": key, "campaign_id": campaign_id, "n": n}
            for (campaign_id, batch_id, key), n in sorted(increments.items())
            if n
        ]
        if not rows:
            return
        await self._session.add_many(tallies, rows, key=["batch_id", "slot", "key"], adds="n")

    async def tally(self, batch_ids: Sequence[int], keys: Sequence[str]) -> dict[tuple[int, str], int]:
        """See the port."""
        statement = (
            select(tallies.c.batch_id, tallies.c.key, func.sum(tallies.c.n))
            .where(tallies.c.batch_id.in_(batch_ids), tallies.c.key.in_(keys))
            .group_by(tallies.c.batch_id, tallies.c.key)
        )
        return {(row[0], row[1]): int(row[2]) for row in await self._session.execute(statement)}

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

    async def orphans(self, limit: int) -> list[Live]:
        """See the port."""
        alive = select(workers.c.id).where(workers.c.fenced_at.is_(None), workers.c.stopped_at.is_(None))
        statement = (
            _lives()
            .where(or_(queue.c.worker_id.is_(None), queue.c.worker_id.not_in(alive)))
            .order_by(queue.c.contact_id)
            .limit(limit)
            .with_for_update(of=BOTH, skip_locked=True)
        )
        return await self._read_lives(statement)

    async def held_by(self, worker_id: int) -> list[Live]:
        """See the port."""
        return await self._read_lives(_lives().where(queue.c.worker_id == worker_id).order_by(queue.c.contact_id))

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


def _lives() -> Select[Any]:
    """Live attempts with their contacts."""
    return (
        select(*ATTEMPT_COLUMNS, *CONTACT_COLUMNS)
        .join_from(queue, attempts, attempts.c.id == queue.c.attempt_id)
        .join(contacts, contacts.c.id == queue.c.contact_id)
        .where(LIVE)
    )


def _accounts_query(scopes: Sequence[str]) -> Select[Any]:
    return select(accounts).where(accounts.c.scope.in_(scopes))


def _account_of(row: Any) -> Account:
    return Account(
        row.scope,
        row.next_slot,
        date.fromisoformat(row.day) if row.day else None,
        row.day_first,
        row.day_all,
        row.ramp_from,
        row.last_used,
        row.last_first,
    )


def _bands(mask: int) -> list[int]:
    return [band for band in range(mask.bit_length() - 1, -1, -1) if mask >> band & 1]
