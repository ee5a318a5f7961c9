"""What is told to customers' webhooks: the vocabulary of events, which change makes which, and who wants to hear."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from clarion.core.campaigns import BatchStatus, Campaign, CampaignStatus
from clarion.core.contacts import Attempt, Contact, Report
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


MESSAGE_EVENTS: Mapping[Outcome, EventType] = {
    Outcome.SENT: EventType.MESSAGE_SENT,
    Outcome.DELIVERED: EventType.MESSAGE_DELIVERED,
    Outcome.UNDELIVERED: EventType.MESSAGE_UNDELIVERED,
    Outcome.EXPIRED: EventType.MESSAGE_UNDELIVERED,
    Outcome.DROPPED: EventType.MESSAGE_UNDELIVERED,
    Outcome.BOUNCED: EventType.MESSAGE_BOUNCED,
    Outcome.OPENED: EventType.MESSAGE_OPENED,
    Outcome.CLICKED: EventType.MESSAGE_CLICKED,
    Outcome.REPLIED: EventType.MESSAGE_REPLIED,
    Outcome.SPAM_REPORT: EventType.MESSAGE_COMPLAINED,
    Outcome.UNSUBSCRIBED: EventType.MESSAGE_UNSUBSCRIBED,
}
"""What a message's fate is called. Outcomes of calls are told by `attempt.ended` alone."""

CAMPAIGN_EVENTS: Mapping[CampaignStatus, EventType] = {
    CampaignStatus.SCHEDULED: EventType.CAMPAIGN_SCHEDULED,
    CampaignStatus.RUNNING: EventType.CAMPAIGN_STARTED,
    CampaignStatus.PAUSED: EventType.CAMPAIGN_PAUSED,
    CampaignStatus.COMPLETED: EventType.CAMPAIGN_COMPLETED,
    CampaignStatus.CANCELLED: EventType.CAMPAIGN_CANCELLED,
}

BATCH_EVENTS: Mapping[BatchStatus, EventType] = {
    BatchStatus.ACTIVE: EventType.BATCH_RESUMED,
    BatchStatus.PAUSED: EventType.BATCH_PAUSED,
    BatchStatus.EXPIRED: EventType.BATCH_EXPIRED,
    BatchStatus.CANCELLED: EventType.BATCH_CANCELLED,
}


def campaign_event(before: CampaignStatus, after: CampaignStatus) -> EventType | None:
    """What a change of a campaign's status is called; None when there is nothing to tell."""
    if before == after:
        return None
    if before == CampaignStatus.PAUSED and after == CampaignStatus.RUNNING:
        return EventType.CAMPAIGN_RESUMED
    if before == CampaignStatus.COMPLETED and after != CampaignStatus.CANCELLED:
        return EventType.CAMPAIGN_REOPENED
    return CAMPAIGN_EVENTS.get(after)


def batch_event(before: BatchStatus, after: BatchStatus) -> EventType | None:
    """What a change of a batch's status is called; None when there is nothing to tell."""
    return None if before == after else BATCH_EVENTS[after]


def campaign_changed(before: CampaignStatus, campaign: Campaign, at: datetime, reason: str) -> list[Happening]:
    """What is told when a campaign that had the status `before` is as it is now. At most one happening."""
    event = campaign_event(before, campaign.status)
    if event is None:
        return []
    return [
        Happening(
            type=event,
            organization_id=campaign.organization_id,
            at=at,
            campaign_id=campaign.id,
            agent_id=campaign.agent_id,
            data={"name": campaign.name, "status": campaign.status, "previous_status": before, "reason": reason},
        )
    ]


