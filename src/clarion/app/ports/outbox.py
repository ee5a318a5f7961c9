"""Webhook endpoints, messages and deliveries, as the use cases ask for them."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol

from clarion.core.events import Endpoint, EventType, NewMessage


class MessageState(StrEnum):
    """Where a message of the outbox stands."""

    PENDING = "pending"
    """To be offered at `next_at`; or, claimed by a courier, to be offered anew then should the courier not return."""
    DELIVERED = "delivered"
    DEAD = "dead"
    """Given up: every try failed, or its endpoint was disabled. A replay brings it back."""


@dataclass(frozen=True, slots=True)
class Message:
    """A message for one endpoint. Its id makes the `webhook-id`, the same over retries and replays."""

    id: int
    organization_id: int
    endpoint_id: int
    event: EventType
    payload: Mapping[str, Any]
    """In our own words: `{type, timestamp, data}`."""
    state: MessageState
    tries: int
    """Tries that ended since it was written or last replayed. The delivery log has every one."""
    created_at: datetime
    campaign_id: int | None = None
    contact_id: int | None = None
    attempt_id: int | None = None
    next_at: datetime | None = None
    lease_until: datetime | None = None
    """The end of the last courier's claim."""
    delivered_at: datetime | None = None
    last_error: str | None = None


@dataclass(frozen=True, slots=True)
class MessageFilters:
    """Which messages are meant; an empty field does not filter."""

    ids: frozenset[int] = frozenset()
    states: frozenset[MessageState] = frozenset()
    events: frozenset[EventType] = frozenset()
    endpoint_id: int | None = None
    campaign_id: int | None = None
    contact_id: int | None = None
    attempt_id: int | None = None
    since: datetime | None = None
    """Written at or after this instant."""
    until: datetime | None = None
    """Written before this instant."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """One try to deliver a message: a line of the log."""

    organization_id: int
    endpoint_id: int
    message_id: int
    at: datetime
    status: int | None
    """The HTTP status; None when no answer came."""
    error: str | None
    duration_ms: int
    id: int = 0
    """Given by the ledger."""


@dataclass(frozen=True, slots=True)
class SealedSecrets:
    """An endpoint's signing secrets, sealed. `previous` is the one before the last rotation."""

    current: str = field(repr=False)
    previous: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Lane:
    """An endpoint that has pending messages."""

    endpoint_id: int
    first_at: datetime
    """When the first of them is due."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a failed try means for its message: another at `next_at`, or None to give it up."""

    message_id: int
    tries: int
    next_at: datetime | None
    error: str
    lease_until: datetime
    """The fence: a courier whose claim ran out, and was taken over, changes nothing."""


class OutboxRows(Protocol):
    """Webhook endpoints, messages and deliveries. Getters raise NotFound; a foreign id looks like a missing one.

    Endpoints are listed by ascending id, after the id `after`; messages and deliveries the newest first, before
    `cursor`, the id of the last one seen.
    """

    async def endpoints_for(self, organization_id: int) -> list[Endpoint]:
        """The endpoints that are not disabled: who may want to hear."""
        ...

    async def put(self, messages: Sequence[NewMessage]) -> range:
        """Write messages, due at once, in the caller's transaction: they exist if and only if what they tell does.

        Answers their ids, in the same order.
        """
        ...

    async def endpoint(self, organization_id: int, endpoint_id: int) -> Endpoint:
        """One endpoint, disabled or not."""
        ...

    async def endpoints(
        self,
        organization_id: int,
        *,
        campaign_id: int | None = None,
        agent_id: int | None = None,
        after: int = 0,
        limit: int = 100,
    ) -> list[Endpoint]:
        """Endpoints, disabled or not; `campaign_id` and `agent_id` leave only those made for these."""
        ...

    async def add_endpoint(self, endpoint: Endpoint, secrets: SealedSecrets) -> None:
        """Insert."""
        ...

    async def change_endpoint(self, endpoint: Endpoint) -> None:
        """Write every field but the secrets of a row that exists."""
        ...

    async def secrets_of(self, endpoint_ids: Collection[int]) -> dict[int, SealedSecrets]:
        """Their secrets: for the courier and the rotation, never for people."""
        ...

    async def change_secrets(self, endpoint: Endpoint, secrets: SealedSecrets) -> None:
        """Write the secrets and `endpoint.previous_until`."""
        ...

    async def delete_endpoint(self, organization_id: int, endpoint_id: int, at: datetime) -> None:
        """Delete: its secrets are erased, what is pending for it dies, its log stays. NotFound when it is not there."""
        ...

    async def lanes(self) -> list[Lane]:
        """Every endpoint of the installation with pending messages, claimed ones too; the first due first."""
        ...

    async def endpoints_by_id(self, endpoint_ids: Collection[int]) -> dict[int, Endpoint]:
        """Endpoints of the installation that are not deleted: for the courier."""
        ...

    async def claim(
        self, wishes: Mapping[int, int], worker_id: int, now: datetime, lease_until: datetime
    ) -> list[Message]:
        """Up to `wishes[endpoint]` due messages of each endpoint, the first due first; nobody else gets them before
        `lease_until`."""
        ...

    async def give_back(self, messages: Sequence[Message], now: datetime) -> None:
        """Claimed messages that were not offered are due again, if the claim still holds."""
        ...

    async def set_delivered(self, message_ids: Collection[int], at: datetime) -> None:
        """They were taken; this holds whoever has the claim now."""
        ...

    async def set_failed(self, verdicts: Sequence[Verdict]) -> None:
        """They were not taken."""
        ...

    async def disable(self, endpoint_id: int, url: str, reason: str, at: datetime) -> None:
        """Disable an endpoint if it still has this URL (the first reason stays)."""
        ...

    async def kill_pending(self, endpoint_ids: Collection[int], error: str) -> int:
        """Give up everything that is pending for these endpoints; how many that was."""
        ...

    async def log(self, deliveries: Sequence[Delivery]) -> None:
        """Add lines to the delivery log; their ids are given here."""
        ...

    async def message(self, organization_id: int, message_id: int) -> Message:
        """One message."""
        ...

    async def messages(
        self, organization_id: int, filters: MessageFilters, cursor: int | None, limit: int
    ) -> list[Message]:
        """A page of messages."""
        ...

    async def deliveries(
        self,
        organization_id: int,
        *,
        message_id: int | None = None,
        endpoint_id: int | None = None,
        cursor: int | None = None,
        limit: int = 100,
    ) -> list[Delivery]:
        """A page of the delivery log."""
        ...

    async def replay(self, organization_id: int, filters: MessageFilters, now: datetime) -> int:
        """Make these messages due now with a fresh budget of tries; how many they were.

        Those in a courier's hands and those of disabled endpoints are left alone.
        """
        ...
