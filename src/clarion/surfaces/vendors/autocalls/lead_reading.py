"""Contacts as leads. Pure. A lead's other numbers have ids of their own, far above those of leads."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from clarion.app.ports.reports import NO_OUTCOME
from clarion.app.report import Numbers
from clarion.app.single_calls import EXTRAS
from clarion.core.campaigns import Campaign
from clarion.core.contacts import Attempt, Contact
from clarion.core.outcomes import ContactState, FinishReason, Outcome
from clarion.core.retries import reached_human
from clarion.surfaces.vendors.autocalls.dates import wall
from clarion.surfaces.vendors.autocalls.words import (
    BLACKLISTED,
    CREATED,
    DONE,
    FINISHED_LEAD,
    GIVEN_UP,
    PROCESSING,
    RESCHEDULED,
    reasons_of,
)

STEP = 10**12
"""The first other number of lead 7 is lead 1000000000007; more than so many contacts no ledger has."""


def lead_id(contact_id: int, index: int) -> int:
    """The id of a contact's first number (index 0) or of another one."""
    return index * STEP + contact_id


def contact_and_index(lead: int) -> tuple[int, int]:
    """The contact that a lead is, and which of its numbers."""
    index, contact_id = divmod(lead, STEP)
    return contact_id, index


def status_of(contact: Contact) -> str:
    """Where a lead stands, whichever of its numbers is the one."""
    if contact.state is ContactState.RELEASED:
        return PROCESSING
    if contact.finish_reason is not None:
        return FINISHED_LEAD[contact.finish_reason]
    return RESCHEDULED if contact.tries else CREATED


def leads_of(numbers: Numbers, status: str | None) -> int:
    """How many leads of a campaign are told as this status, by its tallies; None: how many there are at all."""
    new = numbers.standing.get((ContactState.WAITING, NO_OUTCOME), 0)
    match status:
        case None:
            return numbers.contacts - numbers.reasons.get(FinishReason.REMOVED, 0)
        case "created":
            return new
        case "rescheduled":
            return numbers.waiting - new
        case "processing":
            return numbers.live
        case _:
            return sum(numbers.reasons.get(reason, 0) for reason in reasons_of(status) - {FinishReason.REMOVED})


def status_of_number(contact: Contact, index: int, attempts: Sequence[Attempt]) -> str:
    """Where one of a lead's other numbers stands; `attempts` are all of the contact's."""
    whole = status_of(contact)
    if whole == BLACKLISTED or (whole == PROCESSING and contact.address_index == index):
        return whole
    address = contact.address_at(index).value
    outcomes = [attempt.outcome for attempt in attempts if attempt.address == address]
    if not outcomes:
        return CREATED
    last = outcomes[-1]
    if last is not None and (reached_human(last) or last is Outcome.CALLBACK_REQUESTED):
        return DONE if contact.state is ContactState.FINISHED else RESCHEDULED
    return GIVEN_UP if contact.state is ContactState.FINISHED else RESCHEDULED


def variables_of(contact: Contact) -> dict[str, Any]:
    """A lead's variables, without what single calls keep among them."""
    return {name: value for name, value in contact.variables.items() if name != EXTRAS}


def shown(
    contact: Contact,
    campaign: Mapping[str, Any],
    attempts: Sequence[Attempt],
    written: Callable[[datetime | None], str | None] = wall,
) -> dict[str, Any]:
    """A whole lead; `campaign` is what is told of its campaign."""
    dates = {"created_at": written(contact.created_at), "updated_at": written(contact.updated_at)}
    return {
        "id": contact.id,
        "campaign_id": contact.campaign_id,
        "phone_number": contact.address,
        "variables": variables_of(contact),
        "status": status_of(contact),
        **dates,
        "campaign": campaign,
        "secondary_contacts": [
            {
                "id": lead_id(contact.id, index),
                "phone_number": fallback.value,
                "variables": dict(fallback.variables),
                "status": status_of_number(contact, index, attempts),
                **dates,
            }
            for index, fallback in enumerate(contact.fallbacks, 1)
        ],
    }


def in_brief(campaign: Campaign) -> dict[str, Any]:
    """What a lead tells of its campaign."""
    return {"id": campaign.id, "name": campaign.name}
