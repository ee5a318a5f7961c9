"""What limits are held by: accounts, heads, what is in flight, whom somebody touched."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import Select, func, select

from clarion.app.ports.queue import Heads, InFlight
from clarion.app.refusals import NotFound
from clarion.core.outcomes import AttemptState
from clarion.core.pacing import Account
from clarion.store.queue_columns import LIVE
from clarion.store.schema import accounts, attempts, batches, campaigns, queue
from clarion.store.session import Session


class LimitRows:
    """The part of the queue that a release locks and counts before it claims."""

    def __init__(self, session: Session) -> None:
        """`session` is the open transaction."""
        self._session = session

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
