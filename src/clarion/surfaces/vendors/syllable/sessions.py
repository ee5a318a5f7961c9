"""Sessions: attempts that have begun, as conversations to be read back. A session's id is its attempt's."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Path, Query

from clarion.app.actor import Actor
from clarion.app.agents import get_agent
from clarion.app.browse import browse_attempts
from clarion.app.campaigns import get_campaign, list_campaigns
from clarion.app.conversations import AGENT, Conversation, conversation_of
from clarion.app.numbers import numbers
from clarion.app.organizations import get_organization
from clarion.app.ports.campaigns import CampaignFilters
from clarion.app.ports.reports import ERASED, AttemptFilters
from clarion.app.ports.resources import Agent, Sender
from clarion.app.refusals import NotFound
from clarion.app.report import get_attempt
from clarion.core.contacts import Attempt
from clarion.core.outcomes import AttemptState, Channel
from clarion.surfaces.reception import Api
from clarion.surfaces.vendors.syllable.access import NO_NUL, ApiDep, Caller, Json
from clarion.surfaces.vendors.syllable.agent_config import PROMPT, TYPE, prompt_of
from clarion.surfaces.vendors.syllable.errors import BadRequest
from clarion.surfaces.vendors.syllable.forms import MAX_ID, written
from clarion.surfaces.vendors.syllable.lists import Listing, listing, page_of
from clarion.surfaces.vendors.syllable.reading import NAME
from clarion.surfaces.vendors.syllable.targets import Trunks, trunks_of
from clarion.surfaces.vendors.syllable.texts import VERSION, text_or_none

router = APIRouter(prefix="/api/v1/sessions", tags=["sessions"])

PROPERTIES = frozenset(
    {
        *("timestamp", "session_id", "conversation_id", "channel_manager_service", "channel_manager_type"),
        *("channel_manager_sid", "agent_type", "agent_id", "agent_name", "prompt_id", "prompt_name", "experiment_id"),
        *("experiment_variant_id", "source", "target", "duration", "is_outbound", "is_legacy", "is_test"),
    }
)
REQUIRED = ("timestamp",)
BEGUN = frozenset({AttemptState.BEGUN, AttemptState.ACCEPTED, AttemptState.UNKNOWN, AttemptState.ENDED})
USER = "user"
PAGE = 500
SessionId = Annotated[str, Path(max_length=100, pattern=NO_NUL)]


@router.get("/")
async def list_all(api: ApiDep, caller: Caller, asked: Annotated[Listing, listing(PROPERTIES)]) -> Json:
    """A page of sessions, the newest first."""
    if asked.order_by not in (None, "timestamp"):
        raise BadRequest("Sessions are ordered by timestamp.")
    filters = await _filters(api, caller, asked)
    if filters is None:
        return page_of([], 0, asked, REQUIRED)
    if asked.order_by is None or asked.descending:
        found, total = await browse_attempts(api.ledger, caller, filters, offset=asked.offset, limit=asked.limit)
    else:
        found, total = await _oldest_first(api, caller, filters, asked)
    return page_of(await _rows(api, caller, found), total, asked, REQUIRED)


async def _oldest_first(
    api: Api, caller: Actor, filters: AttemptFilters, asked: Listing
) -> tuple[Sequence[Attempt], int]:
    """The same page counted from the other end."""
    _, total = await browse_attempts(api.ledger, caller, filters, offset=0, limit=0)
    end = max(0, total - asked.offset)
    start = max(0, end - asked.limit)
    found, _ = await browse_attempts(api.ledger, caller, filters, offset=start, limit=end - start)
    return list(reversed(found)), total


@router.get("/recording/stream")
async def stream(caller: Caller, token: Annotated[str, Query(max_length=10_000)]) -> None:
    """Recordings stay where the carrier keeps them: `recording` tells their addresses."""
    raise NotFound("recording", token[:100])


@router.get("/{session_id}")
async def show(api: ApiDep, caller: Caller, session_id: SessionId) -> Json:
    """One session."""
    (row,) = await _rows(api, caller, [await _session(api, caller, session_id)])
    return row


@router.get("/transcript/{session_id}")
async def transcript(api: ApiDep, caller: Caller, session_id: SessionId) -> Json:
    """What was said."""
    attempt = await _session(api, caller, session_id)
    return {
        "session_id": str(attempt.id),
        "transcription": [
            {name: value for name, value in each.items() if name != "offset"}
            for each in _turns(attempt, conversation_of(attempt))
        ],
        "actions": [],
        "transcript_complete": attempt.state is AttemptState.ENDED,
    }


@router.get("/full-summary/{session_id}")
async def full_summary(api: ApiDep, caller: Caller, session_id: SessionId) -> Json:
    """What it was about."""
    attempt = await _session(api, caller, session_id)
    return {"summary": conversation_of(attempt).summary, "rating": None}


@router.get("/latency/{session_id}")
async def latency(api: ApiDep, caller: Caller, session_id: SessionId) -> Json:
    """Nothing is measured inside a conversation yet."""
    attempt = await _session(api, caller, session_id)
    return {"session_id": str(attempt.id), "timeline": [], "summary": []}


@router.get("/timeline/{session_id}")
async def timeline(api: ApiDep, caller: Caller, session_id: SessionId) -> Json:
    """What was said, on one line of time."""
    attempt = await _session(api, caller, session_id)
    events = [
        {"kind": "transcript", "turn_index": place, **turn}
        for place, turn in enumerate(_turns(attempt, conversation_of(attempt)))
    ]
    return {"session_id": str(attempt.id), "session_start": written(attempt.begun_at), "events": events}


@router.post("/recording/{session_id}")
async def recording(api: ApiDep, caller: Caller, session_id: SessionId) -> Json:
    """Where its recording is."""
    attempt = await _session(api, caller, session_id)
    url = conversation_of(attempt).recording_url
    return {"session_id": str(attempt.id), "recordings": [url] if url else []}


async def _session(api: Api, caller: Actor, session_id: str) -> Attempt:
    attempt = await get_attempt(api.ledger, caller, _id(session_id))
    if attempt.state not in BEGUN or attempt.begun_at is None or attempt.detail == ERASED:
        raise NotFound("session", session_id)
    return attempt


def _id(text: str) -> int:
    if not (text.isascii() and text.isdigit()) or int(text) > MAX_ID:
        raise NotFound("session", text)
    return int(text)


async def _filters(api: Api, caller: Actor, asked: Listing) -> AttemptFilters | None:
    """What is searched for; None when nothing can be found."""
    filters = AttemptFilters(states=BEGUN, erased=False, since=asked.start)
    if asked.end is not None:
        filters = replace(filters, until=asked.end + timedelta(microseconds=1))
    for name, value in asked.search:
        narrowed = await _narrowed(api, caller, filters, name, value)
        if narrowed is None:
            return None
        filters = narrowed
    return filters


async def _narrowed(api: Api, caller: Actor, filters: AttemptFilters, name: str, value: str) -> AttemptFilters | None:
    match name:
        case "conversation_id":
            number = _number(value)
            return None if number is None else replace(filters, contact_id=number)
        case "channel_manager_sid":
            return replace(filters, provider_id=value)
        case "channel_manager_type":
            known = value.lower() in set(Channel)
            return replace(filters, channel=Channel(value.lower())) if known else None
        case "source":
            return replace(filters, address_part=value) if value else filters
        case "target":
            found = [each.id for each in await numbers(api.ledger, caller) if value in each.address]
            if len(found) > 1:
                raise BadRequest(f"{value!r} is part of several targets: give the whole of it.")
            return replace(filters, sender_id=found[0]) if found else None
        case "agent_id":
            number = _number(value)
            ids = await _campaigns_of(api, caller, number) if number is not None else frozenset()
            return replace(filters, campaign_ids=ids) if ids else None
        case "is_outbound":
            return filters if value.lower() == "true" else None
        case "is_legacy":
            return filters if value.lower() == "false" else None
        case "experiment_id" | "experiment_variant_id":
            return None
    raise BadRequest(f"Sessions cannot be searched by {name}.")


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and int(text) <= MAX_ID else None


async def _campaigns_of(api: Api, caller: Actor, agent_id: int) -> frozenset[int]:
    found: set[int] = set()
    for archived in (False, True):
        cursor: int | None = None
        filters = CampaignFilters(agent_id=agent_id, archived=archived)
        while page := await list_campaigns(api.ledger, caller, filters, cursor=cursor, limit=PAGE):
            found |= {each.id for each in page}
            cursor = page[-1].id
    return frozenset(found)


# how they are told


async def _rows(api: Api, caller: Actor, attempts: Sequence[Attempt]) -> list[Json]:
    """Sessions as the vendor tells them, with what they refer to."""
    if not attempts:
        return []
    zone = (await get_organization(api.ledger, caller)).settings.timezone
    senders = {each.id: each for each in await numbers(api.ledger, caller)}
    trunks = await trunks_of(api, caller)
    campaigns = {n: await get_campaign(api.ledger, caller, n) for n in {each.campaign_id for each in attempts}}
    speaking = {each.agent_id for each in campaigns.values() if each.agent_id is not None}
    agents = {n: await get_agent(api.ledger, caller, n) for n in speaking}
    prompts = {n: await _prompt(api, caller, each) for n, each in agents.items()}
    return [
        _row(
            each,
            agents.get(campaigns[each.campaign_id].agent_id or 0),
            prompts.get(campaigns[each.campaign_id].agent_id or 0, {}),
            senders.get(each.sender_id or 0),
            trunks,
            zone,
        )
        for each in attempts
    ]


async def _prompt(api: Api, caller: Actor, agent: Agent) -> Json:
    text = await text_or_none(api, caller, PROMPT, prompt_of(agent))
    if text is None:
        return {}
    return {
        "prompt_id": str(text.id),
        "prompt_name": text.name,
        "prompt_version": None,
        "prompt_version_number": text.extras.get(VERSION, 1),
    }


def _row(
    attempt: Attempt,
    agent: Agent | None,
    prompt: Json,
    sender: Sender | None,
    trunks: Trunks,
    zone: str,
) -> Json:
    trunk = trunks.get(attempt.trunk_id or 0)
    kept = sender.extras.get(NAME) if sender is not None else None
    duration = conversation_of(attempt).duration
    return {
        "timestamp": written(attempt.begun_at),
        "session_id": str(attempt.id),
        "conversation_id": str(attempt.contact_id),
        "channel_manager_service": trunk.trunk.driver if trunk is not None else None,
        "channel_manager_type": str(attempt.channel),
        "channel_manager_sid": attempt.provider_id,
        "agent_id": str(agent.id) if agent is not None else None,
        "agent_name": agent.name if agent is not None else None,
        "agent_type": TYPE if agent is not None else None,
        "agent_timezone": (agent.timezone or zone) if agent is not None else None,
        "prompt_id": None,
        "prompt_name": None,
        "prompt_version": None,
        "prompt_version_number": None,
        **prompt,
        "experiment_id": None,
        "experiment_variant_id": None,
        "experiment_variant": None,
        "experiment_variant_is_control": None,
        "duration": duration.total_seconds() if duration is not None else 0.0,
        "session_label_id": None,
        "source": attempt.address,
        "target": sender.address if sender is not None else None,
        "is_legacy": False,
        "is_test": bool(kept.get("is_test")) if isinstance(kept, dict) else False,
        "is_outbound": True,
        "user_terminated": None,
        "transfer_voicemail_detected": None,
        "override_timestamp": None,
    }


def _turns(attempt: Attempt, conversation: Conversation) -> list[Json]:
    begun = attempt.begun_at
    answered = attempt.answered_at or begun
    assert begun is not None, "a session has begun"
    assert answered is not None
    found = []
    for turn in conversation.turns:
        at = answered + timedelta(seconds=turn.seconds)
        source = "agent" if turn.role == AGENT else USER
        told = {"timestamp": written(at), "offset": _offset(at - begun), "source": source}
        found.append({**told, "text": turn.text, "lang": "unset"})
    return found


def _offset(since: timedelta) -> str:
    """`MM:SS`, or `HH:MM:SS` from an hour on."""
    minutes, seconds = divmod(int(since.total_seconds()), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:02}:{minutes:02}:{seconds:02}" if hours else f"{minutes:02}:{seconds:02}"