def attempt_ended(
    attempt: Attempt,
    contact: Contact,
    at: datetime,
    *,
    agent_id: int | None = None,
    next_at: datetime | None = None,
    attempts_left: int = 0,
) -> Happening:
    """An attempt ended. `contact` is as the decision left it; `next_at` None means that there is no other try."""
    return Happening(
        type=EventType.ATTEMPT_ENDED,
        organization_id=attempt.organization_id,
        at=at,
        campaign_id=attempt.campaign_id,
        batch_id=attempt.batch_id,
        contact_id=attempt.contact_id,
        attempt_id=attempt.id,
        agent_id=agent_id,
        outcome=attempt.outcome,
        data={
            "reference_id": contact.reference_id,
            "channel": attempt.channel,
            "address": attempt.address,
            "attempt_number": attempt.number,
            "attempts_left": attempts_left,
            "will_retry": next_at is not None,
            "next_at": next_at,
            "finish_reason": contact.finish_reason,
            "goal_reached": contact.goal_reached,
            "detail": attempt.detail,
            "provider_id": attempt.provider_id,
            "sender_id": attempt.sender_id,
            "begun_at": attempt.begun_at,
            "answered_at": attempt.answered_at,
            "ended_at": attempt.ended_at,
            "cost_micros": attempt.cost_micros,
            "currency": attempt.currency,
            "results": attempt.results,
            "sandbox": attempt.sandbox,
        },
    )


def message_progressed(
    attempt: Attempt, reference_id: str | None, report: Report, *, agent_id: int | None = None
) -> list[Happening]:
    """What a report tells of a message, final or later (opened, clicked). Empty for what is no message's fate."""
    event = MESSAGE_EVENTS.get(report.outcome)
    if event is None:
        return []
    return [
        Happening(
            type=event,
            organization_id=attempt.organization_id,
            at=report.at,
            campaign_id=attempt.campaign_id,
            batch_id=attempt.batch_id,
            contact_id=attempt.contact_id,
            attempt_id=attempt.id,
            agent_id=agent_id,
            outcome=report.outcome,
            data={
                "reference_id": reference_id,
                "channel": attempt.channel,
                "address": attempt.address,
                "attempt_number": attempt.number,
                "detail": report.detail,
                "provider_id": report.provider_id or attempt.provider_id,
                "results": report.results,
                "sandbox": attempt.sandbox,
            },
        )
    ]


def contact_finished(contact: Contact, at: datetime, *, agent_id: int | None = None) -> Happening:
    """Nothing more will be tried for this contact. Told once, with its reason, also for those never attempted."""
    return _of_contact(EventType.CONTACT_FINISHED, contact, at, agent_id, {"finish_reason": contact.finish_reason})


def contact_reopened(contact: Contact, at: datetime, *, agent_id: int | None = None) -> Happening:
    """A finished contact is to be tried again."""
    return _of_contact(EventType.CONTACT_REOPENED, contact, at, agent_id, {"next_at": contact.next_at})


def contact_opted_out(contact: Contact, at: datetime, source: str, *, agent_id: int | None = None) -> Happening:
    """The person asked not to be contacted again. `source`: the word that the suppression entry has."""
    return _of_contact(EventType.CONTACT_OPTED_OUT, contact, at, agent_id, {"source": source})


def _of_contact(
    event: EventType, contact: Contact, at: datetime, agent_id: int | None, more: Mapping[str, Any]
) -> Happening:
    return Happening(
        type=event,
        organization_id=contact.organization_id,
        at=at,
        campaign_id=contact.campaign_id,
        batch_id=contact.batch_id,
        contact_id=contact.id,
        attempt_id=contact.attempt_id,
        agent_id=agent_id,
        outcome=contact.last_outcome,
        data={
            "reference_id": contact.reference_id,
            "address": contact.address,
            "attempts": contact.tries,
            "goal_reached": contact.goal_reached,
            **more,
        },
    )


def trial_of(endpoint: Endpoint, at: datetime) -> Happening:
    """A try-out of an endpoint, sent by hand."""
    return Happening(
        type=EventType.WEBHOOK_TEST,
        organization_id=endpoint.organization_id,
        at=at,
        campaign_id=endpoint.campaign_id,
        agent_id=endpoint.agent_id,
        data={"endpoint_id": endpoint.id, "message": "This is a test."},
    )
