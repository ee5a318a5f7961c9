"""Syllable's words for how requests, batches and calls stand, beside ours. Tables, and nothing that decides."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from clarion.core.outcomes import CARRIER_FAULTS, Channel, ContactState, FinishReason, Outcome


class ChannelManagerStatus(StrEnum):
    """What the channel says of a request: all that the newest client knows."""

    PENDING = "PENDING"
    DUPLICATE = "DUPLICATE"
    INVALID = "INVALID"
    UNEXPECTED_ERROR = "UNEXPECTED_ERROR"
    FILTERED_LINE_TYPE = "FILTERED_LINE_TYPE"
    NO_OUTCOME = "NO_OUTCOME"
    PROCESSED = "PROCESSED"
    DROPPED = "DROPPED"
    DEFERRED = "DEFERRED"
    BOUNCED = "BOUNCED"
    DELIVERED = "DELIVERED"
    OPENED = "OPENED"
    CLICKED = "CLICKED"
    SPAM_REPORT = "SPAM_REPORT"
    UNSUBSCRIBED = "UNSUBSCRIBED"
    PRIOR_UNSUBSCRIBED = "PRIOR_UNSUBSCRIBED"
    PRIOR_SPAM_REPORT = "PRIOR_SPAM_REPORT"
    PRIOR_DROPPED = "PRIOR_DROPPED"
    PRIOR_BOUNCED = "PRIOR_BOUNCED"
    SENT = "SENT"
    ACCEPTED = "ACCEPTED"
    QUEUED = "QUEUED"
    SENDING = "SENDING"
    UNDELIVERED = "UNDELIVERED"
    DELIVERY_UNKNOWN = "DELIVERY_UNKNOWN"
    DELIVERY_FAILED = "DELIVERY_FAILED"
    IN_PROGRESS = "IN-PROGRESS"
    BUSY = "BUSY"
    CANCELED = "CANCELED"
    COMPLETED = "COMPLETED"
    DECLINED = "DECLINED"
    NO_ANSWER = "NO-ANSWER"
    MACHINE = "MACHINE"
    HUMAN = "HUMAN"
    UNKNOWN = "UNKNOWN"
    FAILED = "FAILED"
    SIP_NOT_FOUND = "SIP_NOT_FOUND"
    SIP_TEMPORARILY_UNAVAILABLE = "SIP_TEMPORARILY_UNAVAILABLE"
    SIP_LOOP_DETECTED = "SIP_LOOP_DETECTED"
    SIP_DOES_NOT_EXIST_ANYWHERE = "SIP_DOES_NOT_EXIST_ANYWHERE"


class RequestStatus(StrEnum):
    """Where a request stands."""

    PENDING = "PENDING"
    DUPLICATE = "DUPLICATE"
    INITIATED = "INITIATED"
    CONNECTED = "CONNECTED"
    COMPLETED = "COMPLETED"
    FAILED = "FAILED"
    CANCELED = "CANCELED"
    INVALID = "INVALID"
    SKIPPED = "SKIPPED"


class BatchWord(StrEnum):
    """Where a batch stands."""

    PENDING = "PENDING"
    ACTIVE = "ACTIVE"
    PAUSED = "PAUSED"
    FAILED = "FAILED"
    CANCELED = "CANCELED"
    EXPIRED = "EXPIRED"


S = ChannelManagerStatus
R = RequestStatus

CALLS: Mapping[Outcome, ChannelManagerStatus] = {
    Outcome.COMPLETED: S.COMPLETED,
    Outcome.EXCEEDED_MAX_DURATION: S.COMPLETED,
    Outcome.CALLBACK_REQUESTED: S.COMPLETED,
    Outcome.ABANDONED: S.HUMAN,
    Outcome.VOICEMAIL: S.MACHINE,
    Outcome.MAILBOX_FULL: S.MACHINE,
    Outcome.CALL_SCREENING: S.MACHINE,
    Outcome.IVR: S.MACHINE,
    Outcome.FAX: S.MACHINE,
    Outcome.SILENCE: S.NO_OUTCOME,
    Outcome.OPTED_OUT: S.UNSUBSCRIBED,
    Outcome.BUSY: S.BUSY,
    Outcome.NO_ANSWER: S.NO_ANSWER,
    Outcome.UNREACHABLE: S.SIP_TEMPORARILY_UNAVAILABLE,
    Outcome.REJECTED: S.DECLINED,
    Outcome.UNWANTED: S.SPAM_REPORT,
    Outcome.INVALID: S.SIP_NOT_FOUND,
    Outcome.CANCELLED: S.CANCELED,
    **dict.fromkeys(CARRIER_FAULTS, S.FAILED),
    Outcome.FAILED: S.FAILED,
    Outcome.UNSPECIFIED: S.NO_OUTCOME,
    Outcome.UNKNOWN: S.UNKNOWN,
}
"""What came of a call."""

MESSAGES: Mapping[Outcome, ChannelManagerStatus] = {
    **CALLS,
    **dict.fromkeys(CARRIER_FAULTS, S.DELIVERY_FAILED),
    Outcome.SENT: S.SENT,
    Outcome.DELIVERED: S.DELIVERED,
    Outcome.REPLIED: S.DELIVERED,
    Outcome.UNDELIVERED: S.UNDELIVERED,
    Outcome.EXPIRED: S.UNDELIVERED,
    Outcome.DELIVERY_UNKNOWN: S.DELIVERY_UNKNOWN,
    Outcome.DROPPED: S.DROPPED,
    Outcome.DEFERRED: S.DEFERRED,
    Outcome.BOUNCED: S.BOUNCED,
    Outcome.OPENED: S.OPENED,
    Outcome.CLICKED: S.CLICKED,
    Outcome.SPAM_REPORT: S.SPAM_REPORT,
    Outcome.UNSUBSCRIBED: S.UNSUBSCRIBED,
    Outcome.INVALID: S.INVALID,
    Outcome.FAILED: S.DELIVERY_FAILED,
}
"""What came of a message."""

SIP: Mapping[str, ChannelManagerStatus] = {
    "404": S.SIP_NOT_FOUND,
    "480": S.SIP_TEMPORARILY_UNAVAILABLE,
    "482": S.SIP_LOOP_DETECTED,
    "604": S.SIP_DOES_NOT_EXIST_ANYWHERE,
}
"""Codes that have a word of their own (RFC 3261, 21)."""
TOLD_BY_CODE = frozenset({Outcome.INVALID, Outcome.UNREACHABLE, Outcome.PROTOCOL_ERROR, Outcome.FAILED})
"""Outcomes of calls of which the carrier's code tells more."""

