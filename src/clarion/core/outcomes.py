"""The one vocabulary for what came of an attempt and of a contact. Vendor words are translated at their folder."""

from __future__ import annotations

from enum import StrEnum


class Channel(StrEnum):
    """A way to reach a person."""

    VOICE = "voice"
    SMS = "sms"
    EMAIL = "email"


class Outcome(StrEnum):
    """What came of one attempt. Closed: a carrier's word that is not known becomes UNSPECIFIED."""

    # a person or a machine answered (voice)
    COMPLETED = "completed"
    VOICEMAIL = "voicemail"
    MAILBOX_FULL = "mailbox_full"
    CALL_SCREENING = "call_screening"
    IVR = "ivr"
    FAX = "fax"
    SILENCE = "silence"
    ABANDONED = "abandoned"
    EXCEEDED_MAX_DURATION = "exceeded_max_duration"
    CALLBACK_REQUESTED = "callback_requested"
    OPTED_OUT = "opted_out"
    # nobody was reached (voice; RFC 3261 codes and Q.850 causes)
    BUSY = "busy"
    NO_ANSWER = "no_answer"
    UNREACHABLE = "unreachable"
    REJECTED = "rejected"
    UNWANTED = "unwanted"
    INVALID = "invalid"
    CANCELLED = "cancelled"
    # the carrier's fault: burns no attempt of the contact
    TIMEOUT = "timeout"
    NETWORK_ERROR = "network_error"
    RESOURCE_UNAVAILABLE = "resource_unavailable"
    SERVICE_UNAVAILABLE = "service_unavailable"
    PROTOCOL_ERROR = "protocol_error"
    THROTTLED = "throttled"
    # messages
    SENT = "sent"
    DELIVERED = "delivered"
    UNDELIVERED = "undelivered"
    DELIVERY_UNKNOWN = "delivery_unknown"
    EXPIRED = "expired"
    DROPPED = "dropped"
    DEFERRED = "deferred"
    BOUNCED = "bounced"
    OPENED = "opened"
    CLICKED = "clicked"
    REPLIED = "replied"
    SPAM_REPORT = "spam_report"
    UNSUBSCRIBED = "unsubscribed"
    # neither
    FAILED = "failed"
    UNSPECIFIED = "unspecified"
    UNKNOWN = "unknown"
    """The carrier was asked and its answer is lost: reconciled, shown, never redialled by itself."""


class AttemptState(StrEnum):
    """Where one attempt stands in our own hands."""

    RELEASED = "released"
    """Claimed for a worker; the channel has not begun. Pause and cancel take it back."""
    BEGUN = "begun"
    """The intent is on disk and the channel is being asked, or is at it."""
    ACCEPTED = "accepted"
    """The carrier took it and a final report is awaited."""
    UNKNOWN = "unknown"
    """Its fate is not known; the reconciler asks the channel."""
    ENDED = "ended"
    TAKEN_BACK = "taken_back"
    """It never reached a carrier: pause, cancel, or a worker that died before asking."""


LIVE_STATES = (AttemptState.RELEASED, AttemptState.BEGUN, AttemptState.ACCEPTED, AttemptState.UNKNOWN)


class ContactState(StrEnum):
    """Where one contact stands."""

    WAITING = "waiting"
    """In the queue; due at `next_at`."""
    RELEASED = "released"
    """An attempt of theirs is live."""
    FINISHED = "finished"


class FinishReason(StrEnum):
    """Why a contact is finished. Every finished contact has exactly one."""

    REACHED = "reached"
    GOAL_REACHED = "goal_reached"
    DELIVERED = "delivered"
    ATTEMPTS_EXHAUSTED = "attempts_exhausted"
    NOT_RETRIED = "not_retried"
    """The outcome is not among those that the campaign retries."""
    OPTED_OUT = "opted_out"
    INVALID_ADDRESS = "invalid_address"
    FAILED = "failed"
    """The carrier's faults outlasted their own budget."""
    UNKNOWN = "unknown"
    """An attempt's fate could not be found out; left for a person to decide."""
    # skipped: never attempted, or no more
    SUPPRESSED = "suppressed"
    PRIOR_UNSUBSCRIBED = "prior_unsubscribed"
    PRIOR_BOUNCED = "prior_bounced"
    PRIOR_SPAM_REPORT = "prior_spam_report"
    PRIOR_DROPPED = "prior_dropped"
    NO_CONSENT = "no_consent"
    UNKNOWN_ZONE = "unknown_zone"
    NO_WINDOW = "no_window"
    """The windows, the law and the campaign's end leave no instant."""
    LINE_TYPE = "line_type"
    DUPLICATE = "duplicate"
    PERSON_LIMIT = "person_limit"
    MISSING_VARIABLE = "missing_variable"
    EXPIRED = "expired"
    """The batch's or campaign's end came first."""
    CANCELLED = "cancelled"
    REMOVED = "removed"


CARRIER_FAULTS = frozenset(
    {
        Outcome.TIMEOUT,
        Outcome.NETWORK_ERROR,
        Outcome.RESOURCE_UNAVAILABLE,
        Outcome.SERVICE_UNAVAILABLE,
        Outcome.PROTOCOL_ERROR,
        Outcome.THROTTLED,
        Outcome.DEFERRED,
    }
)
"""Outcomes that are the carrier's doing (FIELD 1.2, 1.3, 1.5): retried elsewhere, never counted against the person."""


_NEWS = (
    {Outcome.DELIVERY_UNKNOWN},
    {Outcome.SENT},
    {Outcome.DEFERRED},
    {Outcome.UNDELIVERED, Outcome.EXPIRED, Outcome.DROPPED},
    {Outcome.DELIVERED},
    {Outcome.OPENED},
    {Outcome.CLICKED},
    {Outcome.REPLIED},
    {Outcome.BOUNCED},
    {Outcome.UNSUBSCRIBED, Outcome.OPTED_OUT, Outcome.UNWANTED},
    {Outcome.SPAM_REPORT},
)
"""What may be heard of a message, weakest first; providers report out of order and more than once."""
_WEIGHT = {outcome: weight for weight, outcomes in enumerate(_NEWS) for outcome in outcomes}
_REFUSALS = _NEWS[-2] | _NEWS[-1]


def amends(old: Outcome, new: Outcome) -> bool:
    """Whether later news `new` replaces what an ended attempt is known by.

    Sent, delivered, opened, clicked, replied replace each other in this order only; a bounce replaces them all, and a
    refusal (unsubscribed, opted out, reported as spam) replaces anything, a conversation's outcome too. A late receipt
    of delivery corrects "undelivered", never the other way round.
    """
    if new in _REFUSALS and old not in _WEIGHT:
        return True
    return old in _WEIGHT and new in _WEIGHT and _WEIGHT[new] > _WEIGHT[old]
