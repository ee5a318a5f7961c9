"""Syllable's words against its own client's, and each of ours in one of them."""

from __future__ import annotations

import pytest
from syllable_sdk import models

from clarion.core.events import EventType
from clarion.core.outcomes import Channel, FinishReason, Outcome
from clarion.surfaces.vendors.syllable.hooks import NOTHING, told_status, triggers
from clarion.surfaces.vendors.syllable.words import (
    BatchWord,
    ChannelManagerStatus,
    RequestStatus,
    attempt_status,
    channel_status,
    request_status,
)

S, R = ChannelManagerStatus, RequestStatus
VOICE, SMS, EMAIL = Channel.VOICE, Channel.SMS, Channel.EMAIL


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (ChannelManagerStatus, models.ChannelManagerStatus),
        (RequestStatus, models.RequestStatus),
        (BatchWord, models.BatchStatus),
    ],
)
def test_the_clients_words_are_all_known(ours: type, theirs: type) -> None:
    assert {str(word) for word in ours} == {word.value for word in theirs}  # type: ignore[attr-defined]


@pytest.mark.parametrize("channel", Channel)
@pytest.mark.parametrize("outcome", Outcome)
def test_every_outcome_has_a_word(channel: Channel, outcome: Outcome) -> None:
    assert attempt_status(channel, outcome) in set(S)


@pytest.mark.parametrize(
    ("channel", "outcome", "detail", "word"),
    [
        (VOICE, Outcome.COMPLETED, "200", S.COMPLETED),
        (VOICE, Outcome.ABANDONED, "200 hung up", S.HUMAN),
        (VOICE, Outcome.VOICEMAIL, "200 voicemail", S.MACHINE),
        (VOICE, Outcome.IVR, None, S.MACHINE),
        (VOICE, Outcome.SILENCE, None, S.NO_OUTCOME),
        (VOICE, Outcome.BUSY, "486 Q.850 17", S.BUSY),
        (VOICE, Outcome.NO_ANSWER, "480 Q.850 19", S.NO_ANSWER),
        (VOICE, Outcome.UNREACHABLE, "480 Q.850 20", S.SIP_TEMPORARILY_UNAVAILABLE),
        (VOICE, Outcome.REJECTED, "603", S.DECLINED),
        (VOICE, Outcome.UNWANTED, "607", S.SPAM_REPORT),
        (VOICE, Outcome.INVALID, "404 Q.850 1", S.SIP_NOT_FOUND),
        (VOICE, Outcome.INVALID, "604", S.SIP_DOES_NOT_EXIST_ANYWHERE),
        (VOICE, Outcome.PROTOCOL_ERROR, "482", S.SIP_LOOP_DETECTED),
        (VOICE, Outcome.PROTOCOL_ERROR, "513", S.FAILED),
        (VOICE, Outcome.THROTTLED, "503", S.FAILED),
        (VOICE, Outcome.OPTED_OUT, None, S.UNSUBSCRIBED),
        (VOICE, Outcome.UNKNOWN, None, S.UNKNOWN),
        (SMS, Outcome.SENT, None, S.SENT),
        (SMS, Outcome.UNDELIVERED, "30003", S.UNDELIVERED),
        (SMS, Outcome.THROTTLED, None, S.DELIVERY_FAILED),
        (SMS, Outcome.INVALID, "404", S.INVALID),
        (SMS, Outcome.DELIVERY_UNKNOWN, None, S.DELIVERY_UNKNOWN),
        (EMAIL, Outcome.DEFERRED, "451", S.DEFERRED),
        (EMAIL, Outcome.BOUNCED, "550 5.1.1", S.BOUNCED),
        (EMAIL, Outcome.OPENED, None, S.OPENED),
        (EMAIL, Outcome.SPAM_REPORT, None, S.SPAM_REPORT),
    ],
)
def test_what_came_of_an_attempt(
    channel: Channel, outcome: Outcome, detail: str | None, word: ChannelManagerStatus
) -> None:
    assert attempt_status(channel, outcome, detail) == word