UNDER_WAY: Mapping[Channel, ChannelManagerStatus] = {
    Channel.VOICE: S.IN_PROGRESS,
    Channel.SMS: S.ACCEPTED,
    Channel.EMAIL: S.PROCESSED,
}
"""A carrier took the attempt and its end is awaited."""

STOPPED: Mapping[FinishReason, ChannelManagerStatus] = {
    FinishReason.DUPLICATE: S.DUPLICATE,
    FinishReason.LINE_TYPE: S.FILTERED_LINE_TYPE,
    FinishReason.PRIOR_UNSUBSCRIBED: S.PRIOR_UNSUBSCRIBED,
    FinishReason.PRIOR_BOUNCED: S.PRIOR_BOUNCED,
    FinishReason.PRIOR_SPAM_REPORT: S.PRIOR_SPAM_REPORT,
    FinishReason.PRIOR_DROPPED: S.PRIOR_DROPPED,
    FinishReason.SUPPRESSED: S.CANCELED,
    FinishReason.NO_CONSENT: S.CANCELED,
    FinishReason.UNKNOWN_ZONE: S.CANCELED,
    FinishReason.NO_WINDOW: S.CANCELED,
    FinishReason.PERSON_LIMIT: S.CANCELED,
    FinishReason.EXPIRED: S.CANCELED,
    FinishReason.CANCELLED: S.CANCELED,
    FinishReason.REMOVED: S.CANCELED,
    FinishReason.MISSING_VARIABLE: S.UNEXPECTED_ERROR,
}
"""Requests that a rule or a person ended, not what came of an attempt."""
STOPPED_BY_LIST = frozenset(
    {
        FinishReason.DUPLICATE,
        FinishReason.LINE_TYPE,
        FinishReason.PRIOR_UNSUBSCRIBED,
        FinishReason.PRIOR_BOUNCED,
        FinishReason.PRIOR_SPAM_REPORT,
        FinishReason.PRIOR_DROPPED,
    }
)
"""Of these the reason is told, whatever came of an attempt before."""

