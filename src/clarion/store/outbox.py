"""Webhook endpoints, messages and deliveries, on SQLAlchemy Core."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, select

from clarion.core.events import Endpoint, EventType, NewMessage
from clarion.core.outcomes import Outcome
from clarion.store.schema import webhook_endpoints, webhook_messages
from clarion.store.session import Session

PENDING = "pending"


class StoredOutboxRows:
    """Implements `clarion.app.ports.outbox.OutboxRows`."""

    def __init__(self, session: Session) -> None:
        """`session` is the open transaction."""
        self._session = session

    async def endpoints_for(self, organization_id: int) -> list[Endpoint]:
        """The endpoints that are not disabled."""
        found = await self._session.execute(
            select(webhook_endpoints)
            .where(webhook_endpoints.c.organization_id == organization_id, webhook_endpoints.c.disabled_at.is_(None))
            .order_by(webhook_endpoints.c.id)
        )
        return [_endpoint(row) for row in found]

    async def put(self, messages: Sequence[NewMessage]) -> None:
        """Write messages, due at once."""
        if not messages:
            return
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
                    "state": PENDING,
                    "tries": 0,
                    "next_at": message.created_at,
                    "created_at": message.created_at,
                }
                for id_, message in zip(ids, messages, strict=True)
            ],
        )


def _endpoint(row: Row[Any]) -> Endpoint:
    return Endpoint(
        id=row.id,
        organization_id=row.organization_id,
        url=row.url,
        method=row.method,
        campaign_id=row.campaign_id,
        agent_id=row.agent_id,
        events=frozenset(EventType(word) for word in row.events),
        outcomes=frozenset(Outcome(word) for word in row.outcomes),
        format=row.format,
        previous_until=row.previous_until,
        disabled_at=row.disabled_at,
        disabled_reason=row.disabled_reason,
        extras=row.extras,
        created_at=row.created_at,
        updated_at=row.updated_at,
    )
