"""Webhook endpoints over HTTP. A signing secret is shown once, when it is made."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, Self

from fastapi import APIRouter, Query, Response
from pydantic import ConfigDict, Field
from pydantic.config import JsonDict

from clarion.app import webhooks as use
from clarion.core.events import Endpoint, EventType
from clarion.core.outcomes import Outcome
from clarion.surfaces.native.deliveries import MessageShape
from clarion.surfaces.native.dependencies import ApiDep, Caller
from clarion.surfaces.native.once import OnceRoute
from clarion.surfaces.native.problems import documented
from clarion.surfaces.native.shapes import (
    MAX_ID,
    Cursor,
    Duration,
    Id,
    Instant,
    Limit,
    Page,
    PathId,
    Shape,
    Text,
    given,
    left_out,
    page,
    position,
)

router = APIRouter(prefix="/v1/webhooks", tags=["webhooks"], route_class=OnceRoute, responses=documented())

Url = Annotated[Text, Field(min_length=8, max_length=2_000, examples=["https://hooks.example.com/clarion"])]
Method = Annotated[str, Field(pattern=r"^(POST|PUT|PATCH)$")]
Events = Annotated[list[EventType], Field(max_length=100)]
Outcomes = Annotated[list[Outcome], Field(max_length=100)]
Secret = Annotated[Text, Field(max_length=200, pattern=r"^whsec_[A-Za-z0-9+/=]+$")]

EXAMPLE: JsonDict = {
    "url": "https://hooks.example.com/clarion",
    "events": ["attempt.ended", "contact.finished", "campaign.completed"],
}


class NewEndpoint(Shape):
    """An endpoint to make."""

    model_config = ConfigDict(json_schema_extra={"examples": [EXAMPLE]})

    url: Url
    method: Method = "POST"
    events: Events = Field(default_factory=list, description="Only these; all when empty.")
    outcomes: Outcomes = Field(default_factory=list, description="Of attempts, only these; all when empty.")
    campaign_id: Id | None = Field(None, description="Only what happens in this campaign.")
    agent_id: Id | None = Field(None, description="Only what happens with this agent.")
    secret: Secret | None = Field(None, description="Your own signing secret; one is made when left out.")


class EndpointPatch(Shape):
    """What to change; fields left out stay."""

    url: Url = left_out()
    method: Method = left_out()
    events: Events = left_out()
    outcomes: Outcomes = left_out()
    campaign_id: Id | None = None
    agent_id: Id | None = None


class Rotation(Shape):
    """How to rotate."""

    secret: Secret | None = Field(None, description="Your own new secret; one is made when left out.")
    keep_previous: Duration = Field(
        use.KEEP_PREVIOUS, description="How long messages are signed with the previous one too; 0 if it leaked."
    )


class Disabling(Shape):
    """Why."""

    reason: Annotated[Text, Field(min_length=1, max_length=500)] = "Disabled by hand."


class EndpointShape(Shape):
    """An endpoint, without its secret."""

    id: Id
    url: str
    method: str
    events: list[EventType]
    outcomes: list[Outcome]
    campaign_id: int | None
    agent_id: int | None
    format: str
    previous_until: Instant | None = Field(description="Until then messages carry a signature of the old secret too.")
    disabled_at: Instant | None
    disabled_reason: str | None
    created_at: Instant | None
    updated_at: Instant | None

    @classmethod
    def of(cls, endpoint: Endpoint) -> Self:
        """From the value."""
        return cls(
            id=endpoint.id,
            url=endpoint.url,
            method=endpoint.method,
            events=sorted(endpoint.events),
            outcomes=sorted(endpoint.outcomes),
            campaign_id=endpoint.campaign_id,
            agent_id=endpoint.agent_id,
            format=endpoint.format,
            previous_until=endpoint.previous_until,
            disabled_at=endpoint.disabled_at,
            disabled_reason=endpoint.disabled_reason,
            created_at=endpoint.created_at,
            updated_at=endpoint.updated_at,
        )


class IssuedShape(Shape):
    """An endpoint with its new secret."""

    endpoint: EndpointShape
    secret: str = Field(description="The signing secret (Standard Webhooks). Keep it: it is never shown again.")

    @classmethod
    def of(cls, issued: use.Issued) -> Self:
        """From the value."""
        return cls(endpoint=EndpointShape.of(issued.endpoint), secret=issued.secret)


@router.post("", status_code=201, responses=documented(404))
async def create(api: ApiDep, caller: Caller, body: NewEndpoint, response: Response) -> IssuedShape:
    """Make an endpoint. Needs the role operator."""
    draft = use.EndpointDraft(
        url=body.url,
        method=body.method,
        campaign_id=body.campaign_id,
        agent_id=body.agent_id,
        events=body.events,
        outcomes=body.outcomes,
    )
    issued = await use.create_endpoint(
        api.ledger, api.clock, api.seal, caller, draft, api.settings.endpoint_rules, secret=body.secret
    )
    response.headers["Location"] = f"/v1/webhooks/{issued.endpoint.id}"
    return IssuedShape.of(issued)


@router.get("")
async def list_all(
    api: ApiDep,
    caller: Caller,
    limit: Limit = 100,
    cursor: Cursor = None,
    campaign_id: Annotated[int | None, Query(ge=1, le=MAX_ID, description="Only those made for this campaign.")] = None,
) -> Page[EndpointShape]:
    """Endpoints by id, disabled or not."""
    found = await use.list_endpoints(
        api.ledger, caller, campaign_id=campaign_id, after=position(cursor), limit=limit + 1
    )
    return page(found, limit, lambda endpoint: endpoint.id, EndpointShape.of)


@router.get("/{endpoint_id}", responses=documented(404))
async def show(api: ApiDep, caller: Caller, endpoint_id: PathId) -> EndpointShape:
    """One endpoint."""
    return EndpointShape.of(await use.get_endpoint(api.ledger, caller, endpoint_id))


@router.patch("/{endpoint_id}", responses=documented(404))
async def change(api: ApiDep, caller: Caller, endpoint_id: PathId, body: EndpointPatch) -> EndpointShape:
    """Change an endpoint. Messages already written go to the new URL. Needs the role operator."""
    draft = replace(use.draft_of(await use.get_endpoint(api.ledger, caller, endpoint_id)), **given(body))
    endpoint = await use.change_endpoint(api.ledger, api.clock, caller, endpoint_id, draft, api.settings.endpoint_rules)
    return EndpointShape.of(endpoint)


@router.delete("/{endpoint_id}", status_code=204, responses=documented(404))
async def delete(api: ApiDep, caller: Caller, endpoint_id: PathId) -> None:
    """Delete an endpoint with its secret. Its delivery log stays. Needs the role operator."""
    await use.delete_endpoint(api.ledger, api.clock, caller, endpoint_id)


@router.post("/{endpoint_id}/rotate", responses=documented(404))
async def rotate(api: ApiDep, caller: Caller, endpoint_id: PathId, body: Rotation) -> IssuedShape:
    """Give it a new secret; for a while messages are signed with both. Needs the role operator."""
    issued = await use.rotate_secret(
        api.ledger,
        api.clock,
        api.seal,
        caller,
        endpoint_id,
        secret=body.secret,
        keep_previous=body.keep_previous,
    )
    return IssuedShape.of(issued)


@router.post("/{endpoint_id}/disable", responses=documented(404))
async def disable(api: ApiDep, caller: Caller, endpoint_id: PathId, body: Disabling) -> EndpointShape:
    """Send it nothing more. What is pending for it dies, and can be replayed later. Needs the role operator."""
    return EndpointShape.of(await use.disable_endpoint(api.ledger, api.clock, caller, endpoint_id, body.reason))


@router.post("/{endpoint_id}/enable", responses=documented(404))
async def enable(api: ApiDep, caller: Caller, endpoint_id: PathId) -> EndpointShape:
    """Send to it again what happens from now on. Needs the role operator."""
    return EndpointShape.of(await use.enable_endpoint(api.ledger, api.clock, caller, endpoint_id))


@router.post("/{endpoint_id}/test", status_code=202, responses=documented(404, 409))
async def test(api: ApiDep, caller: Caller, endpoint_id: PathId) -> MessageShape:
    """Send a `webhook.test` message; its tries show in the delivery log. Needs the role operator."""
    return MessageShape.of(await use.ping_endpoint(api.ledger, api.clock, caller, endpoint_id))
