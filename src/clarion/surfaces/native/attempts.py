"""Attempts over HTTP: every try, with its outcome."""

from __future__ import annotations

from typing import Annotated, Any, Self

from fastapi import APIRouter, Query
from pydantic import Field

from clarion.app import report as use
from clarion.app.ports.reports import AttemptFilters
from clarion.core.contacts import Attempt
from clarion.core.outcomes import AttemptState, Channel, Outcome
from clarion.surfaces.native.dependencies import ApiDep, Caller
from clarion.surfaces.native.problems import documented
from clarion.surfaces.native.shapes import MAX_ID, Cursor, Id, Instant, Limit, Page, PathId, Shape, newest, page

router = APIRouter(prefix="/v1/attempts", tags=["attempts"], responses=documented())

IdFilter = Annotated[int | None, Query(ge=1, le=MAX_ID)]
TextFilter = Annotated[str | None, Query(max_length=320, pattern=r"^[^\x00]+$")]


class AttemptShape(Shape):
    """One try to reach a contact."""

    id: Id = Field(description="Also the idempotency key towards carriers.")
    campaign_id: int
    batch_id: int
    contact_id: int
    number: int = Field(description="1 for the first try; carrier faults are counted.")
    channel: Channel
    address: str
    state: AttemptState
    outcome: Outcome | None
    detail: str | None = Field(description="The carrier's word: `486`, `550 5.1.1`.")
    burns: bool = Field(description="Whether it counts against the contact's budget.")
    sandbox: bool = Field(description="Simulated: nobody was contacted.")
    sender_id: int | None
    trunk_id: int | None
    provider_id: str | None
    released_at: Instant | None
    begun_at: Instant | None
    accepted_at: Instant | None
    answered_at: Instant | None
    ended_at: Instant | None
    cost_micros: int | None = Field(description="Millionths of `currency`.")
    currency: str | None
    results: dict[str, Any] = Field(description="Structured output of the conversation.")

    @classmethod
    def of(cls, attempt: Attempt) -> Self:
        """From the value."""
        return cls.model_construct(
            **{name: getattr(attempt, name) for name in AttemptShape.model_fields if name != "results"},
            results=dict(attempt.results),
        )


class AttemptDetail(AttemptShape):
    """One try, with the provider's report as it came."""

    raw: dict[str, Any]


@router.get("", responses=documented(404))
async def list_all(
    api: ApiDep,
    caller: Caller,
    limit: Limit = 50,
    cursor: Cursor = None,
    campaign_id: IdFilter = None,
    batch_id: IdFilter = None,
    contact_id: IdFilter = None,
    sender_id: IdFilter = None,
    channel: Annotated[Channel | None, Query()] = None,
    state: Annotated[list[AttemptState] | None, Query(description="Any of these.")] = None,
    outcome: Annotated[list[Outcome] | None, Query(description="Any of these.")] = None,
    address: TextFilter = None,
    person: TextFilter = None,
    provider_id: TextFilter = None,
    since: Annotated[Instant | None, Query(description="Released at or after this instant.")] = None,
    until: Annotated[Instant | None, Query(description="Released before this instant.")] = None,
) -> Page[AttemptShape]:
    """Attempts, the newest first."""
    filters = AttemptFilters(
        campaign_id=campaign_id,
        batch_id=batch_id,
        contact_id=contact_id,
        person=person,
        address=address,
        provider_id=provider_id,
        sender_id=sender_id,
        channel=channel,
        states=frozenset(state or ()),
        outcomes=frozenset(outcome or ()),
        since=since,
        until=until,
    )
    found = await use.list_attempts(api.ledger, caller, filters, cursor=newest(cursor), limit=limit + 1)
    return page(found, limit, lambda attempt: attempt.id, AttemptShape.of)


@router.get("/{attempt_id}", responses=documented(404))
async def show(api: ApiDep, caller: Caller, attempt_id: PathId) -> AttemptDetail:
    """One attempt, with the provider's raw report."""
    attempt = await use.get_attempt(api.ledger, caller, attempt_id)
    return AttemptDetail.of(attempt).model_copy(update={"raw": dict(attempt.raw)})
