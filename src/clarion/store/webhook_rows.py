"""Rows of the webhook tables as values, values as rows, filters as conditions."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row

from clarion.app.ports.outbox import Message, MessageFilters, MessageState
from clarion.core.events import Endpoint, EventType
from clarion.core.outcomes import Outcome
from clarion.store.schema import webhook_messages

MESSAGES = webhook_messages.c


def endpoint_row(endpoint: Endpoint) -> dict[str, Any]:
    """What of an endpoint may change, its secrets aside."""
    return {
        "campaign_id": endpoint.campaign_id,
        "agent_id": endpoint.agent_id,
        "url": endpoint.url,
        "method": endpoint.method,
        "events": sorted(endpoint.events),
        "outcomes": sorted(endpoint.outcomes),
        "format": endpoint.format,
        "disabled_at": endpoint.disabled_at,
        "disabled_reason": endpoint.disabled_reason,
        "extras": endpoint.extras,
        "updated_at": endpoint.updated_at,
    }


def endpoint_from(row: Row[Any]) -> Endpoint:
    """The endpoint of a row."""
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


def message_from(row: Row[Any], lease_until: datetime | None) -> Message:
    """The message of a row, under this lease."""
    return Message(
        id=row.id,
        organization_id=row.organization_id,
        endpoint_id=row.endpoint_id,
        event=EventType(row.event),
        payload=row.payload,
        state=MessageState(row.state),
        tries=row.tries,
        created_at=row.created_at,
        campaign_id=row.campaign_id,
        contact_id=row.contact_id,
        attempt_id=row.attempt_id,
        next_at=row.next_at,
        lease_until=lease_until,
        delivered_at=row.delivered_at,
        last_error=row.last_error,
    )


def meant_by(organization_id: int, filters: MessageFilters) -> list[ColumnElement[bool]]:
    """The conditions that single out a filter's messages."""
    conditions: list[ColumnElement[bool]] = [MESSAGES.organization_id == organization_id]
    if filters.ids:
        conditions.append(MESSAGES.id.in_(filters.ids))
    if filters.states:
        conditions.append(MESSAGES.state.in_([state.value for state in filters.states]))
    if filters.events:
        conditions.append(MESSAGES.event.in_([event.value for event in filters.events]))
    if filters.since is not None:
        conditions.append(MESSAGES.created_at >= filters.since)
    if filters.until is not None:
        conditions.append(MESSAGES.created_at < filters.until)
    for column, value in (
        (MESSAGES.endpoint_id, filters.endpoint_id),
        (MESSAGES.campaign_id, filters.campaign_id),
        (MESSAGES.contact_id, filters.contact_id),
        (MESSAGES.attempt_id, filters.attempt_id),
    ):
        if value is not None:
            conditions.append(column == value)
    return conditions
