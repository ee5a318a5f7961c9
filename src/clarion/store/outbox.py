"""Webhook endpoints, messages and deliveries, on SQLAlchemy Core."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, cast

from sqlalchemy import ColumnElement, Select, Update, func, insert, literal, literal_column, or_, select, update
from sqlalchemy.engine import CursorResult, Result

from clarion.app.ports.outbox import (
    Delivery,
    Lane,
    Message,
    MessageFilters,
    MessageState,
    SealedSecrets,
    Verdict,
)
from clarion.app.refusals import NotFound
from clarion.core.events import Endpoint, NewMessage
from clarion.store.columns import Instant
from clarion.store.schema import webhook_deliveries, webhook_endpoints, webhook_messages
from clarion.store.session import Session
from clarion.store.webhook_rows import endpoint_from, endpoint_row, meant_by, message_from

ENDPOINTS = webhook_endpoints.c
MESSAGES = webhook_messages.c
DELIVERIES = webhook_deliveries.c

PENDING: ColumnElement[bool] = MESSAGES.state == literal_column("'pending'")
"""A literal, not a parameter: only so does SQLite use the partial index."""

CHUNK = 500
"""How many ids one IN list holds."""


class StoredOutboxRows:
    """Implements `clarion.app.ports.outbox.OutboxRows`."""

    def __init__(self, session: Session) -> None:
        """`session` is the open transaction."""
        self._session = session

    # what the recorder needs

    async def endpoints_for(self, organization_id: int) -> list[Endpoint]:
        """See the port."""
        found = await self._session.execute(
            select(webhook_endpoints)
            .where(ENDPOINTS.organization_id == organization_id, ENDPOINTS.disabled_at.is_(None))
            .order_by(ENDPOINTS.id)
        )
        return [endpoint_from(row) for row in found]

    async def put(self, messages: Sequence[NewMessage]) -> range:
        """See the port."""
        if not messages:
            return range(0)
        ids = await self._session.new_ids("webhook_messages", len(messages))
        await self._session.insert_many(
            webhook_messages,
            [
                {
                    "id": id_,
                    "organization_id": message.organization_id,
                    "endpoint_id": message.endpoint_id,
                    "campaign_id": message.campaign_id,
                    "contact_id": message.contact_id,
                    "attempt_id": message.attempt_id,
                    "event": message.event.value,
                    "payload": message.payload,
                    "state": MessageState.PENDING.value,
                    "tries": 0,
                    "next_at": message.created_at,
                    "created_at": message.created_at,
                }
                for id_, message in zip(ids, messages, strict=True)
            ],
        )
        return ids

    # endpoints

    async def endpoint(self, organization_id: int, endpoint_id: int) -> Endpoint:
        """See the port."""
        found = await self._session.execute(
            _present().where(ENDPOINTS.organization_id == organization_id, ENDPOINTS.id == endpoint_id)
        )
        row = found.first()
        if row is None:
            raise NotFound("webhook endpoint", endpoint_id)
        return endpoint_from(row)

    async def endpoints(
        self,
        organization_id: int,
        *,
        campaign_id: int | None = None,
        agent_id: int | None = None,
        after: int = 0,
        limit: int = 100,
    ) -> list[Endpoint]:
        """See the port."""
        statement = _present().where(ENDPOINTS.organization_id == organization_id, ENDPOINTS.id > after)
        if campaign_id is not None:
            statement = statement.where(ENDPOINTS.campaign_id == campaign_id)
        if agent_id is not None:
            statement = statement.where(ENDPOINTS.agent_id == agent_id)
        found = await self._session.execute(statement.order_by(ENDPOINTS.id).limit(limit))
        return [endpoint_from(row) for row in found]

    async def endpoints_by_id(self, endpoint_ids: Collection[int]) -> dict[int, Endpoint]:
        """See the port."""
        found = await self._session.execute(_present().where(ENDPOINTS.id.in_(endpoint_ids)))
        return {row.id: endpoint_from(row) for row in found}

    async def add_endpoint(self, endpoint: Endpoint, secrets: SealedSecrets) -> None:
        """See the port."""
        row = endpoint_row(endpoint) | {
            "id": endpoint.id,
            "organization_id": endpoint.organization_id,
            "sealed_secret": secrets.current,
            "sealed_previous_secret": secrets.previous,
            "previous_until": endpoint.previous_until,
            "created_at": endpoint.created_at,
        }
        await self._session.execute(insert(webhook_endpoints).values(row))

    async def change_endpoint(self, endpoint: Endpoint) -> None:
        """See the port."""
        await self._session.execute(_row_of(endpoint).values(endpoint_row(endpoint)))

    async def secrets_of(self, endpoint_ids: Collection[int]) -> dict[int, SealedSecrets]:
        """See the port."""
        found = await self._session.execute(
            select(ENDPOINTS.id, ENDPOINTS.sealed_secret, ENDPOINTS.sealed_previous_secret).where(
                ENDPOINTS.id.in_(endpoint_ids)
            )
        )
        return {row.id: SealedSecrets(row.sealed_secret, row.sealed_previous_secret) for row in found}

    async def change_secrets(self, endpoint: Endpoint, secrets: SealedSecrets) -> None:
        """See the port."""
        await self._session.execute(
            _row_of(endpoint).values(
                sealed_secret=secrets.current,
                sealed_previous_secret=secrets.previous,
                previous_until=endpoint.previous_until,
                updated_at=endpoint.updated_at,
            )
        )

    async def delete_endpoint(self, organization_id: int, endpoint_id: int, at: datetime) -> None:
        """See the port."""
        await self._session.execute(
            _row_of(await self.endpoint(organization_id, endpoint_id)).values(
                deleted_at=at,
                disabled_at=func.coalesce(ENDPOINTS.disabled_at, literal(at, Instant)),
                disabled_reason=func.coalesce(ENDPOINTS.disabled_reason, "deleted"),
                sealed_secret="",
                sealed_previous_secret=None,
                previous_until=None,
                updated_at=at,
            )
        )
        await self.kill_pending([endpoint_id], "The endpoint was deleted.")

    async def disable(self, endpoint_id: int, url: str, reason: str, at: datetime) -> None:
        """See the port."""
        await self._session.execute(
            update(webhook_endpoints)
            .where(ENDPOINTS.id == endpoint_id, ENDPOINTS.url == url, ENDPOINTS.disabled_at.is_(None))
            .values(disabled_at=at, disabled_reason=reason, updated_at=at)
        )

    # what the courier needs

    async def lanes(self) -> list[Lane]:
        """See the port. Hops from endpoint to endpoint along the index, however many messages each has."""
        lane = select(func.min(MESSAGES.endpoint_id).label("endpoint_id")).where(PENDING).cte("lane", recursive=True)
        following = select(func.min(MESSAGES.endpoint_id)).where(PENDING, MESSAGES.endpoint_id > lane.c.endpoint_id)
        lane = lane.union_all(select(following.scalar_subquery()).where(lane.c.endpoint_id.is_not(None)))
        first = select(func.min(MESSAGES.next_at)).where(PENDING, MESSAGES.endpoint_id == lane.c.endpoint_id)
        found = await self._session.execute(
            select(lane.c.endpoint_id, first.scalar_subquery().label("first_at")).where(lane.c.endpoint_id.is_not(None))
        )
        return sorted((Lane(row.endpoint_id, row.first_at) for row in found), key=lambda lane: lane.first_at)

    async def claim(
        self, wishes: Mapping[int, int], worker_id: int, now: datetime, lease_until: datetime
    ) -> list[Message]:
        """See the port."""
        claimed: list[Message] = []
        for endpoint_id, count in wishes.items():
            found = await self._session.execute(
                select(webhook_messages)
                .where(PENDING, MESSAGES.endpoint_id == endpoint_id, MESSAGES.next_at <= now)
                .order_by(MESSAGES.next_at, MESSAGES.id)
                .limit(count)
                .with_for_update(skip_locked=True)
            )
            claimed += [message_from(row, lease_until) for row in found]
        for chunk in _chunks([message.id for message in claimed]):
            await self._session.execute(
                update(webhook_messages)
                .where(MESSAGES.id.in_(chunk))
                .values(next_at=lease_until, lease_until=lease_until, worker_id=worker_id)
            )
        return claimed

    async def give_back(self, messages: Sequence[Message], now: datetime) -> None:
        """See the port."""
        await self._session.update_many(
            webhook_messages,
            [{"id": message.id, "lease_until": message.lease_until, "next_at": now} for message in messages],
            key=["id", "lease_until"],
            guard="t.state = 'pending'",
        )

    async def set_delivered(self, message_ids: Collection[int], at: datetime) -> None:
        """See the port."""
        for chunk in _chunks(message_ids):
            await self._session.execute(
                update(webhook_messages)
                .where(MESSAGES.id.in_(chunk), MESSAGES.state != MessageState.DELIVERED.value)
                .values(
                    state=MessageState.DELIVERED.value,
                    tries=MESSAGES.tries + 1,
                    next_at=None,
                    delivered_at=at,
                    last_error=None,
                )
            )

    async def set_failed(self, verdicts: Sequence[Verdict]) -> None:
        """See the port."""
        await self._session.update_many(
            webhook_messages,
            [
                {
                    "id": verdict.message_id,
                    "lease_until": verdict.lease_until,
                    "state": (MessageState.DEAD if verdict.next_at is None else MessageState.PENDING).value,
                    "tries": verdict.tries,
                    "next_at": verdict.next_at,
                    "last_error": verdict.error,
                }
                for verdict in verdicts
            ],
            key=["id", "lease_until"],
            guard="t.state = 'pending'",
        )

    async def kill_pending(self, endpoint_ids: Collection[int], error: str) -> int:
        """See the port."""
        killed = await self._session.execute(
            update(webhook_messages)
            .where(PENDING, MESSAGES.endpoint_id.in_(endpoint_ids))
            .values(state=MessageState.DEAD.value, next_at=None, last_error=error)
        )
        return _count(killed)

    async def log(self, deliveries: Sequence[Delivery]) -> None:
        """See the port."""
        if not deliveries:
            return
        ids = await self._session.new_ids("webhook_deliveries", len(deliveries))
        await self._session.insert_many(
            webhook_deliveries,
            [
                {
                    "id": id_,
                    "organization_id": delivery.organization_id,
                    "endpoint_id": delivery.endpoint_id,
                    "message_id": delivery.message_id,
                    "at": delivery.at,
                    "status": delivery.status,
                    "error": delivery.error,
                    "duration_ms": delivery.duration_ms,
                }
                for id_, delivery in zip(ids, deliveries, strict=True)
            ],
        )

    # what people look at

    async def message(self, organization_id: int, message_id: int) -> Message:
        """See the port."""
        found = await self._session.execute(
            select(webhook_messages).where(MESSAGES.organization_id == organization_id, MESSAGES.id == message_id)
        )
        row = found.first()
        if row is None:
            raise NotFound("webhook message", message_id)
        return message_from(row, row.lease_until)

    async def messages(
        self, organization_id: int, filters: MessageFilters, cursor: int | None, limit: int
    ) -> list[Message]:
        """See the port."""
        statement = select(webhook_messages).where(*meant_by(organization_id, filters))
        if cursor is not None:
            statement = statement.where(MESSAGES.id < cursor)
        found = await self._session.execute(statement.order_by(MESSAGES.id.desc()).limit(limit))
        return [message_from(row, row.lease_until) for row in found]

    async def deliveries(
        self,
        organization_id: int,
        *,
        message_id: int | None = None,
        endpoint_id: int | None = None,
        cursor: int | None = None,
        limit: int = 100,
    ) -> list[Delivery]:
        """See the port."""
        statement = select(webhook_deliveries).where(DELIVERIES.organization_id == organization_id)
        if message_id is not None:
            statement = statement.where(DELIVERIES.message_id == message_id)
        if endpoint_id is not None:
            statement = statement.where(DELIVERIES.endpoint_id == endpoint_id)
        if cursor is not None:
            statement = statement.where(DELIVERIES.id < cursor)
        found = await self._session.execute(statement.order_by(DELIVERIES.id.desc()).limit(limit))
        return [Delivery(**row._mapping) for row in found]

    async def replay(self, organization_id: int, filters: MessageFilters, now: datetime) -> int:
        """See the port. A message is in a courier's hands while it is due when the courier's lease ends."""
        enabled = select(ENDPOINTS.id).where(
            ENDPOINTS.organization_id == organization_id, ENDPOINTS.disabled_at.is_(None)
        )
        replayed = await self._session.execute(
            update(webhook_messages)
            .where(
                *meant_by(organization_id, filters),
                MESSAGES.endpoint_id.in_(enabled),
                or_(
                    MESSAGES.next_at.is_(None),
                    MESSAGES.lease_until.is_(None),
                    MESSAGES.next_at != MESSAGES.lease_until,
                    MESSAGES.lease_until <= now,
                ),
            )
            .values(state=MessageState.PENDING.value, tries=0, next_at=now, lease_until=None, delivered_at=None)
        )
        return _count(replayed)


def _present() -> Select[Any]:
    return select(webhook_endpoints).where(ENDPOINTS.deleted_at.is_(None))


def _row_of(endpoint: Endpoint) -> Update:
    return update(webhook_endpoints).where(
        ENDPOINTS.organization_id == endpoint.organization_id, ENDPOINTS.id == endpoint.id
    )


def _chunks(ids: Collection[int]) -> list[list[int]]:
    listed = list(ids)
    return [listed[start : start + CHUNK] for start in range(0, len(listed), CHUNK)]


def _count(result: Result[Any]) -> int:
    return cast(CursorResult[Any], result).rowcount
