"""Calls: asked for one by one, looked up, searched for, paused, resumed, cancelled, exported."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import StreamingResponse

from clarion.app.actor import Actor
from clarion.app.contacts import finish_contacts
from clarion.app.dossiers import Dossier, dossier
from clarion.app.held import hold_contacts, launch_contacts
from clarion.app.numbers import number_of
from clarion.app.ports.resources import Agent
from clarion.app.refusals import Conflict, Invalid, NotFound, Problem
from clarion.app.single_calls import SingleCall, place_call
from clarion.core.outcomes import Channel, ContactState, FinishReason
from clarion.surfaces.reception import Api
from clarion.surfaces.vendors.revox.access import ApiDep, Caller, our_id
from clarion.surfaces.vendors.revox.answers import Answer, as_text
from clarion.surfaces.vendors.revox.assistant_config import REVOX, plan_of
from clarion.surfaces.vendors.revox.assistant_shapes import InlineAssistant
from clarion.surfaces.vendors.revox.assistants import find, inline_agent
from clarion.surfaces.vendors.revox.bodies import JsonRoute, fields_of, parse_instant
from clarion.surfaces.vendors.revox.call_shapes import NewCall
from clarion.surfaces.vendors.revox.campaign_shapes import CallExport, CallSearch
from clarion.surfaces.vendors.revox.files import csv_answer, line
from clarion.surfaces.vendors.revox.orders import attempt_answer, call, extras_of, outcome_of, status_of
from clarion.surfaces.vendors.revox.phone_history import history
from clarion.surfaces.vendors.revox.retry_config import unbounded
from clarion.surfaces.vendors.revox.searching import found_on_page, pages_of
from clarion.wire.contact_drafts import ContactDraft
from clarion.wire.uuids import uuid_of

router = APIRouter(prefix="/api", tags=["calls"], route_class=JsonRoute)

LARGEST_PAGE = 100
MOST_EXPORTED = 50_000
"""Calls in one file, the newest first."""
MOST_COLUMNS = 100
COLUMNS = (
    "call_id",
    "attempt_id",
    "campaign",
    "to_phone_number",
    "call_status",
    "outcome",
    "attempt_status",
    "result",
    "dial_error",
    "end_reason",
    "started_at",
    "answered_at",
    "ended_at",
    "recording_url",
)


@router.post("/call")
async def create(request: Request, api: ApiDep, caller: Caller, body: NewCall) -> Answer:
    """Ask for a call. It is made as soon as hours, limits and `scheduled_at` allow, and again like a campaign's."""
    agent = await _agent(request, api, caller, body)
    plan = plan_of(agent.config)
    wanted = body.from_phone_number or agent.config.get("from_number")
    sender = await number_of(api.ledger, api.clock, caller, Channel.VOICE, wanted) if wanted else None
    kept: dict[str, Any] = {"metadata": body.metadata, "scheduled_at": body.scheduled_at}
    if body.concurrency is not None:
        kept["concurrency"] = {"key": body.concurrency.key}
    contact = await place_call(
        api.ledger,
        api.clock,
        caller,
        SingleCall(
            draft=ContactDraft(body.phone_number, variables=body.prompt_variables),
            agent_id=agent.id,
            sender_id=sender.id if sender else None,
            plan=unbounded(plan) if body.skip_calling_window else plan,
            at=None if body.scheduled_at is None else parse_instant(body.scheduled_at),
            extras={REVOX: kept},
        ),
    )
    return Answer({"call": call(await dossier(api.ledger, caller, contact.id), api.clock.now())})


async def _agent(request: Request, api: Api, caller: Actor, body: NewCall) -> Agent:
    if body.assistant_id is not None:
        return await find(api, caller, body.assistant_id)
    if body.assistant is None:
        message = "Give an assistant_id, or an assistant."
        raise Invalid([Problem("assistant_id", "missing", message)])
    return await inline_agent(api, caller, fields_of((await request.json())["assistant"], InlineAssistant))


@router.get("/call/{call_id}")
async def show(api: ApiDep, caller: Caller, call_id: str) -> Answer:
    """One call with its attempts."""
    return Answer({"call": call(await _find(api, caller, call_id), api.clock.now())})


@router.post("/call/search")
async def search(api: ApiDep, caller: Caller, body: CallSearch) -> Answer:
    """Calls that match, page by page, the newest first."""
    size = min(body.page_size, LARGEST_PAGE)
    orders, total = await found_on_page(api, caller, body, offset=(max(body.page, 1) - 1) * size, limit=size)
    now = api.clock.now()
    return Answer({"calls": [call(order, now) for order in orders], "total_count": total})


