"""Calls as Revox tells them: one order to reach a person, with an attempt for every time they were called. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from clarion.app.conversations import Conversation, conversation_of
from clarion.app.dossiers import Dossier
from clarion.app.single_calls import EXTRAS, is_single_calls
from clarion.core.campaigns import CampaignStatus
from clarion.core.contacts import Attempt, Contact
from clarion.core.outcomes import AttemptState, ContactState
from clarion.surfaces.vendors.revox.answers import as_texts, instant
from clarion.surfaces.vendors.revox.assistant_config import REVOX, assistant, read_config
from clarion.surfaces.vendors.revox.translate import told
from clarion.surfaces.vendors.revox.words import (
    ATTEMPT_STATUS,
    DIAL_ERROR,
    END_REASON,
    ENDED_BY,
    FAULTLESS,
    RESULT,
    STATUS_OF_REASON,
    TOLD,
    TOLD_OUTCOME,
    UNTOLD,
    CallOutcome,
    CallStatus,
)
from clarion.wire.uuids import uuid_of

PERSONAL: Mapping[str, tuple[str, ...]] = {
    "first_name": ("first_name", "firstname", "given_name"),
    "last_name": ("last_name", "lastname", "surname", "family_name"),
    "email": ("email", "email_address", "mail"),
    "company": ("company", "company_name", "organization"),
    "job_title": ("job_title", "title", "position"),
}
"""Who the person is, by the variables that may say it. The first one that is there counts; case does not."""

ROLES: Mapping[str, str] = {"agent": "assistant", "person": "user"}


def status_of(order: Dossier, now: datetime) -> CallStatus:
    """Where the order stands."""
    contact, campaign = order.contact, order.campaign
    if contact.state is ContactState.FINISHED:
        assert contact.finish_reason is not None, "a finished contact has a reason"
        return STATUS_OF_REASON[contact.finish_reason]
    if contact.state is ContactState.RELEASED:
        return "calling"
    if order.held:
        return "paused" if contact.tries or is_single_calls(campaign) else "not_launched"
    match campaign.status:
        case CampaignStatus.DRAFT:
            return "not_launched"
        case CampaignStatus.PAUSED:
            return "paused"
        case CampaignStatus.CANCELLED | CampaignStatus.COMPLETED:
            return "cancelled"
        case CampaignStatus.SCHEDULED:
            return "scheduled"
        case CampaignStatus.RUNNING:
            due = contact.next_at is None or contact.next_at <= now
            return "queued_for_calling" if due else "scheduled"


def outcome_of(attempts: Sequence[Attempt]) -> CallOutcome | None:
    """The business outcome: what the agent told of the last conversation, else what its end says, else none."""
    last = attempts[-1] if attempts else None
    if last is None or last.outcome is None or last.outcome not in UNTOLD:
        return None
    said = last.results.get(TOLD_OUTCOME)
    return TOLD[said] if isinstance(said, str) and said in TOLD else UNTOLD[last.outcome]


def call(order: Dossier, now: datetime, *, with_assistant: bool = True) -> dict[str, Any]:
    """The order. Its assistant is left out of long lists."""
    contact, campaign, attempts = order.contact, order.campaign, order.attempts
    status = status_of(order, now)
    extras = extras_of(contact)
    made = [attempt_answer(each) for each in reversed(attempts)]
    config = read_config(order.agent.config if order.agent else {})
    asked = extras.get("scheduled_at")
    return {
        "id": uuid_of("contact", contact.id),
        "status": status,
        "direction": "outbound",
        "from_phone_number": order.caller or "",
        "to_phone_number": contact.address,
        "calls_count": len(attempts),
        "is_completed": status in ("completed", "errored"),
        "is_cancelled": status == "cancelled",
        "created_at": instant(contact.created_at),
        "updated_at": instant(contact.updated_at),
        "scheduled_at": asked if asked is not None else instant(starts_at(order)),
        "next_call_at": instant(contact.next_at) if status in ("queued_for_calling", "scheduled") else None,
        "organization_id": uuid_of("organization", contact.organization_id),
        "first_sentence_delay_ms": config["first_sentence_delay_ms"],
        "llm_model": config["llm_model"],
        "contact": person(contact.variables),
        "call_attempts": made,
        "last_call_attempt": made[0] if made else None,
        "assistant": assistant(order.agent) if with_assistant and order.agent else None,
        "assignee": None,
        "call_retry_config": told(campaign, None)["call_retry_config"],
        "campaign": None
        if is_single_calls(campaign)
        else {"id": uuid_of("campaign", campaign.id), "name": campaign.name},
        "metadata": extras.get("metadata"),
        "prompt_variables": variables_of(contact),
        "outcome": outcome_of(attempts),
        "outcome_summary": conversation_of(attempts[-1]).summary if attempts else None,
        "follow_up_emails": None,
        "slack_channel_ids": None,
    }


def starts_at(order: Dossier) -> datetime | None:
    """When the person is, or was, to be called first; None while nobody has said so."""
    contact = order.contact
    if order.attempts:
        return order.attempts[0].begun_at or order.attempts[0].released_at
    if order.held or order.campaign.status is CampaignStatus.DRAFT:
        return None
    starts = [at for at in (contact.next_at, order.campaign.start_at) if at is not None]
    return max(starts) if starts and contact.state is ContactState.WAITING else contact.created_at


def attempt_answer(attempt: Attempt) -> dict[str, Any]:
    """One attempt."""
    outcome = attempt.outcome
    talk = conversation_of(attempt)
    error = DIAL_ERROR.get(outcome) if outcome is not None and attempt.answered_at is None else None
    return {
        "id": uuid_of("attempt", attempt.id),
        "phone_number": attempt.address,
        "status": _attempt_status(attempt, error),
        "result": RESULT.get(outcome) if outcome is not None else None,
        "dial_error": error,
        "end_reason": END_REASON.get(outcome) if outcome is not None else None,
        "ended_by": ENDED_BY.get(outcome) if outcome is not None else None,
        "started_at": instant(attempt.begun_at or attempt.released_at),
        "answered_at": instant(attempt.answered_at),
        "ended_at": instant(attempt.ended_at),
        "recording_url": talk.recording_url,
        "transcript": _transcript(talk),
        "post_call_transcript": None,
        "structured_output": dict(attempt.results) if attempt.results else None,
        "handled_by_ai": attempt.answered_at is not None,
        "handled_by_human": False,
        "handled_by_user": None,
        "assistants_used": [],
        "sms_log": [],
        "email_log": [],
        "speech_events": [],
    }


def _attempt_status(attempt: Attempt, error: str | None) -> str:
    if attempt.state is AttemptState.ENDED:
        return "completed" if error is None or error in FAULTLESS else "error"
    return "ongoing" if attempt.answered_at is not None else ATTEMPT_STATUS[attempt.state]


def _transcript(talk: Conversation) -> list[dict[str, Any]] | None:
    return [{"role": ROLES[turn.role], "content": turn.text} for turn in talk.turns] or None


def extras_of(contact: Contact) -> Mapping[str, Any]:
    """What a single call keeps for Revox."""
    kept = contact.variables.get(EXTRAS)
    mine = kept.get(REVOX) if isinstance(kept, Mapping) else None
    return mine if isinstance(mine, Mapping) else {}


def variables_of(contact: Contact) -> dict[str, str]:
    """The contact's variables as texts."""
    return as_texts({name: value for name, value in contact.variables.items() if name != EXTRAS})


def person(variables: Mapping[str, Any]) -> dict[str, str | None]:
    """Who it is, as far as the variables say."""
    by_name = {name.lower(): value for name, value in variables.items()}
    found = {word: [by_name[n] for n in names if isinstance(by_name.get(n), str)] for word, names in PERSONAL.items()}
    return {word: values[0] if values else None for word, values in found.items()}


def row(order: Dossier, index: int, now: datetime) -> dict[str, Any]:
    """A campaign's row: the person, and their order."""
    return {
        "id": uuid_of("row", order.contact.id),
        "row_index": index,
        "phone_number": order.contact.address,
        "input_data": variables_of(order.contact),
        "call": call(order, now, with_assistant=False),
    }
