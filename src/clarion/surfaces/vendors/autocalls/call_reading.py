"""Attempts as calls. Pure.

A call is known by its attempt: twice its id. One that was asked for by itself is known by its contact, as its id has to
be told before there is an attempt: twice that id, and one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from clarion.app.calls import Call
from clarion.app.conversations import AGENT, Conversation, Turn, conversation_of
from clarion.core.contacts import Attempt
from clarion.core.outcomes import AttemptState, ContactState
from clarion.surfaces.vendors.autocalls.assistant_config import schema_of
from clarion.surfaces.vendors.autocalls.dates import wall
from clarion.surfaces.vendors.autocalls.lead_reading import variables_of
from clarion.surfaces.vendors.autocalls.words import ANSWERED_BY, FAILED, INITIATED, LIVE_CALL, call_word

SPEAKERS = {AGENT: "bot"}
PERSON = "human"
NAMES = {AGENT: "AI"}
CUSTOMER = "Customer"
"""Who speaks, in a transcript's lines."""


def id_of_contact(contact_id: int) -> int:
    """The id of a call that was asked for by itself."""
    return contact_id * 2 + 1


def contact_or_attempt(call_id: int) -> tuple[int | None, int | None]:
    """The contact, or else the attempt, that a call is known by."""
    number, single = divmod(call_id, 2)
    return (number, None) if single else (None, number)


def id_of(call: Call) -> int:
    """The id of any call."""
    if call.single or call.attempt is None:
        return id_of_contact(call.contact.id)
    return call.attempt.id * 2


def status_of(call: Call) -> str:
    """The word for how a call stands or went."""
    attempt = call.attempt
    if attempt is None:
        return FAILED if call.contact.state is ContactState.FINISHED else INITIATED
    return call_word(attempt.outcome) if attempt.state is AttemptState.ENDED else LIVE_CALL[attempt.state]


def shown(call: Call) -> dict[str, Any]:
    """A whole call."""
    attempt = call.attempt
    said = Conversation() if attempt is None else conversation_of(attempt)
    cost = cost_of(attempt)
    return {
        "id": id_of(call),
        "assistant_name": call.agent.name if call.agent else None,
        "campaign_name": None if call.single else call.campaign.name,
        "type": "outbound",
        "duration": seconds(said.duration),
        "assistant_phone_number": call.sender.address if call.sender else None,
        "client_phone_number": attempt.address if attempt else call.contact.address,
        "status": status_of(call),
        "transcript": transcript(said.turns, attempt),
        "variables": inputs_of(call),
        "evaluation": evaluation(call),
        "webhook_response": None,
        "carrier_cost": cost,
        "total_cost": cost,
        "answered_by": ANSWERED_BY.get(attempt.outcome) if attempt and attempt.outcome else None,
        "recording_url": said.recording_url,
        "created_at": wall(begun(call)),
        "updated_at": wall(ended(call)),
    }


def begun(call: Call) -> datetime | None:
    """When a call was begun, or else asked for."""
    return (call.attempt and (call.attempt.begun_at or call.attempt.released_at)) or call.contact.created_at


def ended(call: Call) -> datetime | None:
    """When the latest thing became known of a call."""
    attempt = call.attempt
    if attempt is None:
        return call.contact.updated_at
    return attempt.ended_at or attempt.answered_at or attempt.accepted_at or begun(call)


def seconds(duration: timedelta | None) -> int:
    """Whole seconds; none for a call that nobody answered."""
    return 0 if duration is None else round(duration.total_seconds())


def cost_of(attempt: Attempt | None) -> str | None:
    """`0.08000000`, in whatever currency the carrier charges; null when it did not say."""
    if attempt is None or attempt.cost_micros is None:
        return None
    return f"{attempt.cost_micros / 1_000_000:.8f}"


def transcript(turns: Sequence[Turn], attempt: Attempt | None) -> list[dict[str, Any]]:
    """What was said, each with its instant in seconds since 1970."""
    answered = attempt.answered_at if attempt else None
    start = 0.0 if answered is None else answered.astimezone(UTC).timestamp()
    return [
        {
            "text": turn.text,
            "type": "transcript",
            "sender": SPEAKERS.get(turn.role, PERSON),
            "timestamp": start + turn.seconds,
        }
        for turn in turns
    ]


def spoken(turns: Sequence[Turn]) -> str:
    """What was said, as one text."""
    return "\n".join(f"{NAMES.get(turn.role, CUSTOMER)}: {turn.text}" for turn in turns)


def inputs_of(call: Call) -> dict[str, Any]:
    """The variables that a call begins with: the assistant's, over them the lead's, over them the number's own."""
    agent = call.agent.config.get("variables") if call.agent else None
    own: Mapping[str, Any] = {}
    for fallback in call.contact.fallbacks:
        if call.attempt is not None and call.attempt.address == fallback.value:
            own = fallback.variables
    return {**(agent if isinstance(agent, Mapping) else {}), **variables_of(call.contact), **own}


def evaluation(call: Call) -> list[dict[str, Any]]:
    """What was found out, as the assistant's post-call schema has it."""
    if call.attempt is None or not call.attempt.results:
        return []
    results = dict(call.attempt.results)
    known = [
        {**field, "value": results.pop(field["name"])}
        for field in schema_of(call.agent.config if call.agent else {})
        if field["name"] in results
    ]
    rest = [{"name": name, "type": _type(value), "description": "", "value": value} for name, value in results.items()]
    return [
        {"name": each["name"], "type": each["type"], "value": each["value"], "description": each["description"]}
        for each in [*known, *rest]
    ]


def _type(value: object) -> str:
    match value:
        case bool():
            return "bool"
        case int() | float():
            return "number"
        case _:
            return "string"


def extracted(call: Call) -> dict[str, Any]:
    """What was found out, by name."""
    return {} if call.attempt is None else dict(call.attempt.results)