@pytest.mark.parametrize(
    ("place", "outcome", "status", "word"),
    [
        ("waiting", None, R.PENDING, S.PENDING),
        ("waiting", Outcome.BUSY, R.PENDING, S.BUSY),
        ("live", None, R.INITIATED, S.IN_PROGRESS),
        ("live", Outcome.BUSY, R.INITIATED, S.IN_PROGRESS),
        ("reached", Outcome.COMPLETED, R.COMPLETED, S.COMPLETED),
        ("goal_reached", Outcome.COMPLETED, R.COMPLETED, S.COMPLETED),
        ("attempts_exhausted", Outcome.NO_ANSWER, R.FAILED, S.NO_ANSWER),
        ("attempts_exhausted", Outcome.VOICEMAIL, R.COMPLETED, S.MACHINE),
        ("not_retried", Outcome.REJECTED, R.FAILED, S.DECLINED),
        ("failed", Outcome.TIMEOUT, R.FAILED, S.FAILED),
        ("unknown", Outcome.UNKNOWN, R.FAILED, S.UNKNOWN),
        ("opted_out", Outcome.OPTED_OUT, R.COMPLETED, S.UNSUBSCRIBED),
        ("invalid_address", Outcome.INVALID, R.INVALID, S.SIP_NOT_FOUND),
        ("duplicate", None, R.DUPLICATE, S.DUPLICATE),
        ("line_type", None, R.SKIPPED, S.FILTERED_LINE_TYPE),
        ("prior_unsubscribed", None, R.SKIPPED, S.PRIOR_UNSUBSCRIBED),
        ("prior_bounced", Outcome.BUSY, R.SKIPPED, S.PRIOR_BOUNCED),
        ("prior_spam_report", None, R.SKIPPED, S.PRIOR_SPAM_REPORT),
        ("prior_dropped", None, R.SKIPPED, S.PRIOR_DROPPED),
        ("suppressed", None, R.SKIPPED, S.CANCELED),
        ("no_window", None, R.SKIPPED, S.CANCELED),
        ("expired", None, R.SKIPPED, S.CANCELED),
        ("expired", Outcome.BUSY, R.SKIPPED, S.BUSY),
        ("missing_variable", None, R.INVALID, S.UNEXPECTED_ERROR),
        ("removed", None, R.CANCELED, S.CANCELED),
        ("cancelled", None, R.CANCELED, S.CANCELED),
    ],
)
def test_where_a_request_stands(
    place: str, outcome: Outcome | None, status: RequestStatus, word: ChannelManagerStatus
) -> None:
    assert (request_status(place, outcome), channel_status(VOICE, place, outcome)) == (status, word)


@pytest.mark.parametrize("reason", FinishReason)
@pytest.mark.parametrize("outcome", [None, *Outcome])
def test_every_reason_has_words(reason: FinishReason, outcome: Outcome | None) -> None:
    assert request_status(reason, outcome) in set(R) - {R.PENDING, R.INITIATED, R.CONNECTED}
    assert channel_status(VOICE, reason, outcome) in set(S)


@pytest.mark.parametrize(
    ("statuses", "events", "outcomes"),
    [
        ([S.BUSY], ["attempt.ended"], ["busy"]),
        ([S.COMPLETED], ["attempt.ended"], ["callback_requested", "completed", "exceeded_max_duration"]),
        ([S.IN_PROGRESS], ["attempt.started"], []),
        ([S.DELIVERED, S.OPENED], ["message.delivered", "message.opened"], ["delivered", "opened"]),
        ([S.DUPLICATE], ["contact.finished"], []),
        ([S.DUPLICATE, S.BUSY], ["attempt.ended", "contact.finished"], []),
        ([S.PENDING], [NOTHING], []),
        ([], [NOTHING], []),
    ],
)
def test_what_a_webhook_listens_to(
    statuses: list[ChannelManagerStatus], events: list[str], outcomes: list[str]
) -> None:
    assert triggers(statuses) == (events, outcomes)


@pytest.mark.parametrize(
    ("event", "data", "status"),
    [
        ("attempt.started", {"channel": "voice"}, S.IN_PROGRESS),
        ("attempt.started", {"channel": "sms"}, S.ACCEPTED),
        ("attempt.started", {"channel": "email"}, S.PROCESSED),
        ("attempt.ended", {"channel": "voice", "outcome": "busy", "detail": "486"}, S.BUSY),
        ("attempt.ended", {"channel": "sms", "outcome": "delivered"}, None),
        ("message.delivered", {"channel": "sms", "outcome": "delivered"}, S.DELIVERED),
        ("message.replied", {"channel": "sms", "outcome": "replied"}, None),
        ("contact.finished", {"finish_reason": "duplicate", "outcome": None}, S.DUPLICATE),
        ("contact.finished", {"finish_reason": "reached", "outcome": "completed"}, None),
        ("contact.finished", {"finish_reason": "removed", "outcome": "busy"}, S.CANCELED),
        ("contact.finished", {"finish_reason": "cancelled", "outcome": "cancelled"}, None),
        ("contact.opted_out", {"outcome": "opted_out"}, None),
        ("contact.opted_out", {"outcome": "delivered"}, S.UNSUBSCRIBED),
        ("campaign.paused", {}, None),
    ],
)
def test_what_an_event_tells(event: str, data: dict[str, str], status: ChannelManagerStatus | None) -> None:
    assert told_status(EventType(event), data) == status


TOLD_BY_NOTHING = {S.PENDING, S.QUEUED, S.SENDING}
"""Nobody is told that something has not begun."""


@pytest.mark.parametrize("status", sorted(set(S) - TOLD_BY_NOTHING))
def test_every_other_status_can_trigger_a_webhook(status: ChannelManagerStatus) -> None:
    assert triggers([status])[0] != [NOTHING]
