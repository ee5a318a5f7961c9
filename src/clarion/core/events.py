"""What is told to customers' webhooks: the vocabulary of events, which change makes which, and who wants to hear."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from clarion.core.outcomes import Outcome


class EventType(StrEnum):
    """Everything that a webhook can tell. Closed; a receiver must ignore words that it does not know."""

    ATTEMPT_STARTED = "attempt.started"
    """The carrier took the attempt."""
    ATTEMPT_ENDED = "attempt.ended"
    CONTACT_FINISHED = "contact.finished"
    CONTACT_REOPENED = "contact.reopened"
    CONTACT_OPTED_OUT = "contact.opted_out"
    MESSAGE_SENT = "message.sent"
    MESSAGE_DELIVERED = "message.delivered"
    MESSAGE_UNDELIVERED = "message.undelivered"
    MESSAGE_OPENED = "message.opened"
    MESSAGE_CLICKED = "message.clicked"
    MESSAGE_REPLIED = "message.replied"
    MESSAGE_BOUNCED = "message.bounced"
    MESSAGE_COMPLAINED = "message.complained"
    MESSAGE_UNSUBSCRIBED = "message.unsubscribed"
    CAMPAIGN_SCHEDULED = "campaign.scheduled"
    CAMPAIGN_STARTED = "campaign.started"
    CAMPAIGN_PAUSED = "campaign.paused"
    CAMPAIGN_RESUMED = "campaign.resumed"
    CAMPAIGN_COMPLETED = "campaign.completed"
    CAMPAIGN_REOPENED = "campaign.reopened"
    CAMPAIGN_CANCELLED = "campaign.cancelled"
    BATCH_PAUSED = "batch.paused"
    BATCH_RESUMED = "batch.resumed"
    BATCH_COMPLETED = "batch.completed"
    BATCH_EXPIRED = "batch.expired"
    BATCH_CANCELLED = "batch.cancelled"
    WEBHOOK_TEST = "webhook.test"
    """Sent by hand to try an endpoint; no filter holds it back."""


@dataclass(frozen=True, slots=True)
class Happening:
    """Something that happened and may be told. `at` is its instant (UTC); `data` adds to the ids, never replaces them.

    Values in `data` must have a JSON form: text, numbers, booleans, None, lists, mappings, enums, datetimes.
    """

    type: EventType
    organization_id: int
    at: datetime
    campaign_id: int | None = None
    batch_id: int | None = None
    contact_id: int | None = None
    attempt_id: int | None = None
    agent_id: int | None = None
    outcome: Outcome | None = None
    data: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A customer's URL and what it wants to hear. Its secrets are not here: only the courier opens them."""

    id: int
    organization_id: int
    url: str
    method: str = "POST"
    campaign_id: int | None = None
    """None: every campaign of the organisation."""
    agent_id: int | None = None
    """None: whoever speaks."""
    events: frozenset[EventType] = frozenset()
    """Empty: every event."""
    outcomes: frozenset[Outcome] = frozenset()
    """Empty: every outcome. Events without an outcome (a campaign was paused) are not held back by it."""
    format: str = "native"
    """Who words the payload: clarion, or a vendor whose API created the endpoint."""
    previous_until: datetime | None = None
    """Until then messages are signed with the secret before the last rotation too."""
    disabled_at: datetime | None = None
    disabled_reason: str | None = None
    extras: Mapping[str, Any] = field(default_factory=dict)
    created_at: datetime | None = None
    updated_at: datetime | None = None

    def wants(self, happening: Happening) -> bool:
        """Whether this happening is told to it."""
        return (
            self.organization_id == happening.organization_id
            and self.disabled_at is None
            and (self.campaign_id is None or self.campaign_id == happening.campaign_id)
            and (self.agent_id is None or self.agent_id == happening.agent_id)
            and (not self.events or happening.type in self.events)
            and (not self.outcomes or happening.outcome is None or happening.outcome in self.outcomes)
        )


@dataclass(frozen=True, slots=True)
class NewMessage:
    """A message on its way into the outbox, due at once."""

    organization_id: int
    endpoint_id: int
    event: EventType
    payload: Mapping[str, Any]
    created_at: datetime
    campaign_id: int | None = None
    contact_id: int | None = None
    attempt_id: int | None = None


def payload(happening: Happening) -> dict[str, Any]:
    """The body in our own format: `{type, timestamp, data}` (Standard Webhooks 1.0). Ids are always in `data`."""
    ids = {
        "organization_id": happening.organization_id,
        "campaign_id": happening.campaign_id,
        "batch_id": happening.batch_id,
        "contact_id": happening.contact_id,
        "attempt_id": happening.attempt_id,
        "outcome": happening.outcome,
    }
    return {
        "type": happening.type,
        "timestamp": happening.at,
        "data": {**happening.data, **{name: value for name, value in ids.items() if value is not None}},
    }


def messages_for(endpoints: Sequence[Endpoint], happenings: Sequence[Happening], now: datetime) -> list[NewMessage]:
    """One message per happening and endpoint that wants it, in the order of the happenings."""
    messages: list[NewMessage] = []
    if not endpoints:
        return messages
    for happening in happenings:
        body: dict[str, Any] | None = None
        for endpoint in endpoints:
            if endpoint.wants(happening):
                body = body or payload(happening)
                messages.append(
                    NewMessage(
                        organization_id=happening.organization_id,
                        endpoint_id=endpoint.id,
                        event=happening.type,
                        payload=body,
                        created_at=now,
                        campaign_id=happening.campaign_id,
                        contact_id=happening.contact_id,
                        attempt_id=happening.attempt_id,
                    )
                )
    return messages