REQUESTS: Mapping[FinishReason, RequestStatus] = {
    FinishReason.DUPLICATE: R.DUPLICATE,
    FinishReason.INVALID_ADDRESS: R.INVALID,
    FinishReason.MISSING_VARIABLE: R.INVALID,
    FinishReason.CANCELLED: R.CANCELED,
    FinishReason.REMOVED: R.CANCELED,
    **{
        reason: R.SKIPPED
        for reason in STOPPED
        if reason
        not in (
            FinishReason.DUPLICATE,
            FinishReason.MISSING_VARIABLE,
            FinishReason.CANCELLED,
            FinishReason.REMOVED,
        )
    },
    FinishReason.REACHED: R.COMPLETED,
    FinishReason.GOAL_REACHED: R.COMPLETED,
    FinishReason.DELIVERED: R.COMPLETED,
    FinishReason.OPTED_OUT: R.COMPLETED,
}
"""Where a finished request stands by its reason; for the others see ANSWERED."""
ANSWERED = frozenset(
    {
        Outcome.COMPLETED,
        Outcome.EXCEEDED_MAX_DURATION,
        Outcome.CALLBACK_REQUESTED,
        Outcome.ABANDONED,
        Outcome.VOICEMAIL,
        Outcome.MAILBOX_FULL,
        Outcome.CALL_SCREENING,
        Outcome.IVR,
        Outcome.FAX,
        Outcome.SILENCE,
        Outcome.OPTED_OUT,
        Outcome.SENT,
        Outcome.DELIVERED,
        Outcome.OPENED,
        Outcome.CLICKED,
        Outcome.REPLIED,
    }
)
"""Somebody or something answered, or the message went out: such a request is COMPLETED, any other one FAILED."""

LINE_TYPES: Mapping[str, str] = {
    "mobile": "mobile",
    "landline": "landline",
    "fixedvoip": "voip",
    "nonfixedvoip": "voip",
    "voip": "voip",
    "tollfree": "toll_free",
    "premium": "premium",
}
"""A line type as a lookup words it, without case -> as contacts have it."""

NO_OUTCOME = "none"
WAITING, LIVE = str(ContactState.WAITING), "live"


def attempt_status(channel: Channel, outcome: Outcome, detail: str | None = None) -> ChannelManagerStatus:
    """What came of an ended attempt. `detail`: the carrier's word in short, its code first."""
    if channel is not Channel.VOICE:
        return MESSAGES[outcome]
    code = (detail or "").partition(" ")[0]
    if outcome in TOLD_BY_CODE and code in SIP:
        return SIP[code]
    return MESSAGES[outcome] if outcome not in CALLS else CALLS[outcome]


def channel_status(
    channel: Channel, place: str, outcome: Outcome | None, detail: str | None = None
) -> ChannelManagerStatus:
    """The channel's word for a request. `place`: `waiting`, `live`, or the reason why it is finished."""
    if place == LIVE:
        return UNDER_WAY[channel]
    if place == WAITING:
        return S.PENDING if outcome is None else attempt_status(channel, outcome, detail)
    reason = FinishReason(place)
    if reason in STOPPED and (outcome is None or reason in STOPPED_BY_LIST):
        return STOPPED[reason]
    if outcome is not None:
        return attempt_status(channel, outcome, detail)
    return {FinishReason.INVALID_ADDRESS: S.INVALID, FinishReason.UNKNOWN: S.UNKNOWN}.get(reason, S.NO_OUTCOME)


def request_status(place: str, outcome: Outcome | None, *, answered: bool = False) -> RequestStatus:
    """Where a request stands; arguments as for `channel_status`. `answered`: its live call was taken."""
    if place == WAITING:
        return R.PENDING
    if place == LIVE:
        return R.CONNECTED if answered else R.INITIATED
    reason = FinishReason(place)
    if reason in REQUESTS:
        return REQUESTS[reason]
    return R.COMPLETED if outcome in ANSWERED else R.FAILED


def outcome_of(word: str) -> Outcome | None:
    """An outcome as tallies have it; None for no outcome yet."""
    return None if word == NO_OUTCOME else Outcome(word)
