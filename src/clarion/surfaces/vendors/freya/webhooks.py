"""The two messages that Freya sends: what came of a campaign's call, and the report of any call."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

import orjson

from clarion.app.conversations import conversation_of
from clarion.app.ports.ledger import Tx
from clarion.app.ports.outbox import Message
from clarion.core.events import EventType
from clarion.core.outcomes import Outcome
from clarion.surfaces.vendors.freya.calls_reading import call_id, call_id_of, lasted, transcript
from clarion.surfaces.vendors.freya.words import call_word, status_word, succeeded
from clarion.wire.uuids import uuid_of


class CallOutcomes:
    """`campaign-call-outcome`: one for every call of the campaign that ended."""

    async def bodies(self, tx: Tx, messages: Sequence[Message]) -> Sequence[bytes]:
        """All that is told stands in the message itself."""
        return [orjson.dumps(outcome_payload(message)) for message in messages]


class CallReports:
    """`end-of-call-report`: one for every call of the agent that ended."""

    async def bodies(self, tx: Tx, messages: Sequence[Message]) -> Sequence[bytes]:
        """Reads what was said from the attempt."""
        return [orjson.dumps(await self._report(tx, message)) for message in messages]

    async def _report(self, tx: Tx, message: Message) -> dict[str, Any]:
        if message.event is not EventType.ATTEMPT_ENDED or message.attempt_id is None:
            return other_payload(message)
        attempt = await tx.reports.attempt(message.organization_id, message.attempt_id)
        talk, word = conversation_of(attempt), call_word(attempt.outcome)
        length = lasted(attempt, talk) or timedelta()
        return {
            "type": "end-of-call-report",
            "callId": call_id(attempt),
            "workspaceId": uuid_of("organization", attempt.organization_id),
            "durationMs": round(length / timedelta(milliseconds=1)),
            "status": status_word(attempt.state, attempt.outcome),
            "callEndReasonCategory": word.category,
            "customer": attempt.address,
            "startedAt": attempt.begun_at or attempt.released_at,
            "endedAt": attempt.ended_at,
            "recordingUrl": talk.recording_url or "",
            "timestamp": message.created_at,
            "summary": talk.summary or "",
            "endedReason": word.reason,
            "transcript": transcript(talk) or "",
        }


def outcome_payload(message: Message) -> dict[str, Any]:
    """What came of one call."""
    if message.event is not EventType.ATTEMPT_ENDED:
        return other_payload(message)
    told: Mapping[str, Any] = message.payload["data"]
    outcome = Outcome(told["outcome"])
    word, well = call_word(outcome), succeeded(outcome)
    return {
        "campaignId": uuid_of("campaign", told["campaign_id"]),
        "phoneNumber": told["address"],
        "outcome": "success" if well else "failed",
        "callId": call_id_of(told["attempt_id"], told["contact_id"], told["attempt_number"]),
        **({} if well else {"failureCategory": word.category}),
        "message": word.reason,
        "willRetry": told["will_retry"],
        **({"retryScheduledAt": told["next_at"]} if told["next_at"] else {}),
        "retriesRemaining": told["attempts_left"],
        "attemptNumber": told["attempt_number"],
    }


def other_payload(message: Message) -> dict[str, Any]:
    """A try-out, which Freya has no form for."""
    return {"type": message.event.value, "timestamp": message.created_at, "message": "This is a test."}
