"""What a webhook of Syllable's API says. The vendor shows no payload, so the form is ours, in the vendor's words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import orjson

from clarion.app.ports.ledger import Tx
from clarion.app.ports.outbox import Message
from clarion.core.contacts import Contact
from clarion.core.events import EventType
from clarion.core.outcomes import Outcome
from clarion.core.retries import REFUSED
from clarion.surfaces.vendors.syllable.hooks import statuses_of, told_status
from clarion.surfaces.vendors.syllable.words import (
    LIVE,
    WAITING,
    ChannelManagerStatus,
    RequestStatus,
    request_status,
)

EVENT = "outbound.request.status"


class SyllablePayload:
    """Words messages for the webhooks of campaigns. A status that a webhook does not list is not told to it."""

    async def bodies(self, tx: Tx, messages: Sequence[Message]) -> Sequence[bytes | None]:
        """See the port."""
        endpoints = await tx.outbox.endpoints_by_id({message.endpoint_id for message in messages})
        keys: dict[int, str] = {}
        found: list[bytes | None] = []
        for message in messages:
            if message.event is EventType.WEBHOOK_TEST:
                found.append(
                    orjson.dumps({"event": str(message.event), "timestamp": _instant(message.payload["timestamp"])})
                )
                continue
            status = told_status(message.event, message.payload["data"])
            if message.event is EventType.CONTACT_OPTED_OUT and status is not None:
                status = await _unheard(tx, message, status)
            endpoint = endpoints.get(message.endpoint_id)
            if status is None or endpoint is None or str(status) not in statuses_of(endpoint):
                found.append(None)
                continue
            batch_id = message.payload["data"].get("batch_id")
            if batch_id is not None and batch_id not in keys:
                keys[batch_id] = (await tx.campaigns.batch_by_id(message.organization_id, batch_id)).key
            contact = await tx.people.get(message.organization_id, message.payload["data"]["contact_id"])
            found.append(orjson.dumps(body_of(message, status, contact, keys.get(batch_id))))
        return found


async def _unheard(tx: Tx, message: Message, status: ChannelManagerStatus) -> ChannelManagerStatus | None:
    """Who unsubscribed or complained by a message's own means has been told by that event."""
    if message.attempt_id is None:
        return status
    attempt = await tx.reports.attempt(message.organization_id, message.attempt_id)
    return None if attempt.outcome in REFUSED - {Outcome.OPTED_OUT} else status


def body_of(message: Message, status: ChannelManagerStatus, contact: Contact, batch_key: str | None) -> dict[str, Any]:
    """The payload of one status. Sent again, it is the same, but for variables that were changed meanwhile."""
    data = message.payload["data"]
    return {
        "event": EVENT,
        "timestamp": _instant(message.payload["timestamp"]),
        "campaign_id": data.get("campaign_id"),
        "batch_id": batch_key,
        "reference_id": data.get("reference_id"),
        "target": data.get("address", contact.address),
        "request_variables": {name: value for name, value in contact.variables.items() if isinstance(value, str)},
        "request_status": _request_status(message.event, data),
        "channel_manager_status": status,
        "channel_manager_sid": data.get("provider_id"),
        "session_id": data.get("attempt_id"),
        "conversation_id": data.get("contact_id"),
        "attempt_count": data.get("attempt_number", data.get("attempts")),
        "sent_at": _instant(data.get("begun_at")),
        "ended_at": _instant(data.get("ended_at")),
        "next_attempt_at": _instant(data.get("next_at")),
        "insights": insights_of(data.get("results") or {}),
    }


def _instant(text: Any) -> Any:
    """As the vendor's API writes instants: `2026-06-05T00:00:00Z`."""
    return text.replace("+00:00", "Z") if isinstance(text, str) else text


def _request_status(event: EventType, data: Mapping[str, Any]) -> RequestStatus:
    outcome = Outcome(data["outcome"]) if data.get("outcome") else None
    if event is EventType.ATTEMPT_STARTED:
        return request_status(LIVE, outcome)
    if data.get("finish_reason"):
        return request_status(data["finish_reason"], outcome)
    if event is EventType.ATTEMPT_ENDED or outcome is Outcome.DEFERRED:
        return request_status(WAITING, outcome)
    return request_status("not_retried", outcome)


def insights_of(results: Mapping[str, Any]) -> dict[str, str | int | float] | None:
    """What a conversation's analysis found, as the vendor shows it: texts and numbers. None when it found nothing."""
    if not results:
        return None
    return {name: _insight(value) for name, value in results.items() if value is not None}


def _insight(value: Any) -> str | int | float:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str | int | float):
        return value
    return value.isoformat() if isinstance(value, datetime) else orjson.dumps(value).decode()
