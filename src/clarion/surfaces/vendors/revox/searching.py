"""Searches over all calls: what Revox's filters mean in ours."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, get_args

from clarion.app.actor import Actor
from clarion.app.browse import browse_contacts
from clarion.app.campaigns import list_campaigns
from clarion.app.dossiers import Dossier, dossiers
from clarion.app.numbers import numbers
from clarion.app.organizations import get_organization
from clarion.app.ports.campaigns import CampaignFilters
from clarion.app.ports.people import ContactFilters
from clarion.app.single_calls import is_single_calls
from clarion.core.campaigns import Campaign, CampaignStatus
from clarion.core.outcomes import Channel, ContactState
from clarion.surfaces.reception import Api
from clarion.surfaces.vendors.revox.campaign_shapes import CallSearch
from clarion.surfaces.vendors.revox.orders import outcome_of
from clarion.surfaces.vendors.revox.words import NONE, RESULT, STATUS_OF_REASON, UNTOLD, CallOutcome, CallStatus
from clarion.wire.phones import Phone, parse_phone
from clarion.wire.uuids import id_of

PAGE = 500
LOOKED_AT = 10_000
"""Conversations that are looked through when a search is for what agents told of them; the newest are."""

INSTANT = timedelta(microseconds=1)
ALL_OUTCOMES = frozenset(get_args(CallOutcome))

_S = CampaignStatus
_WAITING = ContactFilters(states=frozenset({ContactState.WAITING}))


async def found_on_page(
    api: Api, caller: Actor, search: CallSearch, *, offset: int, limit: int
) -> tuple[list[Dossier], int]:
    """The orders on a page of what is found, and how many are found."""
    filters = await _filters(api, caller, search)
    if filters is None:
        return [], 0
    newest = search.sort_direction == "desc"
    if not _needs_told(search):
        page, total = await browse_contacts(
            api.ledger, caller, filters, offset=offset, limit=limit, newest_first=newest
        )
        return await dossiers(api.ledger, caller, page), total
    found = [order async for page in _told(api, caller, search, filters) for order in page]
    return (found if newest else found[::-1])[offset : offset + limit], len(found)


async def pages_of(api: Api, caller: Actor, search: CallSearch, most: int) -> AsyncIterator[list[Dossier]]:
    """All that is found, the newest first, page by page, up to `most` orders."""
    filters = await _filters(api, caller, search)
    if filters is None:
        return
    if _needs_told(search):
        async for page in _told(api, caller, search, filters):
            yield page
        return
    for offset in range(0, most, PAGE):
        people, _ = await browse_contacts(api.ledger, caller, filters, offset=offset, limit=PAGE)
        yield await dossiers(api.ledger, caller, people)
        if len(people) < PAGE:
            return


async def _told(api: Api, caller: Actor, search: CallSearch, filters: ContactFilters) -> AsyncIterator[list[Dossier]]:
    for offset in range(0, LOOKED_AT, PAGE):
        people, _ = await browse_contacts(api.ledger, caller, filters, offset=offset, limit=PAGE)
        orders = await dossiers(api.ledger, caller, people)
        yield [order for order in orders if (outcome_of(order.attempts) or NONE) in search.outcomes]
        if len(people) < PAGE:
            return


def _needs_told(search: CallSearch) -> bool:
    """Whether only the conversations themselves say what is meant: some of the outcomes that they may have."""
    talked = set(search.outcomes) - {NONE}
    return bool(talked) and talked != ALL_OUTCOMES


async def _filters(api: Api, caller: Actor, search: CallSearch) -> ContactFilters | None:
    """The contacts that are meant, but for what agents told. None: nobody can be."""
    if search.assignee_ids or (search.directions and "outbound" not in search.directions):
        return None
    campaigns = await _campaigns(api, caller, search)
    if not campaigns:
        return None
    now = api.clock.now()
    groups: list[tuple[ContactFilters, ...]] = []
    if search.statuses:
        groups.append(tuple(each for word in search.statuses for each in standing(word, campaigns, now)))
    if search.results:
        groups.append(tuple(_with_result(word) for word in search.results))
    if search.outcomes:
        groups.append(tuple(_with_outcome(search.outcomes)))
    return ContactFilters(
        campaign_ids=frozenset(campaign.id for campaign in campaigns),
        ids=None if search.call_ids is None else frozenset(_ids("contact", search.call_ids)),
        address_part=search.to_phone_number or None,
        text_part=search.query or None,
        all_of=tuple(groups),
    )


def standing(word: CallStatus, campaigns: Sequence[Campaign], now: datetime) -> list[ContactFilters]:
    """Who has this status: any of these. The same rules as in `orders.status_of`."""

    def inside(*statuses: CampaignStatus, **more: Any) -> list[ContactFilters]:
        ids = frozenset(campaign.id for campaign in campaigns if campaign.status in statuses)
        return [replace(_WAITING, campaign_ids=ids, **more)] if ids else []

    single = frozenset(campaign.id for campaign in campaigns if is_single_calls(campaign))
    others = frozenset(campaign.id for campaign in campaigns) - single
    match word:
        case "completed" | "errored" | "cancelled":
            reasons = frozenset(reason for reason, status in STATUS_OF_REASON.items() if status == word)
            over = ContactFilters(states=frozenset({ContactState.FINISHED}), finish_reasons=reasons)
            return [over, *(inside(_S.CANCELLED, _S.COMPLETED, held=False) if word == "cancelled" else [])]
        case "calling":
            return [ContactFilters(states=frozenset({ContactState.RELEASED}))]
        case "not_launched":
            asleep = [replace(_WAITING, campaign_ids=others, held=True, max_tries=0)] if others else []
            return [*asleep, *inside(_S.DRAFT, held=False)]
        case "paused":
            held = [replace(_WAITING, campaign_ids=others, held=True, min_tries=1)] if others else []
            alone = [replace(_WAITING, campaign_ids=single, held=True)] if single else []
            return [*held, *alone, *inside(_S.PAUSED, held=False)]
        case "scheduled":
            ahead = inside(_S.RUNNING, held=False, due_since=now + INSTANT)
            return [*ahead, *inside(_S.SCHEDULED, held=False)]
        case "queued_for_calling":
            return inside(_S.RUNNING, held=False, due_until=now + INSTANT)
        case "initializing" | "post_processing":
            return []


def _with_result(word: str) -> ContactFilters:
    if word == NONE:
        return ContactFilters(without_outcomes=frozenset(RESULT))
    return ContactFilters(last_outcomes=frozenset(outcome for outcome, result in RESULT.items() if result == word))


def _with_outcome(words: Sequence[str]) -> list[ContactFilters]:
    """Who may have one of these outcomes: whoever was talked to; those about whom there is nothing to tell."""
    nothing = [ContactFilters(without_outcomes=frozenset(UNTOLD))] if NONE in words else []
    talked = [ContactFilters(last_outcomes=frozenset(UNTOLD))] if set(words) - {NONE} else []
    return [*nothing, *talked]


async def _campaigns(api: Api, caller: Actor, search: CallSearch) -> list[Campaign]:
    """The campaigns that the search is in, those of single calls among them."""
    wanted = _ids("campaign", search.campaign_ids)
    agents = _ids("agent", search.assistant_ids)
    senders = await _senders(api, caller, search.from_phone_numbers)
    return [
        campaign
        for campaign in await all_campaigns(api, caller)
        if (not search.campaign_ids or campaign.id in wanted)
        and (not search.assistant_ids or campaign.agent_id in agents)
        and (not search.from_phone_numbers or campaign.sender_id in senders)
    ]


async def all_campaigns(api: Api, caller: Actor) -> list[Campaign]:
    """Every campaign of calls that was not put away, those of single calls among them."""
    found: list[Campaign] = []
    filters, cursor = CampaignFilters(channel=Channel.VOICE), None
    while True:
        page = await list_campaigns(api.ledger, caller, filters, cursor=cursor, limit=PAGE)
        found += page
        if len(page) < PAGE:
            return found
        cursor = page[-1].id


async def _senders(api: Api, caller: Actor, written: Sequence[str]) -> set[int]:
    country = (await get_organization(api.ledger, caller)).settings.default_country
    addresses = {read.e164 if isinstance(read := parse_phone(text, country), Phone) else text for text in written}
    return {sender.id for sender in await numbers(api.ledger, caller, Channel.VOICE) if sender.address in addresses}


def _ids(kind: str, texts: Sequence[str]) -> set[int]:
    return {found for text in texts if (found := id_of(kind, text)) is not None}
