"""The post-call webhook: a call with its lead and its campaign, as it stands when the message is sent."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import orjson

from clarion.app.calls import Call, calls_of
from clarion.app.conversations import conversation_of
from clarion.app.ports.ledger import Tx
from clarion.app.ports.outbox import Message
from clarion.core.events import Endpoint
from clarion.surfaces.vendors.autocalls import call_reading, lead_reading, translate
from clarion.surfaces.vendors.autocalls.dates import stamp

CAMPAIGN_FIELDS = (
    "id",
    "name",
    "status",
    "allowed_hours_start_time",
    "allowed_hours_end_time",
    "allowed_days",
    "max_calls_in_parallel",
    "max_retries",
    "retry_interval",
    "created_at",
    "updated_at",
)
LEAD_FIELDS = ("id", "phone_number", "variables", "status", "created_at", "updated_at")


class PostCall:
    """Words messages about attempts; a message about anything else (a try-out) is told by its name alone."""

    async def bodies(self, tx: Tx, messages: Sequence[Message]) -> Sequence[bytes | None]:
        """See the port."""
        endpoints = await tx.outbox.endpoints_by_id({message.endpoint_id for message in messages})
        calls = await _calls(tx, messages)
        return [
            orjson.dumps(
                payload(calls[message.attempt_id], endpoints.get(message.endpoint_id))
                if message.attempt_id in calls
                else {"message": str(message.event)}
            )
            for message in messages
        ]


async def _calls(tx: Tx, messages: Sequence[Message]) -> Mapping[int | None, Call]:
    """Attempt's id -> the call, for messages that are about one."""
    found: dict[int | None, Call] = {}
    about = sorted({(m.organization_id, m.attempt_id) for m in messages if m.attempt_id is not None})
    for organization_id in sorted({organization_id for organization_id, _ in about}):
        ids = [attempt_id for owner, attempt_id in about if owner == organization_id]
        attempts = [await tx.reports.attempt(organization_id, attempt_id) for attempt_id in ids]
        found |= {call.attempt.id: call for call in await calls_of(tx, organization_id, attempts) if call.attempt}
    return found


def payload(call: Call, endpoint: Endpoint | None) -> dict[str, Any]:
    """The body. The campaign stands inside the lead and beside it, since the two pages of this webhook differ."""
    attempt = call.attempt
    assert attempt is not None, "the webhook tells of calls that were made"
    said = conversation_of(attempt)
    campaign = None if call.single else campaign_of(call)
    body: dict[str, Any] = {
        "id": call_reading.id_of(call),
        "customer_phone": attempt.address,
        "assistant_phone": call.sender.address if call.sender else None,
        "duration": call_reading.seconds(said.duration),
        "status": call_reading.status_of(call),
        "extracted_variables": call_reading.extracted(call),
        "input_variables": call_reading.inputs_of(call),
        "transcript": call_reading.spoken(said.turns),
    }
    if endpoint is None or endpoint.extras.get("include_recording", True):
        body["recording_url"] = said.recording_url
    return {
        **body,
        "created_at": stamp(call_reading.begun(call)),
        "finished_at": stamp(call_reading.ended(call)),
        "lead": None if call.single else {**lead_of(call), "campaign": campaign},
        "campaign": campaign,
    }


def campaign_of(call: Call) -> dict[str, Any]:
    """The campaign as a webhook tells it."""
    whole = translate.shown(call.campaign)
    return {name: whole[name] for name in CAMPAIGN_FIELDS}


def lead_of(call: Call) -> dict[str, Any]:
    """The lead as a webhook tells it."""
    whole = lead_reading.shown(call.contact, {}, (), written=stamp)
    return {name: whole[name] for name in LEAD_FIELDS}
