"""Calls: make one, list them, look one up, erase one."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Annotated, Literal

from fastapi import APIRouter, Query, Request

from clarion.app.actor import Actor
from clarion.app.agents import get_agent
from clarion.app.calls import Call, browse_calls, call_of_attempt, campaigns_of_agent, single_call
from clarion.app.contacts import remove_contacts
from clarion.app.erase_calls import erase_call
from clarion.app.numbers import numbers
from clarion.app.ports.reports import ERASED, AttemptFilters
from clarion.app.ports.resources import Agent
from clarion.app.refusals import Conflict, Invalid, NotFound
from clarion.app.single_calls import SingleCall, place_call
from clarion.core.campaigns import Plan
from clarion.core.outcomes import AttemptState, Channel, Outcome
from clarion.core.retries import Retries
from clarion.surfaces.reception import Api
from clarion.surfaces.vendors.autocalls.access import ApiDep, Body, Caller, PageText, PathId, PerPage, address_of
from clarion.surfaces.vendors.autocalls.call_reading import contact_or_attempt, id_of_contact, shown
from clarion.surfaces.vendors.autocalls.campaigns import NO_NUMBER, number_of_agent
from clarion.surfaces.vendors.autocalls.dates import day_begins, day_ends
from clarion.surfaces.vendors.autocalls.errors import BAD_CALL_NUMBER, NO_ASSISTANT_OF_YOURS, refused
from clarion.surfaces.vendors.autocalls.paginator import page_number, paginated
from clarion.surfaces.vendors.autocalls.rules import Id
from clarion.surfaces.vendors.autocalls.shapes import CallInput
from clarion.surfaces.vendors.autocalls.translate import calls_out, with_voice
from clarion.surfaces.vendors.autocalls.words import INITIATED, LIVE_CALL, outcomes_of
from clarion.wire.contact_drafts import ContactDraft

router = APIRouter(tags=["calls"])

ONCE = Plan(
    retries=Retries(max_attempts=1, delays=(timedelta(0),), on=frozenset(), honour_callbacks=False),
    complete_when_empty=False,
)
"""A single call: one try, at any hour that the law allows."""
STILL_CALLING = "Call is in progress and cannot be deleted"
CallWord = Literal[
    "initiated",
    "ringing",
    "busy",
    "in-progress",
    "ended",
    "completed",
    "ended_by_customer",
    "ended_by_assistant",
    "no-answer",
    "failed",
]


@router.post("/api/user/make_call")
async def make(api: ApiDep, caller: Caller, body: CallInput) -> Body:
    """Call somebody, now or as soon as the law allows it where they are."""
    agent = await _assistant(api, caller, body.assistant_id)
    senders = [each for each in await numbers(api.ledger, caller, Channel.VOICE) if each.enabled]
    call = SingleCall(
        draft=ContactDraft(address=body.phone_number, variables=body.variables or {}),
        agent_id=agent.id,
        sender_id=next(iter(number_of_agent(agent, senders)), None),
        plan=with_voice(ONCE, agent.config),
    )
    try:
        contact = await place_call(api.ledger, api.clock, caller, call)
    except Invalid as no:
        first = no.problems[0]
        if first.code == "no_sender":
            raise refused(NO_NUMBER) from no
        if first.field == "address":
            raise refused(BAD_CALL_NUMBER) from no
        raise
    return {"message": "Call initiated successfully", "call_id": id_of_contact(contact.id), "status": INITIATED}


async def _assistant(api: Api, caller: Actor, assistant_id: int) -> Agent:
    try:
        agent = await get_agent(api.ledger, caller, assistant_id)
    except NotFound as missing:
        raise refused(NO_ASSISTANT_OF_YOURS, 404) from missing
    if agent.archived_at is not None or not calls_out(agent):
        raise refused(NO_ASSISTANT_OF_YOURS, 404)
    return agent


@router.get("/api/user/calls")
async def list_pages(
    api: ApiDep,
    caller: Caller,
    request: Request,
    status: CallWord | None = None,
    type: Literal["inbound", "outbound", "web"] | None = None,
    phone_number: Annotated[str | None, Query(max_length=50, pattern=r"^[^\x00]*$")] = None,
    assistant_id: Id | None = None,
    campaign_id: Id | None = None,
    date_from: date | None = None,
    date_to: date | None = None,
    per_page: PerPage = 15,
    page: PageText = None,
) -> Body:
    """Calls by page, the newest first. All of them are outbound; a single call is listed once it is being made."""
    number = page_number(page)
    found: Sequence[Call] = ()
    total = 0
    states, outcomes = _standing_as(status)
    among = await _among(api, caller, assistant_id, campaign_id)
    never = states == frozenset({AttemptState.ENDED}) and not outcomes
    nobody = never or among == frozenset()
    if type in (None, "outbound") and not nobody:
        filters = AttemptFilters(
            channel=Channel.VOICE,
            campaign_ids=among or frozenset(),
            address_part=phone_number.strip() or None if phone_number else None,
            states=states,
            outcomes=outcomes,
            since=day_begins(date_from),
            until=day_ends(date_to),
            erased=False,
        )
        offset = (number - 1) * per_page
        found, total = await browse_calls(api.ledger, caller, filters, offset=offset, limit=per_page)
    data = [shown(call) for call in found]
    return paginated(data, total, number, per_page, address_of(request), dict(request.query_params))


async def _among(api: Api, caller: Actor, assistant_id: int | None, campaign_id: int | None) -> frozenset[int] | None:
    """The campaigns whose calls are meant; None: all of them."""
    asked = None if campaign_id is None else frozenset({campaign_id})
    if assistant_id is None:
        return asked
    of_agent = await campaigns_of_agent(api.ledger, caller, assistant_id)
    return of_agent if asked is None else of_agent & asked


def _standing_as(status: str | None) -> tuple[frozenset[AttemptState], frozenset[Outcome]]:
    """The states or else the outcomes of attempts that are told as this status; neither filters, or there are none."""
    states = frozenset(state for state, word in LIVE_CALL.items() if word == status) - {AttemptState.TAKEN_BACK}
    if status is None or states:
        return states, frozenset()
    return frozenset({AttemptState.ENDED}), outcomes_of(status)


@router.get("/api/user/calls/{call_id}")
async def show(api: ApiDep, caller: Caller, call_id: PathId) -> Body:
    """One call."""
    return shown(await _call(api, caller, call_id))


async def _call(api: Api, caller: Actor, call_id: int) -> Call:
    """A call by either kind of id. Raises NotFound, also for one that was erased."""
    contact_id, attempt_id = contact_or_attempt(call_id)
    if contact_id is not None:
        call = await single_call(api.ledger, caller, contact_id)
    else:
        assert attempt_id is not None, "a call is known by one of the two"
        call = await call_of_attempt(api.ledger, caller, attempt_id)
    attempt = call.attempt
    if attempt is not None and (attempt.detail == ERASED or attempt.state is AttemptState.TAKEN_BACK):
        raise NotFound("call", call_id)
    return call


@router.delete("/api/user/calls/{call_id}")
async def delete(api: ApiDep, caller: Caller, call_id: PathId) -> Body:
    """Erase a call: what was said and found out is forgotten. One that has not been made is called off."""
    call = await _call(api, caller, call_id)
    try:
        if call.attempt is not None:
            await erase_call(api.ledger, caller, call.attempt.id)
        elif (await remove_contacts(api.ledger, api.clock, caller, [call.contact.id])).live:
            raise Conflict("under_way", "It is being made.")
    except Conflict as no:
        raise refused(STILL_CALLING) from no
    return {"message": "Call deleted successfully"}
