"""Calls as Freya's clients read them. A call is an attempt; one that was only just asked for is a contact.

A contact's first call has the contact's id as its own, so that the id which `POST /call` answers at once is the one
that lists and webhooks tell of later. Further calls have their attempts' ids.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from clarion.app.conversations import Conversation, Turn, conversation_of
from clarion.app.ports.resources import Agent, Sender
from clarion.app.single_calls import EXTRAS, is_single_calls
from clarion.core.campaigns import Campaign
from clarion.core.contacts import Attempt, Contact
from clarion.core.outcomes import ContactState
from clarion.surfaces.vendors.freya.words import (
    FAILED,
    IN_PROGRESS,
    QUEUED,
    call_word,
    customer_word,
    status_word,
)
from clarion.wire.uuids import uuid_of

MICROS = 1_000_000


def call_id(attempt: Attempt) -> str:
    """The id of a call."""
    return call_id_of(attempt.id, attempt.contact_id, attempt.number)


def call_id_of(attempt_id: int, contact_id: int, number: int) -> str:
    """The id of a contact's `number`th call."""
    return uuid_of("contact", contact_id) if number == 1 else uuid_of("attempt", attempt_id)


@dataclass(frozen=True, slots=True)
class Scene:
    """What a call belongs to."""

    campaign: Campaign
    agent: Agent | None
    sender: Sender | None
    """By whose number the customer was called."""
    contact: Contact | None = None


def call_object(attempt: Attempt, scene: Scene, id: str | None = None) -> dict[str, Any]:
    """A call that was begun, or is about to be. `id`: by which it was asked for, if it is not its own."""
    word, talk = call_word(attempt.outcome), conversation_of(attempt)
    return {
        **_frame(id or call_id(attempt), attempt.address, scene),
        "startedAt": attempt.begun_at or attempt.released_at,
        "endedAt": attempt.ended_at,
        "duration": seconds(lasted(attempt, talk)),
        "status": status_word(attempt.state, attempt.outcome),
        "endedReason": None if attempt.outcome is None else word.reason,
        "transcript": transcript(talk),
        "messages": [_message(turn, attempt.answered_at) for turn in talk.turns],
        "summary": talk.summary,
        "cost": None if attempt.cost_micros is None else attempt.cost_micros / MICROS,
        "recordingUrl": talk.recording_url,
        "analysis": {"structuredData": dict(attempt.results)} if attempt.results else None,
        "attemptNumber": attempt.number,
        "createdAt": attempt.released_at,
        "updatedAt": attempt.ended_at or attempt.answered_at or attempt.begun_at or attempt.released_at,
    }


def awaited_object(contact: Contact, scene: Scene) -> dict[str, Any]:
    """A call that was asked for and has not been begun, or never will be."""
    over = contact.state is ContactState.FINISHED
    waits = IN_PROGRESS if contact.state is ContactState.RELEASED else QUEUED
    reason = str(contact.finish_reason).replace("_", "-") if contact.finish_reason is not None else None
    return {
        **_frame(uuid_of("contact", contact.id), contact.address, scene),
        "startedAt": None,
        "endedAt": None,
        "duration": None,
        "status": FAILED if over else waits,
        "endedReason": reason,
        "transcript": None,
        "messages": [],
        "summary": None,
        "cost": None,
        "recordingUrl": None,
        "analysis": None,
        "attemptNumber": None,
        "createdAt": contact.created_at,
        "updatedAt": contact.updated_at,
    }


def _frame(id: str, number: str, scene: Scene) -> dict[str, Any]:
    campaign, agent, sender, contact = scene.campaign, scene.agent, scene.sender, scene.contact
    return {
        "id": id,
        "workspaceId": uuid_of("organization", campaign.organization_id),
        "externalCallId": None if contact is None else extras_of(contact).get("externalCallId"),
        "assistantId": None if agent is None else uuid_of("agent", agent.id),
        "assistantName": None if agent is None else agent.name,
        "assistantEntityType": None if agent is None else "agent",
        "phoneNumberId": None if sender is None else uuid_of("sender", sender.id),
        "phoneNumber": None if sender is None else sender.address,
        "campaign": None if is_single_calls(campaign) else _campaign(campaign),
        "customerNumber": number,
        "customer": {"number": number, "identity": _identity(contact)},
        "type": "outbound",
        "modality": "voice",
        "tags": [],
        "isArchived": False,
    }


def _campaign(campaign: Campaign) -> dict[str, Any]:
    return {
        "id": uuid_of("campaign", campaign.id),
        "name": campaign.name,
        "assistantId": None if campaign.agent_id is None else uuid_of("agent", campaign.agent_id),
        "phoneNumberId": None if campaign.sender_id is None else uuid_of("sender", campaign.sender_id),
        "description": campaign.description,
    }


def _identity(contact: Contact | None) -> dict[str, Any]:
    """Who it is, as far as the properties say in Freya's words or the usual ones."""
    known = {} if contact is None else properties_of(contact)
    return {
        "firstName": known.get("firstName", known.get("first_name")),
        "lastName": known.get("lastName", known.get("last_name")),
        "email": known.get("email"),
    }


def properties_of(contact: Contact) -> dict[str, Any]:
    """A customer's properties."""
    return {name: value for name, value in contact.variables.items() if name != EXTRAS}


def extras_of(contact: Contact) -> Mapping[str, Any]:
    """What a call keeps besides."""
    extras = contact.variables.get(EXTRAS)
    return extras if isinstance(extras, Mapping) else {}


def lasted(attempt: Attempt, talk: Conversation) -> timedelta | None:
    """How long people talked; None for a call that nobody took."""
    if talk.duration is not None:
        return talk.duration
    if attempt.answered_at is None or attempt.ended_at is None:
        return None
    return attempt.ended_at - attempt.answered_at


def seconds(length: timedelta | None) -> float | None:
    """A length in seconds, to the millisecond."""
    return None if length is None else round(length.total_seconds(), 3)


def transcript(talk: Conversation) -> str | None:
    """A conversation as one text with its times, a line for each turn."""
    if not talk.turns:
        return None
    return "\n".join(f"[{_clock(turn.seconds)}] {_ROLES[turn.role]}: {turn.text}" for turn in talk.turns)


_ROLES = {"agent": "assistant", "person": "user"}


def _clock(at: float) -> str:
    return f"{int(at) // 60:02}:{int(at) % 60:02}"


def _message(turn: Turn, answered_at: datetime | None) -> dict[str, Any]:
    return {
        "role": _ROLES[turn.role],
        "message": turn.text,
        "secondsFromStart": turn.seconds,
        "timestamp": None if answered_at is None else answered_at + timedelta(seconds=turn.seconds),
    }


def customer_object(contact: Contact, attempts: Sequence[Attempt]) -> dict[str, Any]:
    """A customer of a campaign, and where they stand."""
    last = attempts[-1] if attempts else None
    reason = None if contact.last_outcome is None else call_word(contact.last_outcome).reason
    return {
        "id": uuid_of("contact", contact.id),
        "campaignId": uuid_of("campaign", contact.campaign_id),
        "phoneNumber": contact.address,
        "properties": properties_of(contact),
        "status": customer_word(contact),
        "attempts": contact.tries,
        "endedReason": reason,
        "finishReason": contact.finish_reason,
        "lastCallId": None if last is None else call_id(last),
        "nextCallAt": contact.next_at if contact.state is ContactState.WAITING else None,
        "createdAt": contact.created_at,
        "updatedAt": contact.updated_at,
    }
