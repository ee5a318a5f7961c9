"""What was sent to webhooks, what came of each try, and sending it again, over HTTP."""

from __future__ import annotations

from typing import Annotated, Any, Self

from fastapi import APIRouter, Query
from pydantic import ConfigDict, Field
from pydantic.config import JsonDict

from clarion.app import webhooks as use
from clarion.app.ports.outbox import Delivery, Message, MessageFilters, MessageState
from clarion.core.events import EventType
from clarion.surfaces.native.dependencies import ApiDep, Caller
from clarion.surfaces.native.once import OnceRoute
from clarion.surfaces.native.problems import documented
from clarion.surfaces.native.shapes import MAX_ID, Cursor, Id, Instant, Limit, Page, PathId, Shape, newest, page

router = APIRouter(prefix="/v1/webhook-messages", tags=["webhooks"], route_class=OnceRoute, responses=documented())
log_router = APIRouter(prefix="/v1/webhook-deliveries", tags=["webhooks"], responses=documented())

IdFilter = Annotated[int | None, Query(ge=1, le=MAX_ID)]

EXAMPLE: JsonDict = {"states": ["dead"], "since": "2026-11-23T00:00:00Z", "until": "2026-11-24T00:00:00Z"}


class MessageShape(Shape):
    """A message for one endpoint."""

    id: Id
    endpoint_id: int
    event: EventType
    payload: dict[str, Any] = Field(description="The body: `{type, timestamp, data}`.")
    state: MessageState
    tries: int
    next_at: Instant | None
    last_error: str | None
    campaign_id: int | None
    contact_id: int | None
    attempt_id: int | None
    created_at: Instant
    delivered_at: Instant | None

    @classmethod
    def of(cls, message: Message) -> Self:
        """From the value."""
        return cls.model_construct(
            **{name: getattr(message, name) for name in cls.model_fields if name != "payload"},
            payload=dict(message.payload),
        )


class DeliveryShape(Shape):
    """One try to deliver a message."""

    id: Id
    message_id: int
    endpoint_id: int
    at: Instant
    status: int | None = Field(description="HTTP status; null when no answer came.")
    error: str | None
    duration_ms: int

    @classmethod
    def of(cls, delivery: Delivery) -> Self:
        """From the value."""
        return cls.model_construct(**{name: getattr(delivery, name) for name in cls.model_fields})


class Replay(Shape):
    """Which messages to send again; everything named has to fit."""

    model_config = ConfigDict(json_schema_extra={"examples": [EXAMPLE]})

    ids: Annotated[list[Id], Field(max_length=1_000)] = Field(default_factory=list)
    states: list[MessageState] = Field(default_factory=list, max_length=10)
    events: list[EventType] = Field(default_factory=list, max_length=100)
    endpoint_id: Id | None = None
    campaign_id: Id | None = None
    contact_id: Id | None = None
    attempt_id: Id | None = None
    since: Instant | None = None
    until: Instant | None = None

    def filters(self) -> MessageFilters:
        """As the use case takes them."""
        return MessageFilters(
            ids=frozenset(self.ids),
            states=frozenset(self.states),
            events=frozenset(self.events),
            endpoint_id=self.endpoint_id,
            campaign_id=self.campaign_id,
            contact_id=self.contact_id,
            attempt_id=self.attempt_id,
            since=self.since,
            until=self.until,
        )


class Replayed(Shape):
    """How many messages are sent again."""

    count: int


@router.get("")
async def list_all(
    api: ApiDep,
    caller: Caller,
    limit: Limit = 100,
    cursor: Cursor = None,
    state: Annotated[list[MessageState] | None, Query(description="Any of these; `dead` are the dead letters.")] = None,
    event: Annotated[list[EventType] | None, Query(description="Any of these.")] = None,
    endpoint_id: IdFilter = None,
    campaign_id: IdFilter = None,
    contact_id: IdFilter = None,
    attempt_id: IdFilter = None,
    since: Annotated[Instant | None, Query(description="Written at or after this instant.")] = None,
    until: Annotated[Instant | None, Query(description="Written before this instant.")] = None,
) -> Page[MessageShape]:
    """Messages, the newest first."""
    filters = MessageFilters(
        states=frozenset(state or ()),
        events=frozenset(event or ()),
        endpoint_id=endpoint_id,
        campaign_id=campaign_id,
        contact_id=contact_id,
        attempt_id=attempt_id,
        since=since,
        until=until,
    )
    found = await use.list_messages(api.ledger, caller, filters, cursor=newest(cursor), limit=limit + 1)
    return page(found, limit, lambda message: message.id, MessageShape.of)


@router.post("/replay")
async def replay_many(api: ApiDep, caller: Caller, body: Replay) -> Replayed:
    """Send every message again that fits, under the same `webhook-id`. Needs the role operator."""
    return Replayed(count=await use.replay_messages(api.ledger, api.clock, caller, body.filters()))


@router.get("/{message_id}", responses=documented(404))
async def show(api: ApiDep, caller: Caller, message_id: PathId) -> MessageShape:
    """One message."""
    return MessageShape.of(await use.get_message(api.ledger, caller, message_id))


@router.post("/{message_id}/replay", status_code=202, responses=documented(404, 409))
async def replay(api: ApiDep, caller: Caller, message_id: PathId) -> MessageShape:
    """Send one message again now, under the same `webhook-id`. Needs the role operator."""
    return MessageShape.of(await use.replay_message(api.ledger, api.clock, caller, message_id))


@log_router.get("")
async def log(
    api: ApiDep,
    caller: Caller,
    limit: Limit = 100,
    cursor: Cursor = None,
    message_id: IdFilter = None,
    endpoint_id: IdFilter = None,
) -> Page[DeliveryShape]:
    """The delivery log, the newest try first."""
    found = await use.list_deliveries(
        api.ledger,
        caller,
        message_id=message_id,
        endpoint_id=endpoint_id,
        cursor=newest(cursor),
        limit=limit + 1,
    )
    return page(found, limit, lambda delivery: delivery.id, DeliveryShape.of)
