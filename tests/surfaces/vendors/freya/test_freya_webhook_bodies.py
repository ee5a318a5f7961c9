"""Freya's two messages, worded from ours."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any, cast

import orjson
import pytest

from clarion.app.ports.ledger import Tx
from clarion.app.ports.outbox import Message, MessageState
from clarion.core.contacts import Attempt, Contact
from clarion.core.events import Endpoint, attempt_ended, payload, trial_of
from clarion.core.outcomes import AttemptState, Channel, ContactState, FinishReason, Outcome
from clarion.surfaces.vendors.freya.app import VENDOR
from clarion.wire.uuids import uuid_of

AT = datetime(2026, 11, 23, 15, 2, 30, tzinfo=UTC)
ATTEMPT = Attempt(
    id=51,
    organization_id=3,
    campaign_id=7,
    batch_id=7,
    contact_id=11,
    number=1,
    channel=Channel.VOICE,
    address="+14155559001",
    person="+14155559001",
    state=AttemptState.ENDED,
    outcome=Outcome.NO_ANSWER,
    released_at=AT - timedelta(seconds=61),
    begun_at=AT - timedelta(seconds=60),
    ended_at=AT,
)
CONTACT = Contact(
    id=11,
    organization_id=3,
    campaign_id=7,
    batch_id=7,
    reference_id=None,
    address="+14155559001",
    region_key=";",
    person="+14155559001",
    state=ContactState.WAITING,
)


def message(attempt: Attempt, *, next_at: datetime | None = None, left: int = 0) -> Message:
    contact = CONTACT if next_at else replace(CONTACT, state=ContactState.FINISHED, finish_reason=FinishReason.REACHED)
    happening = attempt_ended(attempt, contact, AT, next_at=next_at, attempts_left=left)
    told = orjson.loads(orjson.dumps(payload(happening)))  # as the ledger hands it out
    return Message(
        1, 3, 1, happening.type, told, MessageState.PENDING, 0, AT, campaign_id=7, contact_id=11, attempt_id=attempt.id
    )


class Rows:
    """The one row that a report reads."""

    def __init__(self, attempt: Attempt) -> None:
        self.reports = SimpleNamespace(attempt=self._attempt)
        self._one = attempt

    async def _attempt(self, organization_id: int, attempt_id: int) -> Attempt:
        assert (organization_id, attempt_id) == (3, self._one.id)
        return self._one


async def body(format: str, attempt: Attempt, **told: Any) -> dict[str, Any]:
    tx = cast(Tx, Rows(attempt))
    (bytes_,) = await VENDOR.formats[format].bodies(tx, [message(attempt, **told)])
    found: dict[str, Any] = orjson.loads(bytes_)
    return found


async def test_a_call_that_is_tried_again() -> None:
    assert await body("freya", ATTEMPT, next_at=AT + timedelta(minutes=5), left=2) == {
        "campaignId": uuid_of("campaign", 7),
        "phoneNumber": "+14155559001",
        "outcome": "failed",
        "callId": uuid_of("contact", 11),
        "failureCategory": "No Answer",
        "message": "no-answer",
        "willRetry": True,
        "retryScheduledAt": "2026-11-23T15:07:30+00:00",
        "retriesRemaining": 2,
        "attemptNumber": 1,
    }


@pytest.mark.parametrize(
    "outcome, well, category",
    [
        (Outcome.COMPLETED, "success", None),
        (Outcome.CALLBACK_REQUESTED, "success", None),
        (Outcome.OPTED_OUT, "success", None),
        (Outcome.VOICEMAIL, "failed", "voicemail"),
        (Outcome.EXCEEDED_MAX_DURATION, "failed", "exceeded-max-duration"),
        (Outcome.SERVICE_UNAVAILABLE, "failed", "Service Unavailable"),
        (Outcome.UNKNOWN, "failed", "Unspecified"),
    ],
)
async def test_how_it_went(outcome: Outcome, well: str, category: str | None) -> None:
    told = await body("freya", replace(ATTEMPT, outcome=outcome, number=3))
    assert (told["outcome"], told.get("failureCategory")) == (well, category)
    assert (told["willRetry"], told["retriesRemaining"], told["attemptNumber"]) == (False, 0, 3)
    assert told["callId"] == uuid_of("attempt", 51)
    assert "retryScheduledAt" not in told


async def test_a_report_with_all_that_was_said() -> None:
    raw = {
        "transcript": [["agent", "Hello?", 0.0], ["person", "Hi.", 2.5], ["agent", "Bye.", 75.0]],
        "recording_url": "https://example.com/51.wav",
        "summary": "A short call.",
    }
    answered = replace(ATTEMPT, outcome=Outcome.COMPLETED, answered_at=AT - timedelta(seconds=40.25), raw=raw)
    assert await body("freya-report", answered) == {
        "type": "end-of-call-report",
        "callId": uuid_of("contact", 11),
        "workspaceId": uuid_of("organization", 3),
        "durationMs": 40_250,
        "status": "completed",
        "callEndReasonCategory": "Completed",
        "customer": "+14155559001",
        "startedAt": "2026-11-23T15:01:30+00:00",
        "endedAt": "2026-11-23T15:02:30+00:00",
        "recordingUrl": "https://example.com/51.wav",
        "timestamp": "2026-11-23T15:02:30+00:00",
        "summary": "A short call.",
        "endedReason": "customer-ended-call",
        "transcript": "[00:00] assistant: Hello?\n[00:02] user: Hi.\n[01:15] assistant: Bye.",
    }


async def test_a_report_of_a_call_that_nobody_took() -> None:
    told = await body("freya-report", ATTEMPT)
    assert (told["status"], told["callEndReasonCategory"], told["durationMs"]) == ("failed", "No Answer", 0)
    assert (told["recordingUrl"], told["summary"], told["transcript"]) == ("", "", "")


@pytest.mark.parametrize("format", ["freya", "freya-report"])
async def test_a_try_out_can_be_told(format: str) -> None:
    trial = trial_of(Endpoint(1, 3, "https://example.com"), AT)
    ping = Message(1, 3, 1, trial.type, orjson.loads(orjson.dumps(payload(trial))), MessageState.PENDING, 0, AT)
    (told,) = await VENDOR.formats[format].bodies(cast(Tx, None), [ping])
    assert orjson.loads(told)["type"] == "webhook.test"