@router.post("/call/export")
async def export(api: ApiDep, caller: Caller, body: CallExport) -> StreamingResponse:
    """Calls that match as a CSV file: a line for each attempt, and one for each call without any."""
    metadata, results = dict[str, None](), dict[str, None]()
    if body.include_metadata or body.include_structured_output_fields:
        async for page in pages_of(api, caller, body.filters, MOST_EXPORTED):
            for order in page:
                metadata.update(dict.fromkeys(extras_of(order.contact).get("metadata", ())))
                results.update(dict.fromkeys(name for attempt in order.attempts for name in attempt.results))
    names = list(metadata)[:MOST_COLUMNS] if body.include_metadata else []
    fields = list(results)[:MOST_COLUMNS] if body.include_structured_output_fields else []
    return csv_answer("calls.csv", _csv(api, caller, body.filters, names, fields))


async def _csv(api: Api, caller: Actor, filters: CallSearch, names: list[str], fields: list[str]) -> AsyncIterator[str]:
    yield line([*COLUMNS, *names, *fields])
    async for page in pages_of(api, caller, filters, MOST_EXPORTED):
        yield "".join(_lines(api, order, names, fields) for order in page)


def _lines(api: Api, order: Dossier, names: list[str], fields: list[str]) -> str:
    contact = order.contact
    metadata = extras_of(contact).get("metadata", {})
    status, outcome = status_of(order, api.clock.now()), outcome_of(order.attempts)
    shared = {
        "call_id": uuid_of("contact", contact.id),
        "campaign": order.campaign.name,
        "to_phone_number": contact.address,
        "call_status": status,
        "outcome": outcome,
    }
    lines = []
    for attempt in order.attempts or (None,):
        told = attempt_answer(attempt) if attempt else {}
        own = {**told, **shared, "attempt_id": told.get("id"), "attempt_status": told.get("status")}
        said = attempt.results if attempt else {}
        cells = [own.get(n) for n in COLUMNS] + [metadata.get(n) for n in names] + [said.get(n) for n in fields]
        lines.append(line(["" if each is None else as_text(each) for each in cells]))
    return "".join(lines)


@router.get("/calls/phone-history")
async def phone_history(api: ApiDep, caller: Caller) -> Answer:
    """By number, how often it was called and what came of it."""
    return Answer({"phone_history": await history(api, caller)})


@router.post("/call/{call_id}/cancel")
async def cancel(api: ApiDep, caller: Caller, call_id: str) -> Answer:
    """Call it off. A conversation that runs goes on, and nothing follows it."""
    order = await _find(api, caller, call_id)
    await finish_contacts(api.ledger, api.clock, caller, [order.contact.id], FinishReason.CANCELLED)
    contact = (await _find(api, caller, call_id)).contact
    if contact.state is ContactState.RELEASED:
        raise Conflict("in_progress", "The call is being made at this moment; cancel it when it has ended.")
    if contact.finish_reason is not FinishReason.CANCELLED:
        raise Conflict("finished", "The call is over.")
    return Answer({"success": True})


@router.post("/call/{call_id}/pause")
async def pause(api: ApiDep, caller: Caller, call_id: str) -> Answer:
    """Make no further attempt until it is resumed."""
    order = await _find(api, caller, call_id)
    if order.contact.state is ContactState.FINISHED:
        raise Conflict("finished", "The call is over.")
    if not order.held and not await hold_contacts(api.ledger, api.clock, caller, [order.contact.id]):
        raise Conflict("in_progress", "The call is being made at this moment; pause it when it has ended.")
    return Answer({"success": True})


@router.post("/call/{call_id}/resume")
async def resume(api: ApiDep, caller: Caller, call_id: str) -> Answer:
    """Go on where it was: an attempt that was due meanwhile is made in the next window."""
    contact = (await _find(api, caller, call_id)).contact
    if contact.state is ContactState.FINISHED:
        raise Conflict("finished", "The call is over.")
    await launch_contacts(api.ledger, api.clock, caller, [contact.id], at=contact.not_before)
    return Answer({"success": True})


async def _find(api: Api, caller: Actor, call_id: str) -> Dossier:
    order = await dossier(api.ledger, caller, our_id("contact", call_id))
    if order.campaign.channel is not Channel.VOICE or order.campaign.archived_at is not None:
        raise NotFound("contact", call_id)
    return order
